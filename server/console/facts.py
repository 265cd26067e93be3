"""Completing and correcting a ticket's facts (R2, R2a): what is missing first, and nobody is overwritten unseen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console, open_ticket, outcome
from server.console.forms import CATEGORIES, category_code, category_word, errors_of, rules_broken, whole
from server.console.frame import page
from server.console.outcome import Judged
from server.console.roles import DESK
from server.core import clock
from server.core.errors import Refusal
from server.core.events import Via
from server.customers.files import BadTelephone
from server.customers.models import Zone
from server.orders import facts, rules
from server.orders.facts import Changes, NothingChanged, SerialOfAnother, SiteMissing, TicketOutdated
from server.orders.records import TicketDetail
from server.orders.words import Priority
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database
from server.web.fields import BaseSchema, Day, Enum, Flag, List, OneOf, Phone, Text, broken
from server.web.locale import locale
from server.web.schemas import LONG, SHORT

_WAS = "was."
"""Before the name of a field: what it said when the form was made."""
ON_SITE = ("model", "serial", "purchased_on")
"""Facts that can only be read on site (R2), as the form offers them."""
FIELDS = (
    "customer_name",
    "contact_name",
    "contact_phone",
    "address",
    "zone",
    "access",
    "product_category",
    "brand",
    "model",
    "serial",
    "purchased_on",
    "description",
    "wish",
    "priority",
)
"""In the order of the form; what is missing stands before all others."""
_FIELD_OF = {BadTelephone: "contact_phone", SerialOfAnother: "serial", SiteMissing: "address"}


class FactsSchema(BaseSchema):
    """The facts that were changed in the form; None is one that is not known any more."""

    reason = Text(required=True, most=SHORT, lines=True)
    customer_name = Text(most=200)
    contact_name = Text(allow_none=True, most=200)
    contact_phone = Phone(allow_none=True)
    address = Text(most=500)
    zone = Enum(Zone)
    access = Text(allow_none=True, most=LONG, lines=True)
    product_category = Text(most=100)
    brand = Text(allow_none=True, most=100)
    model = Text(allow_none=True, most=100)
    serial = Text(allow_none=True, most=100)
    purchased_on = Day(allow_none=True)
    description = Text(most=LONG, lines=True)
    wish = Text(allow_none=True, most=SHORT, lines=True)
    priority = Enum(Priority)
    read_on_site = List(OneOf(*ON_SITE), most=len(ON_SITE), distinct=True)
    answered = Flag(load_default=False)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What somebody did with the form.

    :param touched: the fields that he changed, as he typed them; the others may say what they like.
    :param was: what those fields said when the form was made.
    """

    touched: Mapping[str, str]
    was: Mapping[str, str]
    read_on_site: tuple[str, ...] | None
    answered: bool
    reason: str
    version: int | None

    @classmethod
    def read(cls) -> "_Typed":
        """Read the form of this request."""
        form = request.form
        given = {name: _plain(form[name]) for name in FIELDS if name in form}
        was = {name: _plain(form.get(_WAS + name, "")) for name in given}
        marked, before = tuple(form.getlist("read_on_site")), tuple(form.getlist(_WAS + "read_on_site"))
        return cls(
            touched={name: text for name, text in given.items() if text != was[name]},
            was=was,
            read_on_site=marked if set(marked) != set(before) else None,
            answered=form.get("answered") == "yes",
            reason=form.get("reason", ""),
            version=whole(form.get("version", "")),
        )

    def body(self) -> dict[str, Any]:
        """Return what the schema is to look at.

        :raises ValidationError: on each field that is empty now and must not be.
        """
        fields = FactsSchema().fields
        emptied = [name for name, text in self.touched.items() if not text and not fields[name].allow_none]
        if emptied:
            raise ValidationError({name: broken("required").messages for name in emptied})
        body: dict[str, Any] = {"answered": self.answered}
        if self.reason.strip():
            body["reason"] = self.reason
        body |= {name: text or None for name, text in self.touched.items()}
        if body.get("product_category"):
            body["product_category"] = category_code(body["product_category"])
        return body if self.read_on_site is None else {**body, "read_on_site": list(self.read_on_site)}


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


@console.get("/console/tickets/<id:ticket_id>/facts")
@allowed(*DESK)
def facts_form(ticket_id: int) -> tuple[str, int]:
    """Show the facts of a ticket, what is missing first."""
    return _form(ticket_id)


@console.post("/console/tickets/<id:ticket_id>/facts")
@allowed(*DESK)
def correct_facts(ticket_id: int) -> Response | tuple[str, int]:
    """Correct what was changed in the form, or say what is wrong beside what was typed."""
    typed = _Typed.read()
    try:
        body = FactsSchema().load(typed.body())
        before = database().attempt(lambda session: _correct(session, ticket_id, typed.version, body))
    except ValidationError as error:
        return _form(ticket_id, typed, status=422, errors=errors_of(error), problem=rules_broken())
    except open_ticket.NO_FORM_HELPS:
        raise
    except Refusal as refusal:
        text = texts.of(refusal, locale=locale())
        field = _FIELD_OF.get(type(refusal))
        errors = {field: text.detail} if field else {}
        problem = rules_broken() if field else text
        outdated = isinstance(refusal, TicketOutdated)
        return _form(ticket_id, typed, status=refusal.status, errors=errors, problem=problem, outdated=outdated)
    done = url_for("console.ticket", ticket_id=ticket_id, done="ticket.corrected", before=before.written())
    return redirect(done, code=303)


def _correct(session: Session, ticket_id: int, version: int | None, body: dict[str, Any]) -> Judged:
    """Correct a ticket of the caller's and return how it was judged before."""
    ticket = open_ticket.held(session, ticket_id, version=version)
    before, by, now = outcome.judged(ticket), current().actor(Via.CONSOLE), clock.now()
    changed = {name: value for name, value in body.items() if name not in {"reason", "answered"}}
    if "read_on_site" in changed:
        changed["read_on_site"] = tuple(changed["read_on_site"])
    if not changed and not body["answered"]:
        raise NothingChanged
    if changed:
        changes = Changes(**changed)
        facts.correct(
            session, ticket_id=ticket_id, version=ticket.version, changes=changes, reason=body["reason"], by=by, now=now
        )
    if body["answered"]:
        facts.confirm_answer(session, ticket_id=ticket_id, by=by, now=now)
    return before


def _form(ticket_id: int, typed: _Typed | None = None, *, status: int = 200, **shown: Any) -> tuple[str, int]:
    found = open_ticket.shown(ticket_id)
    known = _known(found)
    touched = typed.touched if typed else {}
    missing = [name for name in FIELDS if name in found.ticket.missing]
    other = [name for name in FIELDS if name not in missing]
    errors = shown.get("errors") or {}
    must_answer = rules.ANSWERED in found.ticket.missing
    return page(
        "facts.html",
        status=status,
        it=found,
        ticket=found.ticket,
        missing=missing,
        other=other,
        # Nobody opens a drawer to find what is wrong, or what he has typed.
        opened=not missing or any(name in errors or name in touched for name in other),
        known=known,
        typed={**known, **touched},
        elsewhere=_changed_elsewhere(known, typed) if shown.get("outdated") else {},
        read_on_site=found.ticket.read_on_site,
        marked=found.ticket.read_on_site if typed is None or typed.read_on_site is None else typed.read_on_site,
        on_site=ON_SITE,
        must_answer=must_answer,
        # What is wrong first, else what is missing, else the first fact of all.
        focus=next(iter([*errors, *missing, *(["answered"] if must_answer else []), *other])),
        answered=typed is not None and typed.answered,
        reason=typed.reason if typed else "",
        categories=CATEGORIES,
        choices={"zone": list(Zone), "priority": list(Priority)},
        most_reason=SHORT,
        **shown,
    )


def _known(found: TicketDetail) -> dict[str, str]:
    """Return every fact as the form writes it."""
    ticket, site, unit = found.ticket, found.site, found.unit
    facts_of: dict[str, Any] = {
        "customer_name": found.customer.name,
        "contact_name": ticket.contact_name,
        "contact_phone": ticket.contact_phone,
        "address": site and site.address,
        "zone": site.zone if site else Zone.URBAN,
        "access": site and site.access,
        "product_category": category_word(ticket.product_category),
        "brand": unit and unit.brand,
        "model": unit and unit.model,
        "serial": unit and unit.serial,
        "purchased_on": unit and unit.purchased_on,
        "description": ticket.description,
        "wish": ticket.wish,
        "priority": ticket.priority,
    }
    return {name: _plain(str(facts_of[name] or "")) for name in FIELDS}


def _changed_elsewhere(known: Mapping[str, str], typed: _Typed | None) -> Mapping[str, str]:
    """Return the facts that both somebody else and this person have changed, as they are now."""
    if typed is None:
        return {}
    return {name: known[name] for name, text in typed.touched.items() if known[name] not in {typed.was[name], text}}
