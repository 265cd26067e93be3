"""Planning a visit, moving it, giving it to another technician, offering it, taking it back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.errors import Conflict, Invalid
from server.core.events import Actor, note, record
from server.customers.models import Site
from server.orders import rules
from server.orders.locks import hold_day, lock_ticket, lock_visit
from server.orders.models import Ticket
from server.orders.slots import AS_THEY_ARE, BEFORE_DEPARTURE, Slot, Ways, taking
from server.orders.status import TICKET, VISIT, TicketEvent, TicketStatus, VisitEvent, VisitStatus
from server.orders.terms import ClockTerms
from server.orders.visit_models import Visit


@dataclass(frozen=True, slots=True)
class Window:
    """The window that a customer is promised: from an instant up to another, both aware."""

    start: datetime
    end: datetime


class BadTimes(Invalid):
    """The times of a visit are naive, reversed, empty, past, or do not lie in the window."""

    code = "visit.bad_times"


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
    ways: Ways = AS_THEY_ARE,
) -> Visit:
    """Take a technician's time for a ticket that is ready. Events: `ticket.plan`, `visit.plan`.

    :param ways: what becomes of the drives there and on.
    :raises UnknownTicket: if there is none.
    :raises UnknownTechnician: if there is none.
    :raises TechnicianLeft: if he does not work for us any more.
    :raises BadTimes: if the times cannot be those of a visit.
    :raises IllegalTransition: if the ticket is not ready.
    :raises SlotTaken: if he has another visit then, or is on the way; it names that one.
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
        ways=ways,
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
    ways: Ways = AS_THEY_ARE,
) -> Visit:
    """Do what `plan_visit` does for a caller who plans many at once.

    He has locked all the tickets and then held all the technicians' days (`hold_days`), and looked whether the
    technicians still work for us: asked anew for each visit, that would cost a published day a fifth of its time.

    :raises BadTimes: if the times cannot be those of a visit.
    :raises IllegalTransition: if the ticket is not ready.
    :raises SlotTaken: if he has another visit then, or is on the way; it names that one.
    """
    _check_times(starts_at, ends_at, window, now)
    TICKET.follows(ticket.status, TicketEvent.PLAN)
    slot = Slot(technician_id, starts_at, ends_at, travel_seconds, ways)
    ordinal = 1 + (session.scalar(select(func.max(Visit.ordinal)).where(Visit.ticket_id == ticket.id)) or 0)
    with taking(session, slot) as busy_from:
        visit = Visit(
            ticket_id=ticket.id,
            ordinal=ordinal,
            technician_id=technician_id,
            starts_at=starts_at,
            ends_at=ends_at,
            window_from=window.start,
            window_to=window.end,
            travel_seconds=travel_seconds,
            busy_from=busy_from,
            by_hand=by_hand,
            created_at=now,
        )
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
    ways: Ways = AS_THEY_ARE,
) -> Visit:
    """Give a visit that nobody has left for yet another time. Event: `visit.move`.

    Another window has to be confirmed by the customer anew.

    :param travel_seconds: None if the drive there is as long as it was.
    :param ways: what becomes of the drives there and on.
    :raises UnknownVisit: if there is none.
    :raises UnderWay: if the technician has left, or it has ended.
    :raises BadTimes: if the times cannot be those of a visit.
    :raises SlotTaken: if he has another visit then, or is on the way; it names that one.
    """
    _check_times(starts_at, ends_at, window, now)
    _, visit = lock_visit(session, visit_id, technician_id=None)
    if visit.status not in BEFORE_DEPARTURE:
        raise UnderWay(visit_id=visit.id, status=str(visit.status))
    before = {"starts_at": visit.starts_at.isoformat(), "ends_at": visit.ends_at.isoformat()}
    seconds = visit.travel_seconds if travel_seconds is None else travel_seconds
    _take(session, visit, Slot(visit.technician_id, starts_at, ends_at, seconds, ways, but=visit.id), window=window)
    visit.by_hand = by_hand
    note(session, visit, "move", by=by, now=now, details={"from": before})
    return visit


def _take(session: Session, visit: Visit, slot: Slot, *, window: Window) -> None:
    """Let a visit take another stretch of time, of the same technician or of another."""
    hold_day(session, technician_id=slot.technician_id, starts_at=slot.starts_at, ends_at=slot.ends_at)
    same_window = (visit.window_from, visit.window_to) == (window.start, window.end)
    with taking(session, slot) as busy_from:
        visit.technician_id = slot.technician_id
        visit.starts_at, visit.ends_at = slot.starts_at, slot.ends_at
        visit.travel_seconds, visit.busy_from = slot.travel_seconds, busy_from
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
    ways: Ways = AS_THEY_ARE,
) -> Visit:
    """Give a planned visit, which no offer is out for, to another technician. Event: `visit.reassign`.

    The technician's clock starts anew with his own offer (R16).

    :param window: None keeps what the customer was promised.
    :param ways: what becomes of the drives there and on.
    :raises UnknownVisit: if there is none.
    :raises NotFree: if it is offered or accepted: that is withdrawn or handed back first.
    :raises UnderWay: if a technician has left, or it has ended.
    :raises UnknownTechnician: if there is none.
    :raises BadTimes: if the times cannot be those of a visit.
    :raises SlotTaken: if he has another visit then, or is on the way; it names that one.
    """
    _, visit = lock_visit(session, visit_id, technician_id=None)
    if visit.status not in BEFORE_DEPARTURE:
        raise UnderWay(visit_id=visit.id, status=str(visit.status))
    if visit.status is not VisitStatus.PLANNED:
        raise NotFree(visit_id=visit.id, status=str(visit.status))
    promised = window or Window(visit.window_from, visit.window_to)
    _check_times(starts_at, ends_at, promised, now)
    before = visit.technician_id
    slot = Slot(technician_id, starts_at, ends_at, travel_seconds, ways, but=visit.id)
    _take(session, visit, slot, window=promised)
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
