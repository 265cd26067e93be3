"""Remember good routes: for a car and a set of visits the cheapest order seen."""

from collections.abc import Iterable

from routing.engine.compiled.record import Log
from routing.engine.outline import Outline, Seq

MOST = 150_000
"""Routes remembered; beyond that the older half is forgotten."""

Key = tuple[int, frozenset[int]]


class Memory:
    """Hold routes of a whole problem with their costs."""

    def __init__(self) -> None:
        """Begin empty."""
        self._routes: dict[Key, tuple[int, Seq]] = {}

    def add(self, car: int, *, seq: Seq, cost: int) -> None:
        """Remember one route."""
        key = (car, frozenset(seq))
        known = self._routes.get(key)
        if known is None or cost < known[0]:
            self._routes.pop(key, None)
            self._routes[key] = (cost, seq)

    def add_outline(self, outline: Outline) -> None:
        """Remember the routes of a plan."""
        for car, (seq, cost) in enumerate(zip(outline.seqs, outline.costs, strict=True)):
            if seq:
                self.add(car, seq=seq, cost=cost)

    def add_log(self, log: Log, *, visits: list[int], cars: list[int]) -> None:
        """Remember the routes of a log; `visits` and `cars` translate the numbers of a part."""
        count = min(int(log.written[0]), log.size.size)
        rows = zip(
            log.car[:count].tolist(),
            log.seq[:count].tolist(),
            log.size[:count].tolist(),
            log.cost[:count].tolist(),
            strict=True,
        )
        for car, seq, size, cost in rows:
            self.add(cars[car], seq=tuple([visits[v] for v in seq[:size]]), cost=cost)
        log.written[0] = 0
        if len(self._routes) > MOST:
            for key in list(self._routes)[: len(self._routes) // 2]:
                del self._routes[key]

    def routes(self) -> Iterable[tuple[int, Seq, int]]:
        """Yield car, visits in order and cost of every route."""
        for (car, _), (cost, seq) in self._routes.items():
            yield car, seq, cost
