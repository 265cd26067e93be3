"""Improve a plan with the OR-Tools routing library, starting from the plan given.

The library holds Python's interpreter lock for its whole run: call this in a process of its own if others
must go on. Its answer is only a proposal: sequences, timed and checked again by our own code.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from routing.engine.draft import Draft
from routing.engine.model import Car, Net
from routing.engine.routes import Book

LARGEST = 1 << 40
"""No single cost in the model may be higher; sums stay far inside 64 bits."""


class _Model:
    """Translate a problem: one start, one end node per car, then one node per visit."""

    def __init__(self, net: Net) -> None:
        self.net = net
        cars = len(net.cars)
        self.first = 2 * cars
        size = self.first + len(net.visits)
        self.manager = pywrapcp.RoutingIndexManager(size, cars, list(range(cars)), list(range(cars, 2 * cars)))
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.latest = max(c.end for c in net.cars) + 1
        # Lateness is priced per hour and the library counts per second: all costs times 3600 keeps it exact.
        self.scale = 3_600 if net.soft else 1
        places = [c.origin for c in net.cars] + [c.goal for c in net.cars] + net.location
        legs = np.minimum(net.problem.travel.matrix[np.ix_(places, places)], self.latest)
        service = np.array([0] * self.first + net.duration)
        self._travel_costs(legs)
        self._times(legs + service[:, None])
        for car in net.cars:
            self._shift(car, service=service.tolist())
        for v in range(len(net.visits)):
            self._visit(v)

    def node(self, v: int) -> int:
        """Return the library's index of a visit."""
        return int(self.manager.NodeToIndex(self.first + v))

    def _travel_costs(self, legs: "np.ndarray[Any, np.dtype[np.int64]]") -> None:
        net, routing = self.net, self.routing
        base = legs * net.weight * self.scale
        if not any(net.wish):
            routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(base.tolist()))
            return
        for car in net.cars:
            own = base.copy()
            for v, wish in enumerate(net.wish):
                own[:, self.first + v] += wish.get(car.index, 0) * self.scale
            routing.SetArcCostEvaluatorOfVehicle(routing.RegisterTransitMatrix(own.tolist()), car.index)

    def _times(self, transit: "np.ndarray[Any, np.dtype[np.int64]]") -> None:
        routing = self.routing
        capacity = self.latest + int(transit.max()) + 1
        routing.AddDimension(routing.RegisterTransitMatrix(transit.tolist()), capacity, capacity, False, "time")
        self.time = routing.GetDimensionOrDie("time")
        ones = routing.RegisterUnaryTransitVector([0] * self.first + [1] * len(self.net.visits))
        limits = [min(c.max_visits, len(self.net.visits)) for c in self.net.cars]
        routing.AddDimensionWithVehicleCapacity(ones, 0, limits, True, "visits")

    def _shift(self, car: Car, *, service: Sequence[int]) -> None:
        start, end = self.routing.Start(car.index), self.routing.End(car.index)
        self.time.CumulVar(start).SetRange(car.start, car.end)
        self.time.CumulVar(end).SetRange(car.start, car.end)
        if not car.breaks:
            return
        solver = self.routing.solver()
        of_index = [service[self.manager.IndexToNode(i)] for i in range(self.routing.Size())]
        pauses = []
        for k, b in enumerate(car.breaks):
            first, last = max(b.earliest, car.start), min(b.latest, car.end - b.duration)
            pauses.append(
                solver.FixedDurationIntervalVar(first, max(first, last), b.duration, False, f"{car.index}/{k}")
            )
        self.time.SetBreakIntervalsOfVehicle(pauses, car.index, of_index)

    def _visit(self, v: int) -> None:
        net, index = self.net, self.node(v)
        self.routing.AddDisjunction([index], min(net.drop[v], LARGEST) * self.scale)
        self.routing.VehicleVar(index).SetValues([-1, *net.fits[v]])
        windows = [(a, min(b, self.latest)) for a, b in net.windows[v] if a <= self.latest]
        if not windows:
            return
        clock = self.time.CumulVar(index)
        clock.SetRange(windows[0][0], windows[-1][1])
        for (_, closes), (opens, _) in itertools.pairwise(windows):
            if closes + 1 <= opens - 1:
                clock.RemoveInterval(closes + 1, opens - 1)
        if net.due[v] <= self.latest:
            self.time.SetCumulVarSoftUpperBound(index, net.due[v], net.late_rate[v])


def improve(draft: Draft, *, seconds: float | None, solutions: int = 400) -> Draft | None:
    """Return a better plan found by the library from a draft, None where there is none.

    With `seconds` a guided local search that uses all of them. With None a descent to a local optimum or to
    `solutions` steps, whichever comes first: no clock is looked at, so the same draft gives the same answer
    (a guided search would not end at all on a problem too small for so many solutions).
    """
    net = draft.book.net
    if not net.cars or not net.visits or (seconds is not None and seconds < 0.1):
        return None
    model = _Model(net)
    params: Any = pywrapcp.DefaultRoutingSearchParameters()
    kinds = routing_enums_pb2.LocalSearchMetaheuristic
    params.local_search_metaheuristic = kinds.GREEDY_DESCENT if seconds is None else kinds.GUIDED_LOCAL_SEARCH
    if seconds is None:
        params.solution_limit = solutions
    else:
        params.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    model.routing.CloseModelWithParameters(params)
    routes = [[model.node(v) for v in seq] for seq in draft.sequences()]
    start = model.routing.ReadAssignmentFromRoutes(routes, True)
    if start is None:
        return None
    found = model.routing.SolveFromAssignmentWithParameters(start, params)
    if found is None:
        return None
    better = _read(draft.book, model, found)
    return better if better is not None and better.cost < draft.cost else None


def _read(book: Book, model: _Model, found: Any) -> Draft | None:
    """Turn the library's answer into a draft; a route that our own timing refuses is left out whole."""
    draft = Draft(book)
    for car in book.net.cars:
        seq, index = [], model.routing.Start(car.index)
        while not model.routing.IsEnd(index):
            index = found.Value(model.routing.NextVar(index))
            if not model.routing.IsEnd(index):
                seq.append(model.manager.IndexToNode(index) - model.first)
        way = book.way(car.index, tuple(seq))
        if way is None:
            continue
        draft.put(car.index, way)
        for v in seq:
            draft.out.discard(v)
            draft.cost -= book.net.drop[v]
    return draft
