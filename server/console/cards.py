"""Completion cards at the desk: received, or sent back with a reason (R19)."""

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console
from server.console.forms import code_page
from server.console.frame import page
from server.core import clock
from server.core.events import Via
from server.orders import cards as desk
from server.orders import lookups
from server.orders.visit_queries import cards_waiting
from server.organisation.models import Role
from server.web.auth import allowed
from server.web.context import current, database
from server.web.zones import callers_zone

_CLERKS = (Role.STATION_CLERK, Role.DISPATCHER)


@console.get("/console/cards")
@allowed(*_CLERKS)
def cards() -> tuple[str, int]:
    """Show the cards that have not been handed in, those that cost most by waiting first."""
    with database().transaction() as session:
        found = cards_waiting(session, scope=current().scope, limit=100)
        zone = callers_zone(session)
    found.sort(key=lambda row: (row.card.card_due_at is None, row.card.card_due_at or row.card.reported_at))
    return page("cards.html", found=found, zone=zone)


@console.post("/console/cards/<id:card_id>/<deed>")
@allowed(*_CLERKS)
def change_card(card_id: int, deed: str) -> Response | tuple[str, int]:
    """Receive a card, or send it back."""
    reason = request.form.get("reason", "").strip()[:500].replace("\0", "")
    if deed not in ("receive", "send_back"):
        return code_page("not_found", 404)
    if deed == "send_back" and not reason:
        return code_page("request.reason_missing", 422, back=url_for("console.cards"))

    def do(session: Session) -> None:
        caller = current()
        lookups.card_of(session, card_id, scope=caller.scope)
        by, now = caller.actor(Via.CONSOLE), clock.now()
        if deed == "receive":
            desk.receive(session, card_id=card_id, by=by, now=now)
        else:
            desk.send_back(session, card_id=card_id, reason=reason, by=by, now=now)

    database().attempt(do)
    return redirect(url_for("console.cards", done=f"card.{deed}"), code=303)
