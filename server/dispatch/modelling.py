"""From a snapshot to a problem for the optimiser: places, pieces of shifts, visits with windows and costs. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from routing.problem import Break, Location, Problem, Shift, Skill, SkillRequirement, Technician, TimeWindow, Visit
from routing.travel import CrowModel, TravelTimes
from server.core.clock import local_instant
from server.core.places import Position
from server.dispatch import days
from server.dispatch.days import Fixed, Piece
from server.dispatch.rules import drop_cost
from server.dispatch.snapshot import Ability, Horizon, OpenTicket, Snapshot, Worker
from server.dispatch.terms import DispatchTerms
from server.travel.matrix import TravelMatrix

FIXED_DROP_COST = 50_000_000
"""A visit that people know of is never given up for others: dearer than any thousand tickets left out."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a plan could not take into account: a code and what it concerns."""

    code: str
    ticket_id: int | None = None
    technician_id: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A ticket that is not even shown to the optimiser, and why."""

    ticket_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Model:
    """A problem and what is told beside it.

    :param left: tickets without a trusted position, or whose agreed time lies outside what is planned.
    """

    problem: Problem
    left: tuple[Left, ...]
    remarks: tuple[Remark, ...]


class Places:
    """The places of a problem, each once; equal positions are one place with no way between."""

    def __init__(self) -> None:
        self._index: dict[Position, int] = {}

    def index(self, position: Position) -> int:
        """Return the number of a place, a new one if it is new."""
        return self._index.setdefault(position, len(self._index))

    def points(self) -> list[Position]:
        """Return every place in the order of the numbers."""
        return list(self._index)

    def locations(self) -> tuple[Location, ...]:
        """Return the places as the optimiser wants them."""
        return tuple(Location(f"p{i}", place.lat, place.lon) for place, i in self._index.items())


def places_of(snapshot: Snapshot) -> Places:
    """Return every place that a plan can touch."""
    places = Places()
    for worker in snapshot.workers:
        if worker.home is not None:
            places.index(worker.home)
        for visit in worker.fixed:
            if visit.position is not None:
                places.index(visit.position)
    for ticket in snapshot.tickets:
        if ticket.position is not None:
            places.index(ticket.position)
    return places


def ticket_key(ticket_id: int) -> str:
    """Return how a ticket is called in a problem."""
    return f"t{ticket_id}"


def ticket_of(key: str) -> int | None:
    """Return the ticket behind a name of a problem; None if it is a fixed visit."""
    return int(key[1:]) if key.startswith("t") else None


def model(snapshot: Snapshot, *, name: str, places: Places, travel: TravelMatrix, terms: DispatchTerms) -> Model:
    """Return the problem of a snapshot.

    Live visits are in it, pinned to technician and time (those that begin after planning does); what
    cannot be pinned together with the rest takes its time out of the shift. Tickets without a trusted position
    and those whose agreed time lies elsewhere are told, never silently dropped (R9).
    """
    builder = _Builder(snapshot, places=places, travel=travel, terms=terms)
    technicians = tuple(builder.technicians())
    visits = (*builder.pinned, *builder.visits())
    horizon = max(
        [_seconds(snapshot.horizon.end, snapshot.horizon.origin), *(s.end for t in technicians for s in t.shifts)]
    )
    problem = Problem(
        name=name,
        locations=places.locations(),
        technicians=technicians,
        visits=visits,
        travel=times(travel),
        horizon=horizon,
        origin=snapshot.horizon.origin,
    )
    return Model(problem, tuple(builder.left), tuple(builder.remarks))


def times(travel: TravelMatrix) -> TravelTimes:
    """Return travel times as the optimiser wants them."""
    crow = travel.crow
    named = None if crow is None else CrowModel(crow.detour, crow.speed_kmh, crow.leg_seconds)
    return TravelTimes(travel.seconds, named)


def _seconds(instant: datetime, origin: datetime) -> int:
    return round((instant - origin).total_seconds())


class _Builder:
    """Collects the parts of a problem and what is to be told about them."""

    def __init__(self, snapshot: Snapshot, *, places: Places, travel: TravelMatrix, terms: DispatchTerms) -> None:
        self.snapshot, self.places, self.terms = snapshot, places, terms
        self.matrix = travel.seconds
        self.horizon: Horizon = snapshot.horizon
        self.pinned: list[Visit] = []
        self.left: list[Left] = []
        self.remarks: list[Remark] = []

    def at(self, instant: datetime) -> int:
        """Return an instant in seconds of the problem."""
        return _seconds(instant, self.horizon.origin)

    def way(self, origin: Position, to: Position) -> timedelta:
        """Return the travel time between two places of the problem."""
        return timedelta(seconds=int(self.matrix[self.places.index(origin), self.places.index(to)]))

    def technicians(self) -> Iterator[Technician]:
        """Yield everybody who can be planned, and collect the visits that are pinned to them."""
        for worker in self.snapshot.workers:
            if worker.home is None:
                self.remarks.append(Remark("no_home", technician_id=worker.id))
                continue
            home = self.places.index(worker.home)
            shifts = []
            for piece in self._pieces(worker, worker.home):
                shifts.append(self._shift(piece))
                self.pinned += [self._pin(worker, visit) for visit in piece.fixed]
            yield Technician(str(worker.id), home, home, tuple(self._skills(worker)), tuple(shifts))

    def _pieces(self, worker: Worker, home: Position) -> Iterator[Piece]:
        fixed = [
            # What is over before its time keeps its time, but is no visit any more.
            Fixed(f.visit_id, f.ticket_id, f.start, f.end, None)
            if f.visit_id in worker.ended and f.start >= self.horizon.not_before
            else f
            for f in worker.fixed
        ]
        kept: set[int] = set()
        for stretch in worker.stretches:
            pause = stretch.pause
            for span in days.minus(stretch.span, worker.absences):
                for piece in days.pieces(
                    span, home=home, pause=pause, fixed=fixed, travel=self.way, not_before=self.horizon.not_before
                ):
                    pause = None if piece.pause is not None else pause
                    kept |= {f.visit_id for f in piece.fixed}
                    yield piece
        self._tell_unkept(worker, kept)

    def _tell_unkept(self, worker: Worker, kept: set[int]) -> None:
        """Tell which of the visits ahead do not fit into the technician's time as it is."""
        for visit in worker.fixed:
            ahead = visit.start >= self.horizon.not_before and visit.visit_id not in worker.ended
            if ahead and visit.visit_id not in kept:
                self.remarks.append(Remark("visit_hard_to_keep", ticket_id=visit.ticket_id, technician_id=worker.id))

    def _shift(self, piece: Piece) -> Shift:
        pause = piece.pause
        breaks: tuple[Break, ...] = ()
        if pause is not None:
            length = round(pause.length.total_seconds())
            breaks = (Break(self.at(pause.earliest), self.at(pause.latest), length),)
        return Shift(
            start=self.at(piece.span.start),
            end=self.at(piece.span.end),
            breaks=breaks,
            start_location=self.places.index(piece.first),
            end_location=self.places.index(piece.last),
        )

    def _skills(self, worker: Worker) -> Iterator[Skill]:
        for ability in worker.abilities:
            until = self._valid_until(ability)
            if until is None or until > 0:
                yield Skill(ability.code, ability.level, until)

    def _valid_until(self, ability: Ability) -> int | None:
        """Return the second at which the last valid day of a certificate ends."""
        if ability.expires_on is None or ability.expires_on >= self.horizon.last_day + timedelta(days=1):
            return None
        return self.at(local_instant(ability.expires_on + timedelta(days=1), 0, 0, self.horizon.zone))

    def _pin(self, worker: Worker, visit: Fixed) -> Visit:
        assert visit.position is not None, "a piece holds only visits whose place is known"
        start = self.at(visit.start)
        return Visit(
            id=f"v{visit.visit_id}",
            location=self.places.index(visit.position),
            duration=self.at(visit.end) - start,
            windows=(TimeWindow(start, start),),
            drop_cost=FIXED_DROP_COST,
            pinned_technician=str(worker.id),
            pinned_start=start,
        )

    def visits(self) -> Iterator[Visit]:
        """Yield the open tickets that can be planned."""
        for ticket in self.snapshot.tickets:
            if ticket.position is None:
                self.left.append(Left(ticket.id, "no_position"))
                continue
            window = self._window(ticket)
            if isinstance(window, Left):
                self.left.append(window)
                continue
            yield self._visit(ticket, ticket.position, window)

    def _window(self, ticket: OpenTicket) -> TimeWindow | Left:
        """Return when the service may start: within what was agreed, else whenever somebody works."""
        first, end = self.horizon.not_before, self.horizon.end
        if ticket.agreed is not None:
            if ticket.agreed.end < first:
                return Left(ticket.id, "agreed_time_passed")
            if ticket.agreed.start >= end:
                return Left(ticket.id, "agreed_for_later")
            first, end = max(first, ticket.agreed.start), min(end, ticket.agreed.end)
        return TimeWindow(self.at(first), self.at(end))

    def _visit(self, ticket: OpenTicket, position: Position, window: TimeWindow) -> Visit:
        cost = drop_cost(
            priority=ticket.priority,
            waiting_since=ticket.waiting_since,
            agreed=ticket.agreed is not None,
            at=self.horizon.not_before,
            terms=self.terms,
        )
        return Visit(
            id=ticket_key(ticket.id),
            location=self.places.index(position),
            duration=round(ticket.length.total_seconds()),
            windows=(window,),
            drop_cost=cost,
            skills=() if ticket.skill is None else (SkillRequirement(ticket.skill, ticket.skill_level),),
            # What is overdue already costs by the hour from the first second of the plan.
            due=None if ticket.due_at is None else max(0, self.at(ticket.due_at)),
            late_cost_per_hour=self.terms.late_cost_per_hour,
        )
