"""Large neighbourhood search: ruin, recreate, accept by simulated annealing, remember good routes."""

import math
from collections.abc import Callable
from random import Random

from routing.engine.draft import Draft
from routing.engine.plain.local_search import polish
from routing.engine.plain.recreate import recreate
from routing.engine.plain.ruin import Ruin
from routing.engine.tables import Way
from routing.stop import Stop

HOT, COLD = 4.0, 0.02
"""Temperature at the begin and the end of a walk, in mean travel costs of a served visit: so hot that the choice
of the visits that are left out, worth ten times their travel, can still change."""

WANDER = 0.5
"""Share of the allowance for the first walk, which compares with where it is and may go far. The second compares
with the best plan and stays near it. Some problems need the one, some the other."""

POOL = 60_000
"""Most routes remembered; then those of the current plans are kept and the rest is forgotten."""


class Pool:
    """Remember good routes: for a car and a set of visits the cheapest order seen."""

    def __init__(self) -> None:
        """Begin empty."""
        self.ways: dict[tuple[int, frozenset[int]], Way] = {}

    def add(self, draft: Draft) -> None:
        """Remember every route of a plan."""
        if len(self.ways) > POOL:
            self.ways.clear()
        for way in draft.ways:
            if way.seq:
                key = (way.car.index, frozenset(way.seq))
                known = self.ways.get(key)
                if known is None or way.cost < known.cost:
                    self.ways[key] = way


class Search:
    """Improve a draft step by step. Deterministic for a seed and an iteration limit."""

    def __init__(self, draft: Draft, *, rng: Random, stop: Stop, on_best: Callable[[Draft], None]) -> None:
        """Begin at a draft. `on_best` hears of every better plan."""
        self.best = draft.copy()
        self.current = draft.copy()
        self.pool = Pool()
        self.pool.add(draft)
        self.iterations = 0
        self._rng, self._stop, self._on_best = rng, stop, on_best
        self._ruin = Ruin(draft.book.net, rng=rng)
        served = len(draft.book.net.visits) - len(draft.out)
        self._unit = max(1.0, sum(w.travel for w in draft.ways) / max(1, served))

    def run(self, *, until: float) -> None:
        """Search until that share of the allowance is used or the stop says so."""
        rng = self._rng
        while not self._stop.reached(iterations=self.iterations):
            share = self._stop.fraction(iterations=self.iterations)
            if share >= until:
                return
            self.iterations += 1
            draft = self.current.copy()
            self._ruin.ruin(draft)
            recreate(draft, rng=rng)
            if draft.cost < self._measure(share) - self._heat(share) * math.log(rng.random() or 1e-300):
                self.current = draft
                self.pool.add(draft)
            if draft.cost < self.best.cost:
                self._better(draft)

    def _heat(self, share: float) -> float:
        """Return the temperature: each of the two walks cools down on its own."""
        walked = share / WANDER if share < WANDER else (share - WANDER) / (1 - WANDER)
        return float(self._unit * HOT * (COLD / HOT) ** walked)

    def _measure(self, share: float) -> int:
        """Return the cost that a new plan is compared with."""
        return self.current.cost if share < WANDER else self.best.cost

    def take(self, draft: Draft) -> None:
        """Go on from a draft found elsewhere, if it is the best."""
        self.pool.add(draft)
        if draft.cost < self.best.cost:
            polish(draft, stop=self._stop)
            self.current = draft.copy()
            self._better(draft)

    def _better(self, draft: Draft) -> None:
        polish(draft, stop=self._stop)
        self.current = draft
        self.pool.add(draft)
        self.best = draft.copy()
        self._on_best(self.best)
