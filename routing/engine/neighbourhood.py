"""Column-generation neighbourhood search: a few neighbouring cars and what is left out near them, solved nearly to the
end.

Two neighbourhoods without a car in common are solved at the same time. One that was solved before and has not changed
since is not solved again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

from routing.engine.arrays import Flat, Ints, part_of
from routing.engine.compiled.colgen import Effort, bench_of, solve_part
from routing.engine.compiled.packing import Master, Pool
from routing.engine.crew import WORKERS, Crew
from routing.engine.memory import Memory
from routing.engine.nearness import there_and_back
from routing.engine.outline import Outline, Seq, kept_of, longest_of, outline_of, seqs_of

VISITS = 90
"""Most visits of a neighbourhood."""

SIZES = (5, 6, 6, 8, 10)
"""Cars of a neighbourhood, drawn anew each time: small ones are solved in a twentieth of a second, large ones see
further.
"""

LARGEST = 8
"""So many cars are added at most where all smaller neighbourhoods are known."""

LEFT_OUT = 10
"""Most visits left out that are taken in."""

EFFORT = Effort(root=30, dive=3, each=10, columns=5000, looks=300_000, widest=1200)


@dataclass(frozen=True, slots=True)
class Solved:
    """Hold the answer of one neighbourhood: its cars, their new routes, and routes worth remembering."""

    cars: tuple[int, ...]
    seqs: tuple[Seq, ...]
    better: bool
    columns: list[tuple[int, Seq, int]]


class Neighbourhoods:
    """Improve a plan neighbourhood by neighbourhood."""

    def __init__(self, flat: Flat, *, start: Outline, seed: int, memory: Memory) -> None:
        """Begin at a plan."""
        self._flat, self._memory, self._rng = flat, memory, Random(seed)
        self.best = start
        self._more = 0
        self._duals = np.zeros(flat.place.size + flat.origin.size)
        self._solved: set[tuple[tuple[int, Seq], ...]] = set()

    def take(self, outline: Outline) -> None:
        """Go on from a plan found elsewhere, if it is the best."""
        if outline.total < self.best.total:
            self.best = outline

    def round(self, crew: Crew, *, beside: Callable[[], None] | None = None) -> bool:
        """Solve one neighbourhood per worker; return whether there was one left to solve.

        With `beside` one of the workers does that instead.
        """
        workers = WORKERS - (beside is not None)
        chosen: list[tuple[list[int], list[int]]] = []
        taken: set[int] = set()
        inside: set[int] = set()
        for _ in range(workers):
            found = self._choose(taken, inside)
            if found is not None:
                chosen.append(found)
                inside.update(found[0])
                taken.update(found[1])
        work: list[Callable[[], Solved | None]] = [partial(self._solve, *found, crew.halt) for found in chosen]
        answers = crew.run([*work, *([beside] if beside else [])])
        self._take_all([answer for answer in answers if answer is not None])
        if not work:
            self._more += 1
        return self._more <= LARGEST

    def _take_all(self, answers: list[Solved]) -> None:
        seqs, better = list(self.best.seqs), False
        for answer in answers:
            for car, seq, cost in answer.columns:
                self._memory.add(car, seq=seq, cost=cost)
            if answer.better:
                better = True
                for car, seq in zip(answer.cars, answer.seqs, strict=True):
                    seqs[car] = seq
        if better:
            outline = outline_of(self._flat, seqs=seqs)
            if outline.total < self.best.total:
                self.best = outline

    def _choose(self, taken: set[int], inside: set[int]) -> tuple[list[int], list[int]] | None:
        """Pick visits and cars around a seed, none of those taken; None where only known neighbourhoods come up."""
        flat, rng = self._flat, self._rng
        n, m = flat.place.size, flat.origin.size
        out = [v for v in self.best.left_out(n) if flat.fits[v].any() and v not in inside]
        for _ in range(30):
            seed = rng.choice(out) if out and rng.random() < 0.3 else rng.randrange(n)
            if seed in inside:
                continue
            here = flat.place[[seed]]
            away = there_and_back(flat, here, flat.place)[0]
            home = there_and_back(flat, here, flat.origin)[0]
            near = {c: min([home[c], *(away[v] for v in self.best.seqs[c])]) for c in range(m) if c not in taken}
            order = sorted(near, key=lambda c: (near[c] * rng.uniform(0.5, 1.5), c))
            size = rng.choice(SIZES) + self._more
            cars: list[int] = []
            visits: list[int] = []
            for c in order:
                if len(cars) == size or len(visits) + len(self.best.seqs[c]) > VISITS:
                    break
                cars.append(c)
                visits += self.best.seqs[c]
            cars.sort()
            key = tuple((c, self.best.seqs[c]) for c in cars)
            if key in self._solved or not cars:
                continue
            self._solved.add(key)
            near_out = sorted((v for v in out if flat.fits[v, cars].any()), key=lambda v: (away[v], v))
            return sorted(visits + near_out[:LEFT_OUT]), cars
        return None

    def _solve(self, visits: list[int], cars: list[int], halt: Ints) -> Solved:
        flat = self._flat
        part = part_of(flat, visits=visits, cars=cars)
        number = {v: i for i, v in enumerate(visits)}
        longest = longest_of(part)
        kept = kept_of([tuple(number[v] for v in self.best.seqs[c]) for c in cars], longest=longest)
        sizes, costs = kept.size.astype(np.int32), np.array([self.best.costs[c] for c in cars], dtype=np.int64)
        where = [*visits, *(flat.place.size + c for c in cars)]
        duals = self._duals[where]
        bench = bench_of(part, EFFORT, longest, halt)
        better, _ = solve_part(part, bench, EFFORT, kept.seq, sizes, costs, duals)
        self._duals[where] = duals
        seqs = [tuple([visits[v] for v in seq]) for seq in seqs_of(kept.seq, sizes.astype(np.int64))]
        return Solved(tuple(cars), tuple(seqs), bool(better), _worthy(part, bench.pool, bench.master, visits, cars))


def _worthy(flat: Flat, pool: Pool, master: Master, visits: list[int], cars: list[int]) -> list[tuple[int, Seq, int]]:
    """Return the routes that the relaxation uses, for they may fit with those of other neighbourhoods."""
    columns = []
    for j in master.basis[: int(master.tally[0])].tolist():
        if j >= 0:
            seq = pool.seq[j, : pool.size[j]].tolist()
            cost = int(flat.drop[seq].sum()) - round(float(pool.gain[j]))
            columns.append((cars[int(pool.car[j])], tuple([visits[v] for v in seq]), cost))
    return columns
