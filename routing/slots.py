"""Appointment windows for one more visit: what each costs, who would come, how sure it is.

Imports neither OR-Tools nor the compiled search: it is asked where a page is made, on plans that have been laid out
once (`Openings`), one for each day: days do not depend on each other, and a change of one leaves the others laid out.
What is offered can be kept with the plan as it stands: nobody else's visit moves to another technician, and no
promised window is broken. Costs are in seconds of travel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from routing.engine.longer import Longer, Ways, legs_of
from routing.engine.model import Car, Net
from routing.engine.schedule import Schedule, Timetable, WhatIf, schedule
from routing.openings import Openings, Rows
from routing.plan import Reason
from routing.problem import TimeWindow, Visit
from routing.punctuality import Leg, Spread, risks
from routing.travel import UNREACHABLE

__all__ = ["Slot", "SlotTerms", "Ways", "offer"]

Bools = npt.NDArray[np.bool_]

_NO_PLACE = -1
_TRIED = 4
"""So many places of a window, the shortest ways first, are timed to the second; the rest cost more travel."""


@dataclass(frozen=True, slots=True)
class SlotTerms:
    """Say what may be offered, and what is recommended.

    :param reserve: the share of each day's shift seconds that is kept back for emergencies.
    :param spread: how far real times lie from planned ones.
    :param most_risk: what is more likely to be late is not recommended.
    :param near: what costs more than so many seconds of travel above the cheapest is not recommended.
    """

    reserve: float = 0.0
    spread: Spread = Spread()
    most_risk: float = 0.1
    near: int = 900


@dataclass(frozen=True, slots=True)
class Day:
    """Ask for windows in one plan, usually a day's.

    :param windows: in which the service may begin, both ends included; each is answered by itself.
    :param ways: for a place that the plan's problem does not have; without them `Visit.location` is one of its own.
    """

    openings: Openings
    windows: tuple[TimeWindow, ...]
    ways: Ways | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """Say what a window would cost, or why it cannot be offered. `day`: which of the days asked it belongs to.

    `reason` None: it can be, by `technician` in his shift `shift`, with the service beginning at `start`. `risk`: how
    likely that service begins after the window closes. `risk_of_others`: how much more likely the worst of the others
    on that route comes too late because of it. `extra_cost`: travel, wishes and lateness that it adds. `kept_back`:
    it would use up what is kept for emergencies.
    """

    day: int
    window: TimeWindow
    reason: Reason | None
    technician: str | None = None
    shift: int | None = None
    start: int | None = None
    extra_cost: int | None = None
    risk: float | None = None
    risk_of_others: float | None = None
    kept_back: bool = False
    recommended: bool = False


def offer(visit: Visit, *, days: Sequence[Day], terms: SlotTerms = SlotTerms()) -> tuple[Slot, ...]:
    """Return every window with what it would cost, the best first, then those that cannot be offered.

    A visit that a plan already has is not taken out of it: ask with a plan without it.

    :param visit: who may serve it and how long it takes; its own windows and pinned start do not count.
    """
    slots = []
    for index, day in enumerate(days):
        question = _Question(index, day, visit, terms)
        slots += [question.answer(window) for window in day.windows]
    cheapest = min((s.extra_cost for s in slots if s.extra_cost is not None and not s.kept_back), default=None)
    return tuple(sorted((_recommended(slot, cheapest, terms) for slot in slots), key=_order))


def _recommended(slot: Slot, cheapest: int | None, terms: SlotTerms) -> Slot:
    if slot.extra_cost is None or slot.kept_back or cheapest is None:
        return slot
    sure = (slot.risk or 0.0) <= terms.most_risk and (slot.risk_of_others or 0.0) <= terms.most_risk
    return replace(slot, recommended=sure and slot.extra_cost <= cheapest + terms.near)


def _order(slot: Slot) -> tuple[bool, bool, bool, int, int, int, int]:
    rank = slot.reason is not None, slot.kept_back, not slot.recommended, slot.extra_cost or 0
    return *rank, slot.day, slot.window.start, slot.window.end


def _ways(net: Net, visit: Visit, given: Ways | None) -> Ways:
    if given is not None:
        return given
    matrix = net.problem.travel.matrix
    return Ways(matrix[:, visit.location], matrix[visit.location, :])


class _Question:
    """One visit asked of one plan: which places are open to it, whatever the window."""

    def __init__(self, index: int, day: Day, visit: Visit, terms: SlotTerms) -> None:
        self._day, self._openings, self._net = index, day.openings, day.openings.net
        self._visit, self._ways, self._terms = visit, _ways(self._net, visit, day.ways), terms
        openings, ways = self._openings, self._ways
        self._longer = Longer(self._net, visit, ways)
        self._kept_back = _uses_the_reserve(openings, visit, terms)
        rows, legs = openings.rows, _Legs(openings.rows, ways)
        self._allowed = np.array([self._net.may_serve(car, visit) for car in self._net.cars], dtype=np.bool_)
        earliest = np.maximum(rows.ready + legs.there, rows.floor)
        latest = np.minimum(rows.until, rows.latest - legs.back) - visit.duration
        open_ = self._allowed[rows.car] & (earliest <= latest) & legs.exist
        added = (legs.there + legs.back - rows.leg) * self._net.weight
        chosen = np.flatnonzero(open_)
        chosen = chosen[np.lexsort((rows.at[chosen], rows.car[chosen], added[chosen]))]
        self._car, self._at = rows.car[chosen], rows.at[chosen]
        self._added, self._earliest, self._latest = added[chosen], earliest[chosen], latest[chosen]

    def answer(self, window: TimeWindow) -> Slot:
        """Return the cheapest place within a window, or the reason that there is none."""
        opens = window.start if self._visit.release is None else max(window.start, self._visit.release)
        fits = np.maximum(self._earliest, opens) <= np.minimum(self._latest, window.end)
        best: _Place | None = None
        for added, car, at in self._nearest(fits):
            if best is not None and best.cost <= added:
                break  # lateness and wishes only add to the way
            place = self._timed(car, at, (opens, window.end))
            if place is not None and (best is None or place.cost < best.cost):
                best = place
        return Slot(self._day, window, self._against(opens, window.end)) if best is None else self._slot(window, best)

    def _nearest(self, fits: Bools) -> list[tuple[int, int, int]]:
        """Return the places of the shortest ways, each once: the breaks of a place may be taken in several orders."""
        some = np.flatnonzero(fits)[: 4 * _TRIED]
        places = zip(self._added[some].tolist(), self._car[some].tolist(), self._at[some].tolist(), strict=True)
        return list(dict.fromkeys(places))[:_TRIED]

    def _timed(self, index: int, at: int, window: tuple[int, int]) -> "_Place | None":
        """Time a route with the visit in it, to the second."""
        way, longer = self._openings.ways[index], self._longer
        seq = (*way.seq[:at], longer.new, *way.seq[at:])
        timed = schedule(longer, way.car, seq, what_if=WhatIf(longer.new, (window,)))
        if timed is None:
            return None
        legs = legs_of(longer, way.car, seq)
        driven = sum(way.legs) if way.seq else 0
        wish = self._net.wish_cost(self._visit, index)
        cost = (sum(legs) - driven) * self._net.weight + timed.late - way.late + wish
        return _Place(way.car, at, seq, legs, timed, cost)

    def _slot(self, window: TimeWindow, place: "_Place") -> Slot:
        technician = self._net.problem.technicians[place.car.technician]
        mine, others = self._risks(place, window)
        return Slot(
            self._day,
            window,
            None,
            technician.id,
            place.car.shift,
            place.timed.starts[place.at],
            place.cost,
            round(mine, 4),
            round(others, 4),
            kept_back=self._kept_back,
        )

    def _risks(self, place: "_Place", window: TimeWindow) -> tuple[float, float]:
        """Return how likely the visit is late, and how much more likely the worst of those behind it."""
        spread, leaves = self._terms.spread, place.car.start
        steps = _steps(self._longer, place)
        steps[place.at] = replace(steps[place.at], opens=max(window.start, self._visit.release or 0), closes=window.end)
        with_it = risks(steps, leaves=leaves, spread=spread)
        without = self._openings.remembered((place.car.index, spread), lambda: self._risks_now(place.car))
        more = [after - before for after, before in zip(with_it[place.at + 1 :], without[place.at :], strict=True)]
        return with_it[place.at], max([0.0, *more])

    def _risks_now(self, car: Car) -> tuple[float, ...]:
        """Return how likely each visit of a shift is late as the plan stands."""
        way = self._openings.ways[car.index]
        timed = schedule(self._net, car, way.seq) if way.seq else None
        if timed is None:
            return ()
        steps = _steps(self._net, _Place(car, _NO_PLACE, way.seq, tuple(way.legs), timed, 0))
        return risks(steps, leaves=car.start, spread=self._terms.spread)

    def _against(self, opens: int, closes: int) -> Reason:
        """Return the first rule that nobody can pass."""
        net, visit = self._net, self._visit
        if not net.cars:
            return Reason.NO_TECHNICIAN
        if opens > closes:
            return Reason.NO_WINDOW
        if not self._allowed.any():
            return _nobody(net, visit)
        allowed = [net.cars[index] for index in np.flatnonzero(self._allowed).tolist()]
        at_work = [car for car in allowed if car.start <= closes and opens + visit.duration <= car.end]
        if not at_work:
            return Reason.NO_SHIFT_IN_WINDOW
        there, back = self._ways.there, self._ways.back
        if all(max(there[car.origin], back[car.goal]) >= UNREACHABLE for car in at_work):
            return Reason.UNREACHABLE
        return Reason.CAPACITY


@dataclass(frozen=True, slots=True)
class _Place:
    """A route with the visit in it, timed."""

    car: Car
    at: int
    seq: tuple[int, ...]
    legs: tuple[int, ...]
    timed: Schedule
    cost: int


class _Legs:
    """The ways to and from the visit, row by row."""

    def __init__(self, rows: Rows, ways: Ways) -> None:
        self.there, self.back = ways.there[rows.before], ways.back[rows.after]
        self.exist: Bools = (self.there < UNREACHABLE) & (self.back < UNREACHABLE)


def _steps(net: Timetable, place: _Place) -> list[Leg]:
    """Return a route as what may go well or not: drive, pause, wait for the window, work."""
    steps = []
    taken = 0
    for i, v in enumerate(place.seq):
        pauses = place.timed.pauses[i]
        breaks = place.car.breaks[taken : taken + pauses]
        taken += pauses
        start = place.timed.starts[i]
        window = next((w for w in net.windows[v] if w[0] <= start <= w[1]), None)
        opens, closes = window if window is not None else (start, None)
        steps.append(Leg(place.legs[i], net.duration[v], opens, closes, sum(pause.duration for pause in breaks)))
    return steps


def _uses_the_reserve(openings: Openings, visit: Visit, terms: SlotTerms) -> bool:
    """Tell whether the day would have less time left than is kept back."""
    whole = sum(car.end - car.start for car in openings.net.cars)
    return whole - int(openings.busy.sum()) - visit.duration < terms.reserve * whole if terms.reserve > 0 else False


def _nobody(net: Net, visit: Visit) -> Reason:
    """Return the rule that kept the technician out who came nearest."""
    names = {technician.id for technician in net.problem.technicians}
    named = {name for name in names if not visit.only or name in visit.only}
    if visit.pinned_technician is not None:
        named &= {visit.pinned_technician}
    if not named:
        return Reason.NOT_ALLOWED
    return Reason.EXCLUDED if named <= set(visit.excluded) else Reason.NO_SKILL
