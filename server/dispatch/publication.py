"""Publication: what a plan proposes becomes visits and offers, as far as the world has not changed meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.clock import local_day
from server.core.errors import NotFound
from server.core.events import Actor, record
from server.dispatch import candidates, escalations, offers, snapshot
from server.dispatch.escalations import Kind
from server.dispatch.models import Plan, PlanOmission, PlanStop
from server.dispatch.offers import Conditions
from server.dispatch.rules import Span, promised_window
from server.dispatch.status import PLAN, PlanEvent
from server.orders import booking
from server.orders.booking import Window
from server.orders.locks import hold_days
from server.orders.models import Ticket
from server.orders.slots import AS_THEY_ARE, SlotTaken, Ways
from server.orders.status import TicketStatus
from server.orders.visit_models import Visit
from server.organisation.models import Region


class UnknownPlan(NotFound):
    """There is no such plan for the caller."""

    code = "plan.unknown"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A visit of a plan that was not published, and why: what it rested on had changed (fault 35)."""

    ticket_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a plan."""

    plan: Plan
    visits: tuple[Visit, ...]
    skipped: tuple[Skipped, ...]


def publish(session: Session, *, plan_id: int, by: Actor, now: datetime) -> Published:
    """Make visits of what a plan proposes, and offer them; people are told now, for it is firm (`plan.publish`).

    A proposed visit is skipped and listed, never forced, if its ticket has changed since the plan was made
    (`ticket_changed`), its technician's day has and he cannot be there any more (`technician_changed`), its
    start is over (`too_late`), or somebody has booked the time (`slot_taken`). A ticket with an agreed date in
    these days that stays without a visit is put before the supervisor (R9).

    :raises UnknownPlan: if there is none.
    :raises IllegalTransition: if it is not a proposal.
    """
    plan = session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise UnknownPlan(plan_id=plan_id)
    PLAN.follows(plan.status, PlanEvent.PUBLISH)
    stops = session.scalars(
        select(PlanStop).where(PlanStop.plan_id == plan_id).order_by(PlanStop.technician_id, PlanStop.starts_at)
    ).all()
    left_out = session.scalars(select(PlanOmission.ticket_id).where(PlanOmission.plan_id == plan_id)).all()
    run = _Run(session, plan, by, now, _held(session, [*(s.ticket_id for s in stops), *left_out]))
    made = run.book(stops)
    skipped = tuple(Skipped(s.ticket_id, s.skipped) for s in stops if s.skipped is not None)
    run.escalate_agreed([*left_out, *(s.ticket_id for s in skipped)])
    counts = {"visits": len(made), "skipped": len(skipped), "left_out": len(left_out)}
    record(session, plan, PlanEvent.PUBLISH, by=by, now=now, details=counts)
    return Published(plan, tuple(made), skipped)


def _held(session: Session, ticket_ids: Sequence[int]) -> dict[int, Ticket]:
    """Lock every ticket of the plan, in the order of their ids, so that two who lock many never wait in a circle."""
    rows = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(ticket_ids))
        .order_by(Ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {ticket.id: ticket for ticket in rows}


@dataclass(frozen=True, slots=True)
class _Run:
    """One publication."""

    session: Session
    plan: Plan
    by: Actor
    now: datetime
    tickets: dict[int, Ticket]

    def book(self, stops: Sequence[PlanStop]) -> list[Visit]:
        """Make a visit and an offer of every stop that still holds; write on the others why not."""
        region = self.session.get_one(Region, self.plan.region_id)
        days = {(s.technician_id, local_day(at, region.time_zone)) for s in stops for at in (s.starts_at, s.ends_at)}
        hold_days(self.session, days)
        changed, bound = self._technicians(region)
        under = offers.conditions(self.session, now=self.now)
        made: dict[int, Visit] = {}
        skipped: dict[int, str] = {}
        for stop in stops:
            against = self._against(stop, changed)
            visit = self._visit(stop, under, bound=bound) if against is None else None
            if visit is None:
                skipped[stop.id] = against or "slot_taken"
                continue
            offers.send(self.session, visit=visit, round=1, by=self.by, now=self.now, under=under)
            made[stop.id] = visit
        for stop in stops:  # at the end, so that they are written together and not one by one
            stop.visit_id = made[stop.id].id if stop.id in made else None
            stop.skipped = skipped.get(stop.id)
        return list(made.values())

    def _technicians(self, region: Region) -> tuple[set[int], frozenset[int]]:
        """Return who has other skills, shifts, absences or visits than when the plan was made; and who has visits."""
        watched: dict[str, str] = self.plan.watched["technicians"]
        horizon = snapshot.Horizon(region.time_zone, self.plan.first_day, self.plan.last_day, self.plan.earliest)
        present = snapshot.working(self.session, region_id=region.id, horizon=horizon)
        digests = {str(worker.id): worker.fingerprint() for worker in present}
        changed = {int(key) for key, digest in watched.items() if digests.get(key) != digest}
        return changed, frozenset(worker.id for worker in present if worker.fixed)

    def _against(self, stop: PlanStop, changed: set[int]) -> str | None:
        """Return why a stop cannot be published, or None."""
        ticket = self.tickets[stop.ticket_id]
        if ticket.status is not TicketStatus.READY or ticket.version != self.plan.watched["tickets"][str(ticket.id)]:
            return "ticket_changed"
        if stop.starts_at < self.now:
            return "too_late"
        if stop.technician_id in changed and not self._still_possible(stop, ticket):
            return "technician_changed"
        return None

    def _still_possible(self, stop: PlanStop, ticket: Ticket) -> bool:
        """Return whether the technician can be there at that very minute, as his day is now."""
        place = candidates.first_free(
            self.session,
            work=candidates.work_of(self.session, ticket),
            technician_ids=[stop.technician_id],
            wanted=stop.starts_at,
            bounds=Span(stop.starts_at, stop.starts_at),
            now=self.now,
        )
        return place is not None

    def _ways(self, stop: PlanStop, ticket: Ticket, *, bound: frozenset[int]) -> Ways:
        """Return what becomes of the drives around a stop: those to visits of before begin at it from now on.

        The plan has judged that they can be reached, and the days have been held since it was looked at again: where
        the region's model makes a drive longer than the plan did, it is cut short. Without visits of before there is
        nothing to set: each drive of a plan begins where the one before ended.
        """
        if stop.technician_id not in bound:
            return AS_THEY_ARE
        onward = candidates.onward(self.session, ticket=ticket, starts_at=stop.starts_at)
        return Ways(onward, drives_yield=True)

    def _visit(self, stop: PlanStop, under: Conditions, *, bound: frozenset[int]) -> Visit | None:
        ticket = self.tickets[stop.ticket_id]
        window = promised_window(
            stop.starts_at, width=under.terms.window, agreed=snapshot.agreed_span(ticket), not_before=self.now
        )
        try:
            return booking.plan_held(
                self.session,
                ticket=ticket,
                technician_id=stop.technician_id,
                starts_at=stop.starts_at,
                ends_at=stop.ends_at,
                window=Window(window.start, window.end),
                travel_seconds=stop.travel_seconds,
                by_hand=False,
                by=self.by,
                now=self.now,
                ways=self._ways(stop, ticket, bound=bound),
            )
        except SlotTaken:
            return None

    def escalate_agreed(self, ticket_ids: Sequence[int]) -> None:
        """Put before a human what was promised for these days and has no visit (R9)."""
        zone = self.session.get_one(Region, self.plan.region_id).time_zone
        for ticket_id in sorted(set(ticket_ids)):
            ticket = self.tickets[ticket_id]
            if ticket.agreed_from is None or ticket.status is not TicketStatus.READY:
                continue
            if local_day(ticket.agreed_from, zone) <= self.plan.last_day:
                details = {"plan_id": self.plan.id, "agreed_from": ticket.agreed_from.isoformat()}
                escalations.raise_(
                    self.session, ticket=ticket, kind=Kind.AGREED_LEFT_OUT, by=self.by, now=self.now, details=details
                )
