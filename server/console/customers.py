"""Customers' files for the administrator: found, looked at with telephones masked, erased at the person's wish."""

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console
from server.console.forms import whole
from server.console.frame import page
from server.core import clock
from server.core.errors import NotFound, Refusal
from server.core.events import Via
from server.core.numbers import masked
from server.customers import queries
from server.organisation.models import Role
from server.privacy import erasure
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database
from server.web.locale import locale
from server.web.schemas import SHORT
from server.web.zones import callers_zone

_ROWS = 50


@console.get("/console/customers")
@allowed(Role.ADMINISTRATOR)
def customers() -> tuple[str, int]:
    """Find customers by telephone, serial number, external id, or the beginning of the name."""
    text = request.args.get("q", "")[:200].replace("\0", "")
    after = whole(request.args.get("after", "")) or 0
    with database().transaction() as session:
        rows = queries.customers(session, scope=current().scope, text=text, after=after, limit=_ROWS + 1)
        zone = callers_zone(session)
    found = rows[:_ROWS]
    more = url_for("console.customers", q=text or None, after=found[-1].id) if len(rows) > _ROWS else None
    return page("customers.html", found=found, text=text, next_address=more, zone=zone)


@console.get("/console/customers/<id:customer_id>")
@allowed(Role.ADMINISTRATOR)
def customer(customer_id: int) -> tuple[str, int]:
    """Show a customer's file, and what erasing it would do."""
    return _page(customer_id)


def _page(customer_id: int, *, status: int = 200, **shown: object) -> tuple[str, int]:
    with database().transaction() as session:
        found = queries.customer_file(session, customer_id=customer_id, scope=current().scope)
        zone = callers_zone(session)
    phones = [masked(phone.number) for phone in found.phones]
    return page("customer.html", status=status, it=found, phones=phones, zone=zone, most=SHORT, **shown)


@console.post("/console/customers/<id:customer_id>/erasure")
@allowed(Role.ADMINISTRATOR)
def erase_customer(customer_id: int) -> Response | tuple[str, int]:
    """Erase the person; work and money stay under a pseudonym. A refusal is said on the page, and nothing is lost."""
    reason = request.form.get("reason", "").strip()[:SHORT].replace("\0", "")

    def do(session: Session) -> None:
        caller = current()
        by, now = caller.actor(Via.CONSOLE), clock.now()
        erasure.erase(session, customer_id=customer_id, reason=reason, by=by, now=now, scope=caller.scope)

    try:
        database().attempt(do)
    except Refusal as refusal:
        if refusal.status == NotFound.status:
            raise
        return _page(customer_id, status=refusal.status, reason=reason, problem=texts.of(refusal, locale=locale()))
    return redirect(url_for("console.customer", customer_id=customer_id, done="customer.erased"), code=303)
