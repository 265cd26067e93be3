"""A problem laid out for speed: visits and shifts as small integers, travel as lists of lists."""

from array import array
from collections.abc import Sequence

from routing.costs import wish_cost
from routing.engine.gaps import Gap, gaps_of
from routing.problem import Problem, Shift, Technician, Visit

MANY_LOCATIONS = 2_500
"""Above this a matrix of Python integers would take gigabytes; packed arrays are a little slower."""


class Car:
    """Be one shift of one technician, that is one route to fill."""

    __slots__ = ("breaks", "end", "gaps", "goal", "index", "max_visits", "origin", "shift", "start", "technician")

    def __init__(self, index: int, *, technician: int, shift: int, of: Technician, work: Shift) -> None:
        """Copy what the search needs from the values."""
        self.index = index
        self.technician = technician
        self.shift = shift
        self.origin, self.goal = of.places(work)
        self.start, self.end = work.start, work.end
        self.max_visits = 10**9 if work.max_visits is None else work.max_visits
        # The rules match the breaks of a day in the order of their earliest start.
        self.breaks = tuple(sorted(work.breaks, key=lambda b: b.earliest))
        self.gaps: tuple[tuple[Gap | None, ...], ...] = gaps_of(self.breaks)


class Net:
    """Hold a problem as plain integers. Visits and cars are known by their index.

    `fits[v]` lists the cars that skills, lists, pins and windows do not forbid; `wish[v]` maps a car to what
    its technician costs more than the one the customer prefers.
    """

    __slots__ = (
        "cars",
        "drop",
        "due",
        "duration",
        "fits",
        "fits_set",
        "late_rate",
        "location",
        "problem",
        "soft",
        "travel",
        "visits",
        "weight",
        "windows",
        "windows_back",
        "wish",
    )

    def __init__(self, problem: Problem) -> None:
        """Lay the problem out. It must be free of findings that are errors."""
        self.problem = problem
        self.visits: tuple[Visit, ...] = problem.visits
        self.cars = tuple(_cars(problem))
        self.travel: Sequence[Sequence[int]] = _rows(problem)
        self.weight = problem.weights.travel
        self.location = [v.location for v in self.visits]
        self.duration = [v.duration for v in self.visits]
        self.windows = [tuple((w.start, w.end) for w in v.start_windows()) for v in self.visits]
        self.windows_back = [tuple(reversed(w)) for w in self.windows]
        self.drop = [v.drop_cost for v in self.visits]
        self.due = [v.due if v.due is not None and v.late_cost_per_hour else 1 << 60 for v in self.visits]
        self.late_rate = [v.late_cost_per_hour for v in self.visits]
        self.soft = any(v.due is not None and v.late_cost_per_hour for v in self.visits)
        self.fits: list[tuple[int, ...]] = []
        self.wish: list[dict[int, int]] = []
        for v, visit in enumerate(self.visits):
            self.fits.append(tuple(c.index for c in self.cars if self._may(c, v, visit)))
            self.wish.append({c: self.wish_cost(visit, c) for c in self.fits[v]} if visit.preferred else {})
        self.fits_set = [frozenset(f) for f in self.fits]

    def wish_cost(self, visit: Visit, car: int) -> int:
        """Return what it costs that the customer prefers somebody else to the technician of a car."""
        return wish_cost(self.problem, visit, technician=self.problem.technicians[self.cars[car].technician].id)

    def may_serve(self, car: Car, visit: Visit) -> bool:
        """Tell whether skills, lists and pin let the technician of a car serve the visit in that shift."""
        technician = self.problem.technicians[car.technician]
        shift = technician.shifts[car.shift]
        if visit.only and technician.id not in visit.only:
            return False
        if technician.id in visit.excluded or visit.pinned_technician not in (None, technician.id):
            return False
        return all(technician.level(need.name, shift=shift) >= need.level for need in visit.skills)

    def _may(self, car: Car, v: int, visit: Visit) -> bool:
        """Tell whether the car may serve the visit and could be there in time if it did nothing else."""
        there = car.start + self.travel[car.origin][visit.location]
        latest = car.end - self.travel[visit.location][car.goal] - visit.duration
        if not any(max(a, there) <= min(b, latest) for a, b in self.windows[v]):
            return False
        return self.may_serve(car, visit)


def _cars(problem: Problem) -> list[Car]:
    pairs = [(t, k) for t, technician in enumerate(problem.technicians) for k in range(len(technician.shifts))]
    people = problem.technicians
    return [Car(i, technician=t, shift=k, of=people[t], work=people[t].shifts[k]) for i, (t, k) in enumerate(pairs)]


def _rows(problem: Problem) -> Sequence[Sequence[int]]:
    if problem.travel.size <= MANY_LOCATIONS:
        rows: list[list[int]] = problem.travel.matrix.tolist()
        return rows
    return [array("q", row.tobytes()) for row in problem.travel.matrix]
