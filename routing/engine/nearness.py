"""Which visits and cars are near each other: lists of neighbours, territories, and neighbourhoods around a visit."""

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt

from routing.engine.arrays import NO_WAY, Flat, Small

Reals = npt.NDArray[np.float64]

NEIGHBOURS = 60
"""Nearest visits known of a visit."""

APART = 0.2
"""What a second of waiting between two windows counts against a second of travel."""


def neighbours_of(flat: Flat) -> Small:
    """Return for each visit the nearest others, itself first: by travel there and back, and by time apart."""
    n = flat.place.size
    near = (there_and_back(flat, flat.place, flat.place)).astype(np.float64)
    first, last = np.zeros(n), np.zeros(n)
    for v in range(n):
        own = slice(flat.win_at[v], flat.win_at[v + 1])
        if flat.opens[own].size:
            first[v], last[v] = flat.opens[own][0], flat.closes[own][-1]
    near += APART * np.maximum(0, np.maximum(first[:, None] - last[None, :], first[None, :] - last[:, None]))
    np.fill_diagonal(near, -1)
    return np.argsort(near, axis=1, kind="stable")[:, : min(NEIGHBOURS, n)].astype(np.int32)


def there_and_back(flat: Flat, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Reals:
    """Return travel both ways between two lists of places; ways that do not exist count as far."""
    there, back = flat.travel[np.ix_(a, b)], flat.travel[np.ix_(b, a)].T
    return np.minimum(there, 10**6).astype(np.float64) + np.minimum(back, 10**6)


def territories(
    flat: Flat, *, seqs: Sequence[Sequence[int]], out: Sequence[int], most: int, rng: Random
) -> list[tuple[list[int], list[int]]]:
    """Cut cars and visits into territories of about `most` visits at most; the cuts fall where chance wants them.

    Each half of a cut is what is nearer to one of two places. Return (visits, cars) of each territory.
    """
    whole = (sorted([*out, *(v for seq in seqs for v in seq)]), list(range(len(seqs))))
    waiting, done = [whole], []
    left_out = set(out)
    while waiting:
        visits, cars = waiting.pop()
        if len(visits) <= most or len(cars) < 2:
            done.append((visits, cars))
            continue
        one, two = _poles(flat, visits, rng=rng)
        lean = {c: _lean(flat, [*(int(flat.place[v]) for v in seqs[c]), int(flat.origin[c])], one, two) for c in cars}
        order = sorted(cars, key=lambda c: (lean[c], c))
        load = np.cumsum([1 + len(seqs[c]) for c in order])
        cut = min(max(1, int(np.searchsorted(load, load[-1] * rng.uniform(0.4, 0.6)))), len(order) - 1)
        edge = lean[order[cut]]
        for half, side in ((order[:cut], True), (order[cut:], False)):
            mine = [v for c in half for v in seqs[c]]
            near = [v for v in visits if v in left_out and (_lean(flat, [int(flat.place[v])], one, two) < edge) == side]
            waiting.append((sorted(mine + near), sorted(half)))
    return sorted(done, key=lambda part: (-len(part[0]), part[1][:1]))


def _poles(flat: Flat, visits: Sequence[int], *, rng: Random) -> tuple[int, int]:
    """Pick two places far from each other."""
    first = int(flat.place[rng.choice(visits)])
    sample = flat.place[rng.sample(list(visits), min(12, len(visits)))]
    away = np.minimum(flat.travel[first, sample], NO_WAY - 1)
    return first, int(sample[int(np.argmax(away))])


def _lean(flat: Flat, places: Sequence[int], one: int, two: int) -> float:
    """Return how much nearer places are to the first pole than to the second, in seconds; less is nearer."""
    mine = np.asarray(places)
    return float(np.mean(np.minimum(flat.travel[mine, one], 10**6) - np.minimum(flat.travel[mine, two], 10**6)))


def nearest_as_bits(flat: Flat, *, keep: int) -> npt.NDArray[np.uint64]:
    """Return, as bits, the visits that a label at each visit remembers: the nearest ones and itself."""
    n = flat.place.size
    near = np.zeros((n, (n + 63) // 64), np.uint64)
    away = there_and_back(flat, flat.place, flat.place)
    np.fill_diagonal(away, -1.0)
    order = np.argsort(away, axis=1, kind="stable")[:, :keep]
    for v in range(n):
        for u in order[v].tolist():
            near[v, u >> 6] |= np.uint64(1 << (u & 63))
    return near
