"""What one step of ruin and recreate does to routes: take strings out, order what is left out, remember the way back.

Numbers are drawn from an own generator (xorshift64*), so that a seed decides everything in whatever thread.
"""

import numpy as np

from routing.engine.arrays import Flat, Ints, Small
from routing.engine.compiled.insertion import Routes
from routing.engine.compiled.jit import inlined
from routing.engine.compiled.labels import Bits


@inlined
def draw(state: Bits) -> float:
    """Return the next number in [0, 1)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.float64((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@inlined
def in_some_order(flat: Flat, out: Small, count: int, state: Bits, narrow: Ints, rare: Ints) -> None:
    """Order what is left out: by chance, urgency, length, narrowness or rarity."""
    keys = np.empty(count, np.float64)
    kind = draw(state)
    for i in range(count):
        v = out[i]
        if kind < 0.4:
            keys[i] = draw(state)
        elif kind < 0.7:
            keys[i] = -flat.drop[v] + draw(state)
        elif kind < 0.8:
            keys[i] = -flat.lasts[v] + draw(state)
        elif kind < 0.9:
            keys[i] = narrow[v] + draw(state)
        else:
            keys[i] = rare[v] + draw(state)
    out[:count] = out[:count][np.argsort(keys)]


@inlined
def cut(routes: Routes, c: int, v: int, longest: float, state: Bits) -> None:
    """Take a string that holds v out of a route; half the time some visits in its middle stay."""
    size, at = routes.size[c], 0
    while routes.seq[c, at] != v:
        at += 1
    length = int(1 + draw(state) * min(float(size), longest))
    length = min(length, size)
    spared = 0
    if draw(state) < 0.5:
        while length + spared < size and draw(state) > 0.5:
            spared += 1
    whole = length + spared
    low, high = max(0, at - whole + 1), min(at, size - whole)
    first = low + int(draw(state) * (high - low + 1))
    skip = int(draw(state) * (length + 1)) if spared > 0 else length
    kept = 0
    for i in range(size):
        inside = first <= i < first + whole and not first + skip <= i < first + skip + spared
        if inside:
            routes.where[routes.seq[c, i]] = -1
        else:
            routes.seq[c, kept] = routes.seq[c, i]
            kept += 1
    routes.size[c] = kept


@inlined
def clear(routes: Routes, c: int) -> None:
    """Take every visit out of a route."""
    for i in range(routes.size[c]):
        routes.where[routes.seq[c, i]] = -1
    routes.size[c] = 0


@inlined
def back_up(
    c: int,
    seq: Small,
    size: Ints,
    costs: Ints,
    version: Ints,
    finish: Ints,
    latest: Ints,
    old_seq: Small,
    old: Ints,
    old_finish: Ints,
    old_latest: Ints,
) -> None:
    """Remember a route with its tables, in case the step is not accepted."""
    old[c, 0], old[c, 1], old[c, 2] = size[c], costs[c], version[c]
    for i in range(size[c]):
        old_seq[c, i] = seq[c, i]
    for i in range(size[c] + 1):
        for k in range(finish.shape[2]):
            old_finish[c, i, k] = finish[c, i, k]
            old_latest[c, i, k] = latest[c, i, k]
