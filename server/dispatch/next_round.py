"""Who is asked after a no: the next candidate at the same time, or near it; else a human (R9, R11)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.core.clock import local_day, local_instant
from server.core.events import SYSTEM, Actor
from server.core.policies import in_force
from server.dispatch import candidates, escalations
from server.dispatch.candidates import Place, Work
from server.dispatch.escalations import Kind
from server.dispatch.rules import Span, promised_window
from server.dispatch.snapshot import agreed_span
from server.dispatch.terms import DispatchTerms
from server.orders import booking
from server.orders.booking import Window
from server.orders.models import Ticket
from server.orders.slots import SlotTaken, Ways
from server.orders.status import VisitStatus
from server.orders.visit_models import Visit

_NOT_LEFT = frozenset({VisitStatus.PLANNED, VisitStatus.OFFERED, VisitStatus.ACCEPTED})


def may_be_passed_on(visit: Visit) -> bool:
    """Return whether nobody has left for the customer yet."""
    return visit.status in _NOT_LEFT


def find(session: Session, *, visit: Visit, rounds_used: int, reason: str, now: datetime) -> Visit | None:
    """Take a visit from its technician, give it to the next candidate who was not asked, and return it planned.

    With the policy's rounds used up, or nobody free that day, the visit is withdrawn, its ticket is ready
    again and the supervisor is asked (`no_technician`); None is returned then. The caller holds the ticket, and
    has closed the offer.
    """
    ticket = session.get_one(Ticket, visit.ticket_id)
    terms, _ = in_force(session, DispatchTerms, at=now)
    work = candidates.work_of(session, ticket)
    told = visit.accepted_at is not None or visit.confirmed_at is not None
    release(session, visit, reason=reason, by=SYSTEM, now=now)
    if rounds_used < terms.offer_rounds:
        for bounds in _allowed(ticket, visit, told=told, zone=work.zone):
            if _given(session, ticket, visit, work=work, bounds=bounds, terms=terms, now=now):
                return visit
    asked = sorted(candidates.asked(session, visit_id=visit.id))
    details = {"visit_id": visit.id, "asked": asked, "starts_at": visit.starts_at.isoformat()}
    booking.withdraw(session, visit_id=visit.id, reason=Kind.NO_TECHNICIAN, by=SYSTEM, now=now)
    escalations.raise_(session, ticket=ticket, kind=Kind.NO_TECHNICIAN, by=SYSTEM, now=now, details=details)
    return None


def release(session: Session, visit: Visit, *, reason: str, by: Actor, now: datetime) -> None:
    """Make a visit free of its technician; nothing happens if no offer was out. The caller holds the ticket."""
    if visit.status is VisitStatus.OFFERED:
        booking.released(session, visit=visit, by=by, now=now, reason=reason)
    elif visit.status is VisitStatus.ACCEPTED:
        booking.handed_back(session, visit=visit, reason=reason, by=by, now=now)


def _allowed(ticket: Ticket, visit: Visit, *, told: bool, zone: str) -> list[Span]:
    """Return within what the start may be moved without asking the customer (R13), the best first.

    The promised window; and, as long as nobody was told of it, that day or what was agreed for it.
    """
    promised = Span(visit.window_from, visit.window_to)
    if told:
        return [promised]
    day = local_day(visit.starts_at, zone)
    whole = Span(local_instant(day, 0, 0, zone), local_instant(day + timedelta(days=1), 0, 0, zone))
    agreed = agreed_span(ticket)
    return [promised, whole if agreed is None else Span(max(whole.start, agreed.start), min(whole.end, agreed.end))]


def _given(
    session: Session, ticket: Ticket, visit: Visit, *, work: Work, bounds: Span, terms: DispatchTerms, now: datetime
) -> bool:
    """Give the visit to the first who is free within the bounds; return whether anybody was."""
    gone = candidates.asked(session, visit_id=visit.id) | {visit.technician_id}
    people = [who for who in candidates.named(session, visit=visit, work=work) if who not in gone]
    while people:
        place = candidates.first_free(
            session, work=work, technician_ids=people, wanted=visit.starts_at, bounds=bounds, now=now
        )
        if place is None:
            return False
        try:
            _reassign(session, ticket, visit, place=place, terms=terms, now=now)
        except SlotTaken:
            # Somebody booked him between the look and the lock, or he does not fit: on with those after him.
            people = people[people.index(place.technician_id) + 1 :]
            continue
        return True
    return False


def _reassign(
    session: Session, ticket: Ticket, visit: Visit, *, place: Place, terms: DispatchTerms, now: datetime
) -> None:
    window = Span(visit.window_from, visit.window_to)
    if not window.covers(place.starts_at):
        window = promised_window(place.starts_at, width=terms.window, agreed=agreed_span(ticket), not_before=now)
    booking.reassign(
        session,
        visit_id=visit.id,
        technician_id=place.technician_id,
        starts_at=place.starts_at,
        ends_at=place.starts_at + ticket.duration,
        window=Window(window.start, window.end),
        travel_seconds=place.travel_seconds,
        by=SYSTEM,
        now=now,
        ways=Ways(candidates.onward(session, ticket=ticket, starts_at=place.starts_at)),
    )
