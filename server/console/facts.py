"""Completing and correcting a ticket's facts (R2, R2a): what is missing first, and nobody is overwritten unseen.

A supervisor may let a ticket be dispatched although facts are missing, for a reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console, open_ticket
from server.console.facts_form import FIELDS, MINUTE, ON_SITE, FactsSchema, OverrideSchema, Typed, plain
from server.console.forms import CATEGORIES, category_word, errors_of, minutes, rules_broken, skill_names, whole
from server.console.frame import page
from server.console.roles import DESK
from server.core import clock
from server.core.errors import Refusal
from server.core.events import Via
from server.customers.files import BadTelephone
from server.customers.models import Zone
from server.orders import facts, rules
from server.orders.facts import Changes, NothingChanged, SerialOfAnother, SiteMissing, TicketOutdated
from server.orders.records import TicketDetail
from server.orders.status import TICKET, TicketEvent
from server.orders.words import ChargeCategory, Priority
from server.organisation.models import Role
from server.technicians import queries as technicians
from server.technicians.models import Skill
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database
from server.web.fields import broken
from server.web.locale import locale
from server.web.schemas import SHORT

_FIELD_OF = {BadTelephone: "contact_phone", SerialOfAnother: "serial", SiteMissing: "address"}


@console.get("/console/tickets/<id:ticket_id>/facts")
@allowed(*DESK)
def facts_form(ticket_id: int) -> tuple[str, int]:
    """Show the facts of a ticket, what is missing first."""
    return _form(ticket_id)


@console.post("/console/tickets/<id:ticket_id>/facts")
@allowed(*DESK)
def correct_facts(ticket_id: int) -> Response | tuple[str, int]:
    """Correct what was changed in the form, or say what is wrong beside what was typed."""
    typed = Typed.read()
    try:
        body = FactsSchema().load(typed.body())
        database().attempt(lambda session: _correct(session, ticket_id, typed.version, body))
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
    return redirect(url_for("console.ticket", ticket_id=ticket_id, done="ticket.corrected"), code=303)


@console.post("/console/tickets/<id:ticket_id>/override")
@allowed(Role.SUPERVISOR)
def override_facts(ticket_id: int) -> Response | tuple[str, int]:
    """Release a ticket although facts are missing, for a reason, or say why that cannot be (R2)."""
    typed, version = request.form.get("override_reason", ""), whole(request.form.get("version", ""))
    shown: dict[str, Any]
    try:
        body = OverrideSchema().load({"override_reason": typed} if typed.strip() else {})
        database().attempt(lambda session: _override(session, ticket_id, version, body["override_reason"]))
    except ValidationError as error:
        shown = {"status": 422, "errors": errors_of(error), "problem": rules_broken()}
    except open_ticket.NO_FORM_HELPS:
        raise
    except Refusal as refusal:
        shown = {"status": refusal.status, "problem": texts.of(refusal, locale=locale())}
    else:
        return redirect(url_for("console.ticket", ticket_id=ticket_id, done="ticket.overridden"), code=303)
    return _form(ticket_id, override_reason=typed, **shown)


def _override(session: Session, ticket_id: int, version: int | None, reason: str) -> None:
    """Release a ticket of the caller's, as long as it lacks what he has seen that it lacks."""
    open_ticket.held(session, ticket_id, version=version)
    facts.override(session, ticket_id=ticket_id, reason=reason, by=current().actor(Via.CONSOLE), now=clock.now())


def _correct(session: Session, ticket_id: int, version: int | None, body: dict[str, Any]) -> None:
    """Correct a ticket of the caller's."""
    ticket = open_ticket.held(session, ticket_id, version=version)
    by, now = current().actor(Via.CONSOLE), clock.now()
    changed = {name: value for name, value in body.items() if name not in {"reason", "answered"}}
    if "read_on_site" in changed:
        changed["read_on_site"] = tuple(changed["read_on_site"])
    if "duration" in changed:
        changed["duration"] *= MINUTE
    _demand_known_skill(session, changed.get("skill"))
    if not changed and not body["answered"]:
        raise NothingChanged
    if changed:
        changes = Changes(**changed)
        facts.correct(
            session, ticket_id=ticket_id, version=ticket.version, changes=changes, reason=body["reason"], by=by, now=now
        )
    if body["answered"]:
        facts.confirm_answer(session, ticket_id=ticket_id, by=by, now=now)


def _demand_known_skill(session: Session, code: str | None) -> None:
    """Refuse a skill that nobody can have: the ticket would be in no plan.

    :raises ValidationError: on the field.
    """
    codes = [skill.code for skill in technicians.skills(session)] if code is not None else []
    if code is not None and code not in codes:
        raise ValidationError({"skill": broken("one_of", choices=codes).messages})


def _form(ticket_id: int, typed: Typed | None = None, *, status: int = 200, **shown: Any) -> tuple[str, int]:
    found = open_ticket.shown(ticket_id)
    with database().glance() as session:
        skills = technicians.skills(session)
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
        choices=_choices(skills, known),
        skill_names=skill_names(skills),
        may_override=_may_override(found),
        most_reason=SHORT,
        **shown,
    )


def _choices(skills: Sequence[Skill], known: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what may be chosen, by field; a skill that the ticket names stays choosable if nobody knows it."""
    codes = ["", *(skill.code for skill in skills)]
    return {
        "zone": list(Zone),
        "priority": list(Priority),
        "charge_category": list(ChargeCategory),
        "skill": codes if known["skill"] in codes else [*codes, known["skill"]],
    }


def _may_override(found: TicketDetail) -> bool:
    """Return whether the caller may release the ticket although facts are missing (R2)."""
    return current().has(Role.SUPERVISOR) and TICKET.allows(found.ticket.status, TicketEvent.OVERRIDE_FACTS)


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
        "charge_category": ticket.charge_category,
        "skill": ticket.skill,
        "skill_level": ticket.skill_level,
        "duration": minutes(ticket.duration),
    }
    return {name: plain(str(facts_of[name] or "")) for name in FIELDS}


def _changed_elsewhere(known: Mapping[str, str], typed: Typed | None) -> Mapping[str, str]:
    """Return the facts that both somebody else and this person have changed, as they are now."""
    if typed is None:
        return {}
    return {name: known[name] for name, text in typed.touched.items() if known[name] not in {typed.was[name], text}}
