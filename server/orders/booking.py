"""Planning a visit, moving it, giving it to another technician, offering it, taking it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core import policies
from server.core.db import violated
from server.core.errors import Conflict, Invalid
from server.core.events import Actor, note, record
from server.customers.models import Site
from server.orders import rules
from server.orders.locks import hold_day, lock_ticket, lock_visit
from server.orders.models import Ticket
from server.orders.status import TICKET, VISIT, TicketEvent, TicketStatus, VisitEvent, VisitStatus
from server.orders.terms import ClockTerms
from server.orders.visit_models import Visit

_ONE_AT_A_TIME = "ex_visit_one_at_a_time"
_BEFORE_DEPARTURE = frozenset({VisitStatus.PLANNED, VisitStatus.OFFERED, VisitStatus.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Window:
    """The window that a customer is promised: from an instant up to another, both aware."""

    start: datetime
    end: datetime


class BadTimes(Invalid):
    """The times of a visit are naive, reversed, empty, past, or do not lie in the window."""

    code = "visit.bad_times"


class SlotTaken(Conflict):
    """The technician has another visit at that time."""

    code = "visit.slot_taken"


class UnderWay(Conflict):
    """The technician has left for the visit, or it has ended: it cannot be planned differently any more."""

    code = "visit.under_way"


class NotFree(Conflict):
    """The visit is offered to a technician or accepted by him: that is withdrawn first."""

    code = "visit.not_free"


def plan_visit(
    session: Session,
    *,
    ticket_id: int,
    technician_id: int,
    starts_at: datetime,
    ends_at: datetime,
    window: Window,
    travel_seconds: int,
    by_hand: bool,
    by: Actor,
    now: datetime,
) -> Visit:
    """Take a technician's time for a ticket that is ready. Events: `ticket.plan`, `visit.plan`.

    :raises UnknownTicket: if there is none.
    :raises UnknownTechnician: if there is none.
    :raises TechnicianLeft: if he does not work for us any more.
    :raises BadTimes: if the times cannot be those of a visit.
    :raises IllegalTransition: if the ticket is not ready.
    :raises SlotTaken: if he has another visit then; it names that one.
    """
    _check_times(starts_at, ends_at, window, now)
    ticket = lock_ticket(session, ticket_id)
    TICKET.follows(ticket.status, TicketEvent.PLAN)
    hold_day(session, technician_id=technician_id, starts_at=starts_at, ends_at=ends_at)
    return plan_held(
        session,
        ticket=ticket,
        technician_id=technician_id,
        starts_at=starts_at,
        ends_at=ends_at,
        window=window,
        travel_seconds=travel_seconds,
        by_hand=by_hand,
        by=by,
        now=now,
    )


def plan_held(
    session: Session,
    *,
    ticket: Ticket,
    technician_id: int,
    starts_at: datetime,
    ends_at: datetime,
    window: Window,
    travel_seconds: int,
    by_hand: bool,
    by: Actor,
    now: datetime,
) -> Visit:
    """Do what `plan_visit` does for a caller who plans many at once.

    He has locked all the tickets and then held all the technicians' days (`hold_days`), and looked whether the
    technicians still work for us: asked anew for each visit, that would cost a published day a fifth of its time.

    :raises BadTimes: if the times cannot be those of a visit.
    :raises IllegalTransition: if the ticket is not ready.
    :raises SlotTaken: if he has another visit then; it names that one.
    """
    _check_times(starts_at, ends_at, window, now)
    TICKET.follows(ticket.status, TicketEvent.PLAN)
    visit = Visit(
        ticket_id=ticket.id,
        ordinal=1 + (session.scalar(select(func.max(Visit.ordinal)).where(Visit.ticket_id == ticket.id)) or 0),
        technician_id=technician_id,
        starts_at=starts_at,
        ends_at=ends_at,
        window_from=window.start,
        window_to=window.end,
        travel_seconds=travel_seconds,
        by_hand=by_hand,
        created_at=now,
    )
    with _in_the_slot(session, technician_id=technician_id, starts_at=starts_at, ends_at=ends_at):
        session.add(visit)
    record(session, ticket, TicketEvent.PLAN, by=by, now=now, details={"visit_id": visit.id})
    note(session, visit, "plan", by=by, now=now, details={"by_hand": by_hand})
    return visit


def _check_times(starts_at: datetime, ends_at: datetime, window: Window, now: datetime) -> None:
    if any(instant.tzinfo is None for instant in (starts_at, ends_at, window.start, window.end)):
        raise BadTimes(rule="aware")
    if not (starts_at < ends_at and window.start < window.end):
        raise BadTimes(rule="order")
    if ends_at <= now:
        raise BadTimes(rule="past")
    if not window.start <= starts_at <= window.end:
        raise BadTimes(rule="inside_window")


@contextmanager
def _in_the_slot(
    session: Session, *, technician_id: int, starts_at: datetime, ends_at: datetime, but: int | None = None
) -> Iterator[None]:
    """Write a visit inside a savepoint and say whose slot it is if the database refuses the overlap.

    :param but: the id of the visit that is being moved: it is not in its own way.
    """
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        if violated(error) != _ONE_AT_A_TIME:
            raise
        raise _taken(session, technician_id, starts_at, ends_at, but) from error


def _taken(session: Session, technician_id: int, starts_at: datetime, ends_at: datetime, but: int | None) -> SlotTaken:
    other = session.execute(
        select(Visit.id, Visit.ticket_id, Visit.starts_at, Visit.ends_at)
        .where(
            Visit.technician_id == technician_id,
            Visit.status != VisitStatus.WITHDRAWN,
            Visit.starts_at < ends_at,
            Visit.ends_at > starts_at,
            Visit.id != (but or 0),
        )
        .order_by(Visit.starts_at)
        .limit(1)
    ).one_or_none()
    if other is None:
        # Whoever had the slot gave it up between the refusal and the look.
        return SlotTaken(technician_id=technician_id)
    return SlotTaken(
        technician_id=technician_id,
        visit_id=other.id,
        ticket_id=other.ticket_id,
        starts_at=other.starts_at.isoformat(),
        ends_at=other.ends_at.isoformat(),
    )


def move(
    session: Session,
    *,
    visit_id: int,
    starts_at: datetime,
    ends_at: datetime,
    window: Window,
    by: Actor,
    now: datetime,
    travel_seconds: int | None = None,
    by_hand: bool = True,
) -> Visit:
    """Give a visit that nobody has left for yet another time. Event: `visit.move`.

    Another window has to be confirmed by the customer anew.

    :raises UnknownVisit: if there is none.
    :raises UnderWay: if the technician has left, or it has ended.
    :raises BadTimes: if the times cannot be those of a visit.
    :raises SlotTaken: if he has another visit then.
    """
    _check_times(starts_at, ends_at, window, now)
    _, visit = lock_visit(session, visit_id, technician_id=None)
    if visit.status not in _BEFORE_DEPARTURE:
        raise UnderWay(visit_id=visit.id, status=str(visit.status))
    before = {"starts_at": visit.starts_at.isoformat(), "ends_at": visit.ends_at.isoformat()}
    _take(
        session,
        visit,
        technician_id=visit.technician_id,
        starts_at=starts_at,
        ends_at=ends_at,
        window=window,
    )
    visit.travel_seconds = visit.travel_seconds if travel_seconds is None else travel_seconds
    visit.by_hand = by_hand
    note(session, visit, "move", by=by, now=now, details={"from": before})
    return visit


def _take(
    session: Session, visit: Visit, *, technician_id: int, starts_at: datetime, ends_at: datetime, window: Window
) -> None:
    """Let a visit take another stretch of time, of the same technician or of another."""
    hold_day(session, technician_id=technician_id, starts_at=starts_at, ends_at=ends_at)
    same_window = (visit.window_from, visit.window_to) == (window.start, window.end)
    with _in_the_slot(session, technician_id=technician_id, starts_at=starts_at, ends_at=ends_at, but=visit.id):
        visit.technician_id = technician_id
        visit.starts_at, visit.ends_at = starts_at, ends_at
        visit.window_from, visit.window_to = window.start, window.end
        if not same_window:
            visit.confirmed_at = None


def reassign(
    session: Session,
    *,
    visit_id: int,
    technician_id: int,
    starts_at: datetime,
    ends_at: datetime,
    by: Actor,
    now: datetime,
    window: Window | None = None,
    travel_seconds: int = 0,
) -> Visit:
    """Give a planned visit, which no offer is out for, to another technician. Event: `visit.reassign`.

    The technician's clock starts anew with his own offer (R16).

    :param window: None keeps what the customer was promised.
    :raises UnknownVisit: if there is none.
    :raises NotFree: if it is offered or accepted: that is withdrawn or handed back first.
    :raises UnderWay: if a technician has left, or it has ended.
    :raises UnknownTechnician: if there is none.
    :raises BadTimes: if the times cannot be those of a visit.
    :raises SlotTaken: if he has another visit then.
    """
    _, visit = lock_visit(session, visit_id, technician_id=None)
    if visit.status not in _BEFORE_DEPARTURE:
        raise UnderWay(visit_id=visit.id, status=str(visit.status))
    if visit.status is not VisitStatus.PLANNED:
        raise NotFree(visit_id=visit.id, status=str(visit.status))
    promised = window or Window(visit.window_from, visit.window_to)
    _check_times(starts_at, ends_at, promised, now)
    before = visit.technician_id
    _take(session, visit, technician_id=technician_id, starts_at=starts_at, ends_at=ends_at, window=promised)
    visit.travel_seconds = travel_seconds
    visit.sent_at = visit.limit_at = visit.accepted_at = visit.contacted_at = None
    note(session, visit, "reassign", by=by, now=now, details={"from": before, "to": technician_id})
    return visit


def withdraw(session: Session, *, visit_id: int, reason: str, by: Actor, now: datetime) -> Visit:
    """Give up a visit that has not ended: its technician's time is free, its ticket waits to be planned again.

    Events: `visit.withdraw`, and `ticket.unplan` if the ticket was planned.

    :raises UnknownVisit: if there is none.
    :raises IllegalTransition: if it has ended.
    """
    ticket, visit = lock_visit(session, visit_id, technician_id=None)
    record(session, visit, VisitEvent.WITHDRAW, by=by, now=now, reason=reason)
    # Somebody who listened may have taken the ticket further already.
    if ticket.status is TicketStatus.PLANNED:
        record(session, ticket, TicketEvent.UNPLAN, by=by, now=now, reason=reason)
    return visit


def offered(session: Session, *, visit: Visit, by: Actor, now: datetime) -> None:
    """Keep that a visit waits for its technician's answer (R11); the caller holds the ticket.

    :raises IllegalTransition: if it is not planned.
    """
    record(session, visit, VisitEvent.OFFER, by=by, now=now)


def released(session: Session, *, visit: Visit, by: Actor, now: datetime, reason: str | None = None) -> None:
    """Keep that the offer of a visit was declined, has expired or was withdrawn (R11); the caller holds the ticket.

    :raises IllegalTransition: if it is not offered.
    """
    record(session, visit, VisitEvent.RELEASE, by=by, now=now, reason=reason)


def accepted(session: Session, *, visit: Visit, sent_at: datetime, by: Actor, now: datetime) -> None:
    """Give the visit to its technician (R11); the caller holds the ticket. Event: `visit.accept`.

    His clock starts when the offer was sent (R16), or when the customer's agreed time begins if that is
    later (R18).

    :param sent_at: when the offer that he accepted had been sent.
    :raises IllegalTransition: if it is not offered.
    """
    VISIT.follows(visit.status, VisitEvent.ACCEPT)
    ticket = session.get_one(Ticket, visit.ticket_id)
    site = session.get(Site, ticket.site_id) if ticket.site_id is not None else None
    terms, _ = policies.in_force(session, ClockTerms, at=now)
    limit = rules.time_limit(terms, work_type=ticket.work_type, zone=str(site.zone) if site else None)
    visit.sent_at = sent_at
    visit.limit_at = rules.technician_limit(sent_at=sent_at, agreed_from=ticket.agreed_from, limit=limit)
    visit.accepted_at = now
    record(session, visit, VisitEvent.ACCEPT, by=by, now=now)


def handed_back(session: Session, *, visit: Visit, reason: StrEnum | str, by: Actor, now: datetime) -> None:
    """Take a visit back from a technician who had accepted it and not left yet (R11); the caller holds the ticket.

    :raises IllegalTransition: if it is not accepted.
    """
    VISIT.follows(visit.status, VisitEvent.HAND_BACK)
    visit.sent_at = visit.limit_at = visit.accepted_at = visit.contacted_at = None
    record(session, visit, VisitEvent.HAND_BACK, by=by, now=now, reason=str(reason))
