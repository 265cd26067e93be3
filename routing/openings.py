"""Every place in a plan where one more visit might go, laid out so that all of them are asked at once.

Between two neighbours of a route the breaks may be taken before or behind a new visit. Each such choice is one row:
the service can begin at `max(ready + way there, floor)` at the earliest, and must be done by
`min(until, latest - way onwards)` (see `routing.engine.gaps`). The rows are those of the tables of `Way`, so what fits
here fits there. Made once for a plan; then a question costs a few operations on whole arrays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from routing.engine.arrays import Ints
from routing.engine.gaps import FOREVER
from routing.engine.model import Net
from routing.engine.routes import Book
from routing.engine.tables import Way
from routing.explain import draft_of
from routing.plan import Plan
from routing.problem import Problem

T = TypeVar("T")

_FIELDS = ("car", "at", "before", "after", "leg", "ready", "floor", "until", "latest")


@dataclass(frozen=True, slots=True)
class Rows:
    """Hold the places as columns, all in seconds or indices.

    `car`, `at`: which shift, and before which of its stops. `before`, `after`: the locations around it. `leg`: what
    the way between them takes now (0 in a shift without visits: nobody drives).
    """

    car: Ints
    at: Ints
    before: Ints
    after: Ints
    leg: Ints
    ready: Ints
    floor: Ints
    until: Ints
    latest: Ints


class Openings:
    """A plan, ready to be asked where something more would fit. Unchangeable; may be shared by threads.

    `ways`: the route of every shift. `busy`: seconds of each shift that are driven, worked or paused.
    """

    def __init__(self, problem: Problem, *, plan: Plan) -> None:
        """Lay the plan out.

        :raises ValueError: if the plan does not fit the problem; let `check` say why.
        """
        self.net = Net(problem)
        draft = draft_of(Book(self.net), plan=plan)
        self.ways: tuple[Way, ...] = tuple(draft.ways)
        self.busy: Ints = np.array([_busy(self.net, way) for way in self.ways], dtype=np.int64)
        found = [row for way in self.ways for row in _rows(way)]
        table = np.array(found, dtype=np.int64).reshape(len(found), len(_FIELDS)).T.copy()
        table.flags.writeable = False
        self.rows = Rows(*table)
        self._memory: dict[object, Any] = {}

    def remembered(self, key: object, make: Callable[[], T]) -> T:
        """Return what was made for a key; of two threads that ask at once both may make it, and make the same."""
        found = self._memory.get(key)
        if found is None:
            found = self._memory[key] = make()
        return cast("T", found)


def _rows(way: Way) -> Iterator[tuple[int, ...]]:
    """Yield the rows of one route; none if it may not become longer."""
    car = way.car
    if len(way.seq) >= car.max_visits:
        return
    counts = range(len(car.breaks) + 1)
    for at in range(len(way.finish)):
        for first in counts:
            clock = way.finish[at][first]
            for second in range(first, len(counts)):
                there = car.gaps[first][second]
                if clock >= FOREVER or there is None or clock > there.until:
                    continue
                for third in range(second, len(counts)):
                    onwards, latest = car.gaps[second][third], way.latest[at][third]
                    if onwards is None or latest <= -FOREVER or onwards.floor > latest:
                        continue
                    yield (
                        car.index,
                        at,
                        way.places[at],
                        way.places[at + 1],
                        way.legs[at] if way.seq else 0,
                        clock + there.lasts,
                        there.floor,
                        onwards.until,
                        latest - onwards.lasts,
                    )


def _busy(net: Net, way: Way) -> int:
    if not way.seq:
        return 0
    return sum(way.legs) + sum(net.duration[v] for v in way.seq) + sum(pause.duration for pause in way.car.breaks)
