"""Recombine remembered routes: a linear programme over all, then the best whole choice among the promising."""

from functools import partial
from random import Random

import numpy as np

from routing.engine.arrays import Flat, part_of
from routing.engine.compiled.colgen import best_of_pool
from routing.engine.compiled.packing import pool_of
from routing.engine.crew import Crew
from routing.engine.master import Column, choose
from routing.engine.memory import Memory
from routing.engine.nearness import territories
from routing.engine.outline import Outline, Seq, outline_of

TERRITORY = 220
"""Visits up to which the routes of a whole problem are recombined at once; a larger one is cut."""

COLUMNS = 8_000
"""Most remembered routes looked at in one territory."""

EFFORT = 0.3
"""Deterministic time of CP-SAT: short, for a cancellation must be noticed within half a second."""

LOOKS = 2_000_000
WIDEST = 3_000
FEW = 2_500
"""Columns up to which CP-SAT is asked where the search by depth did not end."""


def recombine(
    flat: Flat, *, best: Outline, memory: Memory, crew: Crew, rng: Random, seconds: float | None, seed: int
) -> Outline | None:
    """Return a cheaper plan made of remembered routes, None where there is none."""
    n = flat.place.size
    memory.add_outline(best)
    parts = territories(flat, seqs=best.seqs, out=best.left_out(n), most=TERRITORY, rng=rng)
    work = [
        partial(_of_territory, flat, best, memory, visits, cars, seconds=seconds, seed=seed) for visits, cars in parts
    ]
    seqs, changed = list(best.seqs), False
    for found in crew.run(work):
        for car, seq in found.items():
            seqs[car], changed = seq, True
    if not changed:
        return None
    outline = outline_of(flat, seqs=seqs)
    return outline if outline.total < best.total else None


def _of_territory(
    flat: Flat,
    best: Outline,
    memory: Memory,
    visits: list[int],
    cars: list[int],
    *,
    seconds: float | None,
    seed: int,
) -> dict[int, Seq]:
    """Return the new routes of a territory's cars, empty where nothing is won."""
    mine, own = set(visits), set(cars)
    known = [(c, s, k) for c, s, k in memory.routes() if c in own and mine.issuperset(s)][-COLUMNS:]
    if len(known) <= len(cars) or len(visits) + len(cars) > 400:
        return {}
    place = {v: i for i, v in enumerate(visits)}
    order = {c: i for i, c in enumerate(cars)}
    longest = max(len(s) for _, s, _ in known)
    pool = pool_of(len(known), longest, 0)
    for j, (car, seq, cost) in enumerate(known):
        pool.seq[j, : len(seq)] = [place[v] for v in seq]
        pool.size[j], pool.car[j] = len(seq), order[car]
        pool.gain[j] = sum(int(flat.drop[v]) for v in seq) - cost
    pool.used[0] = len(known)
    have = sum(int(flat.drop[v]) for c in cars for v in best.seqs[c]) - sum(best.costs[c] for c in cars)
    part = part_of(flat, visits=visits, cars=cars)
    chosen, proven, likely = best_of_pool(part, pool, float(have), LOOKS, WIDEST)
    if chosen.size == 0 and not proven and likely.size <= FEW:
        columns = [Column(c, s, k, best.seqs[c] == s) for c, s, k in (known[j] for j in likely.tolist())]
        drop = flat.drop.tolist()
        found = choose(columns, drop=drop, seconds=seconds, seed=seed, effort=EFFORT) or []
        if sum(sum(drop[v] for v in c.seq) - c.cost for c in found) <= have:
            return {}
        return dict.fromkeys(cars, ()) | {c.car: c.seq for c in found}
    if chosen.size == 0:
        return {}
    return dict.fromkeys(cars, ()) | {known[j][0]: known[j][1] for j in np.asarray(chosen).tolist()}
