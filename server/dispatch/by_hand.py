"""A dispatcher plans by hand: this technician, this minute (R9, R11)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.core.clock import local_day, local_instant
from server.core.errors import Conflict, Invalid
from server.core.events import Actor, note
from server.core.policies import in_force
from server.dispatch import candidates, offers, snapshot
from server.dispatch.days import Wanted
from server.dispatch.models import Offer
from server.dispatch.rules import Span, promised_window
from server.dispatch.terms import DispatchTerms
from server.orders import booking
from server.orders.booking import Window
from server.orders.locks import lock_ticket, lock_visit
from server.orders.models import Ticket
from server.orders.slots import Ways
from server.orders.visit_models import Visit
from server.technicians.people import UnknownTechnician


@dataclass(frozen=True, slots=True)
class Assigned:
    """A visit by hand and the offer that went out for it."""

    visit: Visit
    offer: Offer


class InThePast(Invalid):
    """Nobody can be sent to a minute that is over."""

    code = "dispatch.in_the_past"


class OutsideAgreed(Conflict):
    """The start does not lie in the window that was agreed with the customer: agree another first (R9)."""

    code = "dispatch.outside_agreed"


class NotReachable(Conflict):
    """The technician cannot be there then; ``rule`` says why: skill, absent, no_shift, travel.

    ``nearest`` names the nearest minute of that day that he could keep, if there is one.
    """

    code = "dispatch.not_reachable"


def assign(
    session: Session,
    *,
    ticket_id: int,
    technician_id: int,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    reason: str | None = None,
) -> Assigned:
    """Plan a visit by hand and offer it. What is promised must be reachable (R9): skill, shift, ways, other visits.

    The drive to his next visit begins at this one from now on.

    :param reason: why the dispatcher goes against these rules; kept in the history. Drives are cut short then
        where other visits are in their way; two visits at one time remain impossible.
    :raises UnknownTicket: if there is no such ticket.
    :raises UnknownTechnician: if there is no such technician.
    :raises InThePast: if the start is over.
    :raises OutsideAgreed: if another window was agreed with the customer.
    :raises NotReachable: if he cannot be there then, and no reason is given.
    :raises IllegalTransition: if the ticket is not ready.
    :raises SlotTaken: if he has another visit then, or somebody has just taken the time for a drive.
    """
    ticket = lock_ticket(session, ticket_id)
    travel = _judge(session, ticket, technician_id=technician_id, starts_at=starts_at, reason=reason, now=now)
    visit = booking.plan_visit(
        session,
        ticket_id=ticket_id,
        technician_id=technician_id,
        starts_at=starts_at,
        ends_at=starts_at + ticket.duration,
        window=_window(session, ticket, starts_at=starts_at, now=now),
        travel_seconds=round(travel.total_seconds()),
        by_hand=True,
        by=by,
        now=now,
        ways=_ways(session, ticket, starts_at=starts_at, reason=reason),
    )
    if reason is not None:
        note(session, visit, "override", by=by, now=now, reason=reason)
    return Assigned(visit, offers.send(session, visit=visit, round=1, by=by, now=now))


def reassign(
    session: Session,
    *,
    visit_id: int,
    technician_id: int,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    reason: str | None = None,
) -> Assigned:
    """Give a visit that nobody has left for to another technician or another minute, and offer it anew.

    The old offer is withdrawn. Parameters and refusals are those of `assign`, and:

    :raises UnknownVisit: if there is no such visit.
    :raises UnderWay: if the technician has left, or it has ended.
    """
    ticket, visit = lock_visit(session, visit_id, technician_id=None)
    travel = _judge(session, ticket, technician_id=technician_id, starts_at=starts_at, reason=reason, now=now)
    offers.take_back(session, visit=visit, reason="reassigned", by=by, now=now)
    kept = Window(visit.window_from, visit.window_to)
    inside = kept.start <= starts_at <= kept.end
    booking.reassign(
        session,
        visit_id=visit_id,
        technician_id=technician_id,
        starts_at=starts_at,
        ends_at=starts_at + ticket.duration,
        window=kept if inside else _window(session, ticket, starts_at=starts_at, now=now),
        travel_seconds=round(travel.total_seconds()),
        by=by,
        now=now,
        ways=_ways(session, ticket, starts_at=starts_at, reason=reason),
    )
    visit.by_hand = True
    if reason is not None:
        note(session, visit, "override", by=by, now=now, reason=reason)
    return Assigned(visit, offers.send(session, visit=visit, round=1, by=by, now=now))


def _ways(session: Session, ticket: Ticket, *, starts_at: datetime, reason: str | None) -> Ways:
    return Ways(candidates.onward(session, ticket=ticket, starts_at=starts_at), drives_yield=reason is not None)


def _window(session: Session, ticket: Ticket, *, starts_at: datetime, now: datetime) -> Window:
    terms, _ = in_force(session, DispatchTerms, at=now)
    span = promised_window(starts_at, width=terms.window, agreed=snapshot.agreed_span(ticket), not_before=now)
    if not span.covers(starts_at):  # outside what was agreed, with a reason
        span = promised_window(starts_at, width=terms.window, agreed=None, not_before=now)
    return Window(span.start, span.end)


def _judge(
    session: Session, ticket: Ticket, *, technician_id: int, starts_at: datetime, reason: str | None, now: datetime
) -> timedelta:
    """Return how long the way there takes, or refuse."""
    if starts_at < now:
        raise InThePast(starts_at=starts_at.isoformat())
    agreed = snapshot.agreed_span(ticket)
    if reason is None and agreed is not None and not agreed.covers(starts_at):
        raise OutsideAgreed(agreed_from=agreed.start.isoformat(), agreed_to=agreed.end.isoformat())
    work = candidates.work_of(session, ticket)
    day = local_day(starts_at, work.zone)
    midnight = local_instant(day, 0, 0, work.zone)
    until = local_instant(day + timedelta(days=1), 0, 0, work.zone)
    found = snapshot.workers(session, technician_ids=[technician_id], since=midnight, until=until)
    if not found:
        raise UnknownTechnician(technician_id=technician_id)
    (worker,) = found
    travel = candidates.travel_of(work.crow)
    broken = _broken(worker, work, starts_at)
    nearest = None
    if broken is None and work.position is not None:
        wanted = Wanted(work.position, work.length, starts_at, Span(max(midnight, now), until))
        slot = candidates.slot_of(worker, work=work, wanted=wanted, travel=travel, now=now)
        if slot is not None and slot.start == starts_at:
            return slot.travel
        broken, nearest = "travel", slot.start.isoformat() if slot is not None else None
    if broken is not None and reason is None:
        raise NotReachable(technician_id=technician_id, rule=broken, nearest=nearest)
    if worker.home is None or work.position is None:
        return timedelta(0)
    return travel(worker.home, work.position)


def _broken(worker: snapshot.Worker, work: candidates.Work, starts_at: datetime) -> str | None:
    """Return which rule keeps a technician from work at a minute, whatever else he does that day."""
    span = Span(starts_at, starts_at + work.length)
    if not worker.can(work.skill, level=work.skill_level, on=local_day(starts_at, work.zone)):
        return "skill"
    if any(absence.touches(span) for absence in worker.absences):
        return "absent"
    if not any(s.span.covers(span.start) and s.span.covers(span.end) for s in worker.stretches):
        return "no_shift"
    return None
