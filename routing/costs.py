"""What a plan costs, part by part, in seconds of travel.

Computed from the problem and the written plan alone. Where only features of the bench format are used, the
total is the referee's cost: travel seconds plus the drop costs of the visits that are not served.
"""

import itertools
from dataclasses import dataclass

from routing.plan import Plan, Route
from routing.problem import Problem, Visit
from routing.weights import WEIGHT_NOTES, WeightNote, Weights

__all__ = ["WEIGHT_NOTES", "Costs", "WeightNote", "Weights", "costs_of", "late_cost", "wish_cost"]


@dataclass(frozen=True, slots=True)
class Costs:
    """Break the cost of a plan down. All in seconds of travel except the two counts and `travel_seconds`."""

    travel: int
    wishes: int
    lateness: int
    dropped: int
    travel_seconds: int
    served: int
    unserved: int

    @property
    def total(self) -> int:
        """Return what the optimiser minimises."""
        return self.travel + self.wishes + self.lateness + self.dropped


def costs_of(problem: Problem, *, plan: Plan) -> Costs:
    """Return the costs of a plan.

    A visit that appears twice is counted once as served; legs without a way count as nothing, for `check`
    names them.

    :raises KeyError: if the plan names a technician or a visit that the problem does not know.
    """
    visits = {v.id: v for v in problem.visits}
    served = {s.visit for r in plan.routes for s in r.stops}
    seconds = sum(_route_seconds(problem, r, visits=visits) for r in plan.routes if r.stops)
    wishes = sum(wish_cost(problem, visits[s.visit], technician=r.technician) for r in plan.routes for s in r.stops)
    late = sum(late_cost(visits[s.visit], start=s.start) for r in plan.routes for s in r.stops)
    dropped = sum(v.drop_cost for v in problem.visits if v.id not in served)
    return Costs(
        travel=seconds * problem.weights.travel,
        wishes=wishes,
        lateness=late,
        dropped=dropped,
        travel_seconds=seconds,
        served=len(served),
        unserved=sum(1 for v in problem.visits if v.id not in served),
    )


def wish_cost(problem: Problem, visit: Visit, *, technician: str) -> int:
    """Return what it costs that the customer prefers somebody else; 0 without wishes or for the first wish."""
    if not visit.preferred:
        return 0
    if technician not in visit.preferred:
        return problem.weights.not_preferred
    return min(problem.weights.not_preferred, problem.weights.preferred_rank * visit.preferred.index(technician))


def late_cost(visit: Visit, *, start: int) -> int:
    """Return what a start after `due` costs: per hour, by the second, rounded up; on the very second 0."""
    if visit.due is None or start <= visit.due:
        return 0
    return -(-(start - visit.due) * visit.late_cost_per_hour // 3_600)


def _route_seconds(problem: Problem, route: Route, *, visits: dict[str, Visit]) -> int:
    technician = next((t for t in problem.technicians if t.id == route.technician), None)
    if technician is None:
        raise KeyError(route.technician)
    first, last = technician.places(technician.shifts[route.shift])
    places = [first, *[visits[s.visit].location for s in route.stops], last]
    legs = [problem.travel.seconds(a, to=b) for a, b in itertools.pairwise(places)]
    return sum(leg for leg in legs if leg is not None)
