"""Plans as arrays: routes remembered by their visits alone, taken over again, and logged."""

from typing import NamedTuple

import numpy as np

from routing.engine.arrays import Flat, Ints, Small
from routing.engine.compiled.insertion import Routes, lay, look, put
from routing.engine.compiled.jit import kernel


class Kept(NamedTuple):
    """Remember routes by their visits alone."""

    seq: Small
    size: Ints


class Log(NamedTuple):
    """Hold the last routes of accepted plans, a ring: `written[0]` have been written."""

    seq: Small
    size: Ints
    car: Ints
    cost: Ints
    written: Ints


@kernel
def log_of(size: int, longest: int) -> Log:
    """Make room for so many routes."""
    return Log(
        np.zeros((size, longest), np.int32),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(1, np.int64),
    )


@kernel
def total_cost(flat: Flat, routes: Routes) -> int:
    """Return the cost of all routes and of everything left out."""
    total = 0
    for c in range(routes.cost.size):
        total += routes.cost[c]
    for v in range(flat.place.size):
        if routes.where[v] < 0:
            total += flat.drop[v]
    return total


@kernel
def load(flat: Flat, routes: Routes, kept: Kept) -> None:
    """Replace all routes by remembered ones."""
    routes.where[:] = -1
    for c in range(flat.origin.size):
        same = routes.size[c] == kept.size[c]
        for i in range(kept.size[c]):
            same = same and routes.seq[c, i] == kept.seq[c, i]
            routes.seq[c, i] = kept.seq[c, i]
            routes.where[kept.seq[c, i]] = c
        routes.size[c] = kept.size[c]
        if not same:
            lay(flat, routes, c)


@kernel
def keep(routes: Routes) -> Kept:
    """Remember all routes."""
    return Kept(routes.seq.copy(), routes.size.copy())


@kernel
def fill(flat: Flat, routes: Routes) -> None:
    """Insert what is left out by regret: next comes the visit that loses most if it must wait."""
    n, m = flat.place.size, flat.origin.size
    fits, drop, win_at, where = flat.fits, flat.drop, flat.win_at, routes.where
    seen, version, price = routes.seen, routes.version, routes.added
    while True:
        chosen, most, car = -1, -1.0, -1
        for v in range(n):
            if where[v] >= 0 or win_at[v] == win_at[v + 1]:
                continue
            first, second, third, best = drop[v], drop[v], drop[v], -1
            for c in range(m):
                if fits[v, c]:
                    if seen[v, c] != version[c]:
                        look(flat, routes, v, c)
                    added = price[v, c]
                    if added < first:
                        first, second, third, best = added, first, second, c
                    elif added < second:
                        second, third = added, second
                    elif added < third:
                        third = added
            regret = 4.0 * (second + third - 2 * first) - first + 1e15
            if best >= 0 and regret > most:
                chosen, most, car = v, regret, best
        if chosen < 0:
            return
        put(flat, routes, chosen, car, routes.at[chosen, car])
