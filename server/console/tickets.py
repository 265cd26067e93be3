"""Tickets: the list, one ticket with its whole record, and what the desk can do with it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console, outcome
from server.console.forms import code_page, minutes, skill_names, whole
from server.console.frame import page
from server.console.roles import DESK
from server.core import clock
from server.core.events import Actor, Via
from server.orders import closing, desk, queries, records
from server.orders.queries import Place, TicketFilter
from server.orders.status import OPEN_TICKET, TICKET, TicketEvent, TicketStatus
from server.orders.words import WorkType
from server.organisation.models import Region, Role
from server.technicians import queries as technicians
from server.web.auth import allowed
from server.web.context import current, database

_READERS = (Role.DISPATCHER, Role.SUPERVISOR, Role.STATION)
_ROWS = 50

TABS: tuple[tuple[str, frozenset[TicketStatus]], ...] = (
    ("open", frozenset({TicketStatus.INCOMPLETE, TicketStatus.READY, TicketStatus.PLANNED, TicketStatus.WAITING})),
    ("incomplete", frozenset({TicketStatus.INCOMPLETE})),
    ("ready", frozenset({TicketStatus.READY})),
    ("planned", frozenset({TicketStatus.PLANNED})),
    ("done", frozenset({TicketStatus.DONE})),
    ("all", frozenset()),
)
"""The lists of the page, and which statuses each shows."""

_CORRECTING = frozenset({"ticket.corrected", "ticket.located"})
_Deed = Callable[[Session, int, str, Actor, datetime], object]

_DEEDS: dict[str, tuple[TicketEvent | None, _Deed]] = {
    "urge": (None, lambda s, t, text, by, now: desk.urge(s, ticket_id=t, text=text or None, by=by, now=now)),
    "decline": (
        TicketEvent.DECLINE,
        lambda s, t, text, by, now: closing.decline(s, ticket_id=t, reason=text, by=by, now=now),
    ),
    "cancel": (
        TicketEvent.CANCEL,
        lambda s, t, text, by, now: closing.cancel(s, ticket_id=t, reason=text, by=by, now=now),
    ),
    "not_accept": (
        TicketEvent.NOT_ACCEPT,
        lambda s, t, text, by, now: closing.not_accept(s, ticket_id=t, reason=text, by=by, now=now),
    ),
}
"""What a reason and one press can do: the event that must be possible, and the use case."""


@console.get("/console/tickets")
@allowed(*_READERS)
def tickets() -> tuple[str, int]:
    """Show tickets, newest first, by status, work type and text."""
    tab = request.args.get("tab", "open")
    statuses = dict(TABS).get(tab, TABS[0][1])
    text = request.args.get("q", "")[:200]
    work = request.args.get("work", "")
    wanted = TicketFilter(
        statuses=frozenset() if text and "tab" not in request.args else statuses,
        work_type=WorkType(work) if work in set(WorkType) else None,
        text=text.replace("\0", ""),
    )
    with database().transaction() as session:
        scope = current().scope
        found = queries.tickets(session, scope=scope, wanted=wanted, after=_after(), limit=_ROWS)
        counts = queries.counts(session, scope=scope)
        zones = {region.id: region.time_zone for region in session.query(Region)}
    return page(
        "tickets.html",
        found=found.items,
        next_address=_next(found.next, tab=tab, text=text, work=work),
        tabs=[(name, sum(counts[s] for s in (shown or counts))) for name, shown in TABS],
        tab=tab,
        text=text,
        work=work,
        work_types=list(WorkType),
        zones=zones,
        may_take_in=current().has(*DESK),
    )


def _after() -> Place | None:
    """Return where the page begins; what nobody could have been given is ignored."""
    instant, _, ticket_id = request.args.get("after", "").partition("~")
    try:
        opened_at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    number = whole(ticket_id)
    return Place(opened_at, number) if number is not None and opened_at.tzinfo is not None else None


def _next(place: Place | None, **args: str) -> str | None:
    if place is None:
        return None
    kept: dict[str, Any] = {name if name != "text" else "q": value for name, value in args.items() if value}
    return url_for("console.tickets", after=f"{place.opened_at.isoformat()}~{place.ticket_id}", **kept)


@console.get("/console/tickets/<id:ticket_id>")
@allowed(*_READERS)
def ticket(ticket_id: int) -> tuple[str, int]:
    """Show everything about one ticket on one page."""
    with database().transaction() as session:
        found = records.ticket_detail(session, ticket_id=ticket_id, scope=current().scope)
        region = session.get_one(Region, found.ticket.region_id)
        skills = technicians.skills(session)
        possible = [
            name for name, (event, _) in _DEEDS.items() if event is None or TICKET.allows(found.ticket.status, event)
        ]
    zone = found.site.time_zone if found.site else region.time_zone
    is_desk = current().has(*DESK)
    return page(
        "ticket.html",
        it=found,
        ticket=found.ticket,
        zone=zone,
        possible=possible if is_desk else [],
        minutes=minutes(found.ticket.duration),
        skill_names=skill_names(skills),
        may_correct=is_desk and found.ticket.status in OPEN_TICKET,
        # Whoever has just corrected it is told what came of it.
        outcome=outcome.of_newest_correction(found) if request.args.get("done") in _CORRECTING else None,
    )


@console.post("/console/tickets/<id:ticket_id>/<deed>")
@allowed(*DESK)
def change_ticket(ticket_id: int, deed: str) -> Response | tuple[str, int]:
    """Do one of the desk's deeds with a ticket; each wants its reason."""
    if deed not in _DEEDS:
        return code_page("not_found", 404)
    reason = request.form.get("reason", "").strip()[:2000].replace("\0", "")
    if not reason and deed != "urge":
        return code_page("request.reason_missing", 422, back=url_for("console.ticket", ticket_id=ticket_id))

    def do(session: Session) -> None:
        records.ticket_detail(session, ticket_id=ticket_id, scope=current().scope)
        _DEEDS[deed][1](session, ticket_id, reason, current().actor(Via.CONSOLE), clock.now())

    database().attempt(do)
    return redirect(url_for("console.ticket", ticket_id=ticket_id, done=f"ticket.{deed}"), code=303)
