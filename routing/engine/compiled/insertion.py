"""Where a visit fits into a route: tables of the earliest finish forwards and the latest arrival backwards.

Starting earlier is never worse, so that two looks at the tables decide whether a visit fits at a position, whatever
breaks the shift has. Where lateness counts, the places that fit are costed exactly.
"""

from typing import NamedTuple

import numpy as np

from routing.engine.arrays import Flat, Ints, Small
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.compiled.timing import NEVER, route_cost


class Routes(NamedTuple):
    """Hold one route per car, its tables, and the cheapest insertions known.

    `finish[c, i, k]`: earliest finish after i visits with k breaks behind. `latest[c, i, k]`: latest arrival at stop i
    (the last stop is the goal) with k breaks behind. `added[v, c]` and `at[v, c]` are right where `seen[v, c]` is
    `version[c]`. `where[v]` is the car of a visit, -1 where it is left out.
    """

    seq: Small
    size: Ints
    cost: Ints
    finish: Ints
    latest: Ints
    where: Ints
    version: Ints
    added: Ints
    at: Small
    seen: Ints


@kernel
def routes_of(flat: Flat, longest: int) -> Routes:
    """Begin with every route empty and every visit left out; no route may become longer than `longest`."""
    n, m, kinds = flat.place.size, flat.origin.size, flat.gap_lasts.shape[1]
    routes = Routes(
        np.zeros((m, longest), np.int32),
        np.zeros(m, np.int64),
        np.zeros(m, np.int64),
        np.empty((m, longest + 1, kinds), np.int64),
        np.empty((m, longest + 1, kinds), np.int64),
        np.full(n, -1, np.int64),
        np.zeros(m + 1, np.int64),
        np.empty((n, m), np.int64),
        np.empty((n, m), np.int32),
        np.full((n, m), -1, np.int64),
    )
    for c in range(m):
        lay(flat, routes, c)
    return routes


@kernel
def lay(flat: Flat, routes: Routes, c: int) -> bool:
    """Compute cost and tables of a route from its visits; False where it cannot be kept."""
    kept = lay_on(
        c,
        flat.travel,
        flat.place,
        flat.lasts,
        flat.win_at,
        flat.opens,
        flat.closes,
        flat.origin,
        flat.goal,
        flat.start,
        flat.end,
        flat.rests,
        flat.gap_until,
        flat.gap_lasts,
        flat.gap_floor,
        flat.wish,
        flat.weight,
        routes.seq,
        routes.size,
        routes.cost,
        routes.finish,
        routes.latest,
        routes.version,
    )
    if kept and flat.soft:
        routes.cost[c] = route_cost(flat, c, routes.seq[c], routes.size[c])
    return kept


@inlined
def lay_on(
    c: int,
    travel: Small,
    place: Ints,
    lasts: Ints,
    win_at: Ints,
    opens: Ints,
    closes: Ints,
    origin: Ints,
    goal: Ints,
    start: Ints,
    end: Ints,
    rests: Ints,
    until: Ints,
    pause: Ints,
    floor: Ints,
    wish: Ints,
    weight: int,
    seq: Small,
    sizes: Ints,
    cost: Ints,
    finish: Ints,
    latest: Ints,
    version: Ints,
) -> bool:
    """Do what `lay` does, lateness apart, on plain arrays."""
    size, rest = sizes[c], rests[c]
    version[-1] += 1
    version[c] = version[-1]
    cost[c] = 0
    for k in range(rest + 1):
        finish[c, 0, k] = start[c] if k == 0 else NEVER
        latest[c, size, k] = end[c] if k == rest else -NEVER
    if size == 0:
        return True
    here, legs, wishes = origin[c], np.int64(0), 0
    for i in range(size):
        v = seq[c, i]
        leg = np.int64(travel[here, place[v]])
        legs, wishes, here, alive = legs + leg, wishes + wish[v, c], place[v], False
        for k in range(rest + 1):
            arrive = NEVER
            for j in range(k + 1):
                clock = finish[c, i, j]
                if clock < NEVER and clock <= until[c, j, k]:
                    arrive = min(arrive, max(clock + leg + pause[c, j, k], floor[c, j, k]))
            w, past = win_at[v], win_at[v + 1]
            while w < past and arrive > closes[w]:
                w += 1
            if w < past:
                finish[c, i + 1, k] = max(arrive, opens[w]) + lasts[v]
                alive = True
            else:
                finish[c, i + 1, k] = NEVER
        if not alive:
            return False
    there = goal[c]
    for i in range(size - 1, -2, -1):
        v = seq[c, i] if i >= 0 else -1
        leg = np.int64(travel[place[v] if i >= 0 else origin[c], there])
        for k in range(rest + 1):
            limit = -NEVER
            for j in range(k, rest + 1):
                bound = latest[c, i + 1, j]
                if bound > -NEVER and bound >= floor[c, k, j]:
                    limit = max(limit, min(bound - leg - pause[c, k, j], until[c, k, j]))
            if i >= 0:
                limit -= lasts[v]
                w, first = win_at[v + 1] - 1, win_at[v]
                while w >= first and opens[w] > limit:
                    w -= 1
                latest[c, i, k] = min(limit, closes[w]) if w >= first else -NEVER
            elif k == 0 and limit < start[c]:
                return False
        if i >= 0:
            there = place[v]
    cost[c] = (legs + travel[here, goal[c]]) * weight + wishes
    return True


@kernel
def look(flat: Flat, routes: Routes, v: int, c: int) -> None:
    """Find the cheapest place of a visit in a route and remember it; `NEVER` at -1 where it does not fit."""
    if not flat.soft:
        look_at(
            v,
            c,
            flat.travel,
            flat.place,
            flat.lasts,
            flat.win_at,
            flat.opens,
            flat.closes,
            flat.origin,
            flat.goal,
            flat.most,
            flat.rests,
            flat.gap_until,
            flat.gap_lasts,
            flat.gap_floor,
            flat.wish,
            flat.weight,
            routes.seq,
            routes.size,
            routes.finish,
            routes.latest,
            routes.version,
            routes.added,
            routes.at,
            routes.seen,
        )
        return
    _look_where_late(flat, routes, v, c)


@kernel
def _look_where_late(flat: Flat, routes: Routes, v: int, c: int) -> None:
    """Find the cheapest place where lateness counts: every place that fits is costed exactly."""
    best, where = NEVER, -1
    routes.seen[v, c] = routes.version[c]
    size = routes.size[c]
    if size < min(flat.most[c], routes.seq.shape[1]):
        for i in range(size + 1):
            added = _exact(flat, routes, v, c, i)
            if added < best:
                best, where = added, i
    routes.added[v, c], routes.at[v, c] = best, where


@inlined
def look_at(
    v: int,
    c: int,
    travel: Small,
    place: Ints,
    lasts: Ints,
    win_at: Ints,
    opens: Ints,
    closes: Ints,
    origin: Ints,
    goal: Ints,
    most: Ints,
    rests: Ints,
    until: Ints,
    pause: Ints,
    floor: Ints,
    wish: Ints,
    weight: int,
    seq: Small,
    sizes: Ints,
    finish: Ints,
    latest: Ints,
    version: Ints,
    added_to: Ints,
    at: Small,
    seen: Ints,
) -> None:
    """Do what `look` does where no start is ever late: the hottest loop of the search, on plain arrays."""
    best, where, size, rest = NEVER, -1, sizes[c], rests[c]
    seen[v, c] = version[c]
    if size < min(most[c], seq.shape[1]):
        first, past, here, stay = win_at[v], win_at[v + 1], place[v], lasts[v]
        last, before, goes = closes[past - 1], origin[c], wish[v, c]
        for i in range(size + 1):
            after = place[seq[c, i]] if i < size else goal[c]
            leg, onward = np.int64(travel[before, here]), np.int64(travel[here, after])
            added = (leg + onward - (travel[before, after] if size > 0 else 0)) * weight + goes
            before = after
            if added >= best:
                continue
            fits, early = False, False
            for j in range(rest + 1):
                if fits or finish[c, i, j] > last:
                    continue
                early = True
                for k in range(j, rest + 1):
                    clock = finish[c, i, j]
                    if clock > until[c, j, k]:
                        break
                    clock += leg
                    if k > j:
                        clock = max(clock + pause[c, j, k], floor[c, j, k])
                    w = first
                    while w < past and clock > closes[w]:
                        w += 1
                    if w == past:
                        break
                    done = max(clock, opens[w]) + stay
                    for z in range(k, rest + 1):
                        if done > until[c, k, z]:
                            break
                        if max(done + onward + pause[c, k, z], floor[c, k, z]) <= latest[c, i, z]:
                            fits = True
                            break
                    if fits:
                        break
            if fits:
                best, where = added, i
            elif not early:
                break
    added_to[v, c], at[v, c] = best, where


@kernel
def _exact(flat: Flat, routes: Routes, v: int, c: int, at: int) -> int:
    """Return what a visit adds at a place, lateness of everybody behind it included."""
    size = routes.size[c]
    longer = np.empty(size + 1, np.int32)
    longer[:at] = routes.seq[c, :at]
    longer[at] = v
    longer[at + 1 :] = routes.seq[c, at:size]
    cost = route_cost(flat, c, longer, size + 1)
    return NEVER if cost < 0 else cost - routes.cost[c]


@kernel
def put(flat: Flat, routes: Routes, v: int, c: int, at: int) -> None:
    """Take a visit into a route."""
    size = routes.size[c]
    for i in range(size, at, -1):
        routes.seq[c, i] = routes.seq[c, i - 1]
    routes.seq[c, at] = v
    routes.size[c] = size + 1
    routes.where[v] = c
    lay(flat, routes, c)
