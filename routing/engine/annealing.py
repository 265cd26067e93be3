"""Simulated annealing by ruin and recreate on both cores: two walks of a small problem, territories of a large one.

A large plan is cut into territories anew in every round; each is walked alone. The temperature falls with the share of
the allowance that is used.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

from routing.engine.arrays import Flat, Ints, Small, part_of
from routing.engine.compiled.insertion import Routes
from routing.engine.compiled.labels import Bits
from routing.engine.compiled.record import Kept, Log, fill, keep, log_of
from routing.engine.compiled.walk import walk
from routing.engine.crew import WORKERS, Crew
from routing.engine.memory import Memory
from routing.engine.nearness import neighbours_of, territories
from routing.engine.outline import Outline, longest_of, outline_of, routes_with, seqs_of

HOT, WARM, COLD = 3.0, 0.8, 0.01
"""Temperature at the begin (`WARM` for a large problem, which has no time for detours) and the end, in mean travel
costs of a served visit: so hot that the choice of the visits that are left out, worth ten times their travel, can still
change."""

TERRITORY = 180
"""Visits of one territory; a problem not much larger is walked whole, twice."""

WHOLE = 260
"""Visits up to which a problem is walked whole."""

LOGGED = 1500
"""Routes of accepted plans remembered from one piece of work."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a part of the problem that one worker walks: its visits and cars, their tables, routes and neighbours."""

    visits: list[int]
    cars: list[int]
    flat: Flat
    routes: Routes
    near: Small
    state: Bits
    best: Kept
    log: Log


def piece_of(flat: Flat, *, visits: list[int], cars: list[int], seqs: Sequence[Sequence[int]], seed: int) -> Piece:
    """Cut a part out of a problem, with the routes its cars have."""
    part = part_of(flat, visits=visits, cars=cars)
    number = {v: i for i, v in enumerate(visits)}
    longest = longest_of(part)
    routes = routes_with(part, seqs=[tuple(number[v] for v in seqs[c]) for c in cars], longest=longest)
    state = np.array([(seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % (1 << 64) or 1], dtype=np.uint64)
    return Piece(visits, cars, part, routes, neighbours_of(part), state, keep(routes), log_of(LOGGED, longest))


def first_outline(flat: Flat) -> Outline:
    """Build a plan by regret insertion."""
    n, m = flat.place.size, flat.origin.size
    routes = routes_with(flat, seqs=[()] * m, longest=longest_of(flat))
    if n and m:
        fill(flat, routes)
    return outline_of(flat, seqs=seqs_of(routes.seq, routes.size))


class Annealing:
    """Walk towards better plans, a round at a time."""

    def __init__(self, flat: Flat, *, start: Outline, seed: int, memory: Memory) -> None:
        """Begin at a plan."""
        self._flat, self._memory = flat, memory
        self._rng = Random(seed)
        self._seeds = Random(seed + 1)
        self.best = start
        served = flat.place.size - len(start.left_out(flat.place.size))
        self._unit = max(1.0, sum(start.costs) / max(1, served))
        self._whole = flat.place.size <= WHOLE
        self._seqs = list(start.seqs)
        self._pieces: list[Piece] = []
        self._walks = [self._piece_of_all(start) for _ in range(WORKERS)] if self._whole else []

    @property
    def pieces_are_cut(self) -> bool:
        """Tell whether every round begins with cutting territories, which takes its time."""
        return not self._whole

    def _piece_of_all(self, outline: Outline) -> Piece:
        n, m = self._flat.place.size, self._flat.origin.size
        return self._piece(list(range(n)), list(range(m)), outline.seqs)

    def _piece(self, visits: list[int], cars: list[int], seqs: Sequence[Sequence[int]]) -> Piece:
        seed = self._seeds.getrandbits(63)
        return piece_of(self._flat, visits=visits, cars=cars, seqs=seqs, seed=seed)

    def _heat(self, share: float) -> float:
        hot = HOT if self._whole else WARM
        return float(self._unit * hot * (COLD / hot) ** min(1.0, share))

    def take(self, outline: Outline) -> None:
        """Go on from a plan found elsewhere, if it is the best."""
        if outline.total < self.best.total:
            self.best = outline
            self._seqs = list(outline.seqs)
            if self._whole:
                self._walks = [self._piece_of_all(outline) for _ in range(WORKERS)]

    def prepare(self) -> None:
        """Cut the pieces of the next round; a problem that is walked whole keeps its walks."""
        if self._whole:
            self._pieces = self._walks
            return
        served = {v for seq in self._seqs for v in seq}
        out = [v for v in range(self._flat.place.size) if v not in served]
        parts = territories(self._flat, seqs=self._seqs, out=out, most=TERRITORY, rng=self._rng)
        self._pieces = [self._piece(visits, cars, self._seqs) for visits, cars in parts]

    def round(
        self, crew: Crew, *, steps: int, shares: tuple[float, float], beside: Callable[[], None] | None = None
    ) -> None:
        """Let every worker take so many steps while the share of the allowance goes from one to the other.

        With `beside` one of the workers does that instead.
        """
        hot, cold = self._heat(shares[0]), self._heat(shares[1])
        pieces = self._pieces
        if not self._whole:
            steps = max(1, steps * WORKERS // len(pieces))
        elif beside is not None:
            pieces = pieces[:-1]
        work: list[Callable[[], int | None]] = [
            partial(_walk, p, steps=steps, hot=hot, cold=cold, halt=crew.halt) for p in pieces
        ]
        costs = [cost for cost in crew.run([*work, *([beside] if beside else [])]) if cost is not None]
        for piece in pieces:
            self._memory.add_log(piece.log, visits=piece.visits, cars=piece.cars)
        if self._whole:
            for piece, cost in zip(pieces, costs, strict=True):
                if cost < self.best.total:
                    self._accept([(piece, piece.best)], onto=self.best.seqs)
        else:
            self._accept([(p, p.best) for p in pieces], onto=self._seqs)
            self._seqs = _merged(self._seqs, [(p, Kept(p.routes.seq, p.routes.size)) for p in pieces])

    def _accept(self, found: list[tuple[Piece, Kept]], *, onto: Sequence[tuple[int, ...]]) -> None:
        outline = outline_of(self._flat, seqs=_merged(onto, found))
        if outline.total < self.best.total:
            self.best = outline
            self._memory.add_outline(outline)


def _walk(piece: Piece, *, steps: int, hot: float, cold: float, halt: Ints) -> int:
    return int(
        walk(piece.flat, piece.routes, piece.near, piece.state, steps, hot, cold, False, piece.best, piece.log, halt)
    )


def _merged(seqs: Sequence[tuple[int, ...]], found: list[tuple[Piece, Kept]]) -> list[tuple[int, ...]]:
    """Replace the routes of the pieces' cars by those found."""
    merged = list(seqs)
    for piece, kept in found:
        for car, seq in zip(piece.cars, seqs_of(kept.seq, kept.size), strict=True):
            merged[car] = tuple([piece.visits[v] for v in seq])
    return merged
