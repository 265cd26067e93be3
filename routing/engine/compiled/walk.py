"""Ruin and recreate: strings of neighbouring visits are taken out and put back where it is cheap.

Slack induction by string removals (Christiaens and Vanden Berghe, 2020) with simulated annealing.
"""

import numpy as np

from routing.engine.arrays import Flat, Ints, Small
from routing.engine.compiled.insertion import Routes, lay_on, look, look_at
from routing.engine.compiled.jit import kernel
from routing.engine.compiled.labels import Bits
from routing.engine.compiled.record import Kept, Log, total_cost
from routing.engine.compiled.strings import back_up, clear, cut, draw, in_some_order
from routing.engine.compiled.timing import route_cost

MOST_OUT = 10
"""Visits taken out on average in one step."""

STRING = 10
"""Most visits of one string."""

BLINK = 0.01
"""Chance to overlook a car: a little blindness keeps the search from repeating itself."""


@kernel
def walk(
    flat: Flat,
    routes: Routes,
    near: Small,
    state: Bits,
    steps: int,
    hot: float,
    cold: float,
    stay: bool,
    best: Kept,
    log: Log,
    halt: Ints,
) -> int:
    """Ruin and recreate so many times while the temperature falls from `hot` to `cold`.

    `best` receives the best routes found, those of the beginning included; with `stay` every plan is compared with it
    rather than with the last one. `log` receives the routes of accepted plans; setting `halt[0]` ends the walk.
    Return the cost of the best.
    """
    n, m = flat.place.size, flat.origin.size
    kinds = flat.gap_lasts.shape[1]
    old_seq, old = np.empty((m, routes.seq.shape[1]), np.int32), np.empty((m, 3), np.int64)
    old_finish, old_latest = np.empty_like(routes.finish), np.empty_like(routes.latest)
    touched, stale, touches = np.empty(m, np.int64), np.empty(m + 1, np.int64), 0
    is_touched = np.zeros(m, np.bool_)
    out = np.empty(n, np.int32)
    narrow, rare = np.zeros(n, np.int64), np.zeros(n, np.int64)
    able, ables = np.empty(n, np.int64), 0
    for v in range(n):
        for i in range(flat.win_at[v], flat.win_at[v + 1]):
            narrow[v] += flat.closes[i] - flat.opens[i]
        for c in range(m):
            rare[v] += flat.fits[v, c]
        if rare[v] > 0:
            able[ables] = v
            ables += 1
    # fields are taken out once: each look into a tuple of arrays counts references
    travel, place, lasts, wish, weight = flat.travel, flat.place, flat.lasts, flat.wish, flat.weight
    win_at, opens, closes, origin, goal = flat.win_at, flat.opens, flat.closes, flat.origin, flat.goal
    until, pause, floor, most, rests = flat.gap_until, flat.gap_lasts, flat.gap_floor, flat.most, flat.rests
    fits, drop, soft, start, end = flat.fits, flat.drop, flat.soft, flat.start, flat.end
    seq, size, finish, latest, costs = routes.seq, routes.size, routes.finish, routes.latest, routes.cost
    version, added, spot, seen, where = routes.version, routes.added, routes.at, routes.seen, routes.where
    current = total_cost(flat, routes)
    least = current
    best.seq[:], best.size[:] = routes.seq, routes.size
    if ables == 0:
        return least
    fall = (cold / hot) ** (1.0 / max(1, steps))
    heat = hot
    for _ in range(steps):
        if halt[0] != 0:
            break
        heat *= fall
        outs, served = 0, 0
        for a in range(ables):
            if routes.where[able[a]] < 0:
                out[outs] = able[a]
                outs += 1
        served, working = ables - outs, 0
        for c in range(m):
            working += routes.size[c] > 0
        touches = 0
        seed = able[int(draw(state) * ables)]
        if outs > 0 and draw(state) < 0.3:
            seed = out[int(draw(state) * outs)]
        kind = draw(state)
        longest = min(float(STRING), served / max(1, working))
        wanted = int(1 + draw(state) * (4.0 * MOST_OUT / (1.0 + longest) - 1.0))
        if kind > 0.95:
            wanted = 1 + int(draw(state) * 2)
        for i in range(near.shape[1]):
            v = near[seed, i]
            c = where[v]
            if c < 0 or is_touched[c]:
                continue
            back_up(c, seq, size, costs, version, finish, latest, old_seq, old, old_finish, old_latest)
            touched[touches], is_touched[c], stale[touches] = c, True, c
            touches += 1
            if kind > 0.95:
                clear(routes, c)
            else:
                cut(routes, c, v, longest, state)
            if touches >= wanted:
                break
        stales, outs, filled = touches, -1, 0
        while True:
            while stales > 0:
                stales -= 1
                c = stale[stales]
                kept = lay_on(
                    c,
                    travel,
                    place,
                    lasts,
                    win_at,
                    opens,
                    closes,
                    origin,
                    goal,
                    start,
                    end,
                    rests,
                    until,
                    pause,
                    floor,
                    wish,
                    weight,
                    seq,
                    size,
                    costs,
                    finish,
                    latest,
                    version,
                )
                if kept and soft:
                    costs[c] = route_cost(flat, c, seq[c], size[c])
                if not kept:  # odd street matrices: a shorter route may break a rule
                    clear(routes, c)
                    stale[stales], stales = c, stales + 1
            if outs < 0:
                outs = 0
                for a in range(ables):
                    if where[able[a]] < 0:
                        out[outs] = able[a]
                        outs += 1
                in_some_order(flat, out, outs, state, narrow, rare)
            if filled == outs:
                break
            v = out[filled]
            filled += 1
            offer, c = drop[v], -1
            for d in range(m):
                if fits[v, d]:
                    if seen[v, d] == version[d]:
                        pass
                    elif soft:
                        look(flat, routes, v, d)
                    else:
                        look_at(
                            v,
                            d,
                            travel,
                            place,
                            lasts,
                            win_at,
                            opens,
                            closes,
                            origin,
                            goal,
                            most,
                            rests,
                            until,
                            pause,
                            floor,
                            wish,
                            weight,
                            seq,
                            size,
                            finish,
                            latest,
                            version,
                            added,
                            spot,
                            seen,
                        )
                    if added[v, d] < offer and draw(state) >= BLINK:
                        offer, c = added[v, d], d
            if c >= 0:
                if not is_touched[c]:
                    back_up(c, seq, size, costs, version, finish, latest, old_seq, old, old_finish, old_latest)
                    touched[touches], is_touched[c] = c, True
                    touches += 1
                for i in range(size[c], spot[v, c], -1):
                    seq[c, i] = seq[c, i - 1]
                seq[c, spot[v, c]] = v
                size[c] += 1
                where[v] = c
                stale[0], stales = c, 1
        cost = total_cost(flat, routes)
        measure = least if stay else current
        if cost < measure - heat * np.log(max(draw(state), 1e-300)):
            current = cost
            for t in range(touches):
                c = touched[t]
                if routes.size[c] > 0:
                    at = log.written[0] % log.size.size
                    log.written[0] += 1
                    log.car[at], log.size[at], log.cost[at] = c, routes.size[c], routes.cost[c]
                    log.seq[at, : routes.size[c]] = routes.seq[c, : routes.size[c]]
            if cost < least:
                least = cost
                for c in range(m):
                    best.size[c] = routes.size[c]
                    best.seq[c, : routes.size[c]] = routes.seq[c, : routes.size[c]]
        else:
            for t in range(touches):
                clear(routes, touched[t])
            for t in range(touches):
                c = touched[t]
                size[c], costs[c], version[c] = old[c, 0], old[c, 1], old[c, 2]
                for i in range(size[c]):
                    seq[c, i] = old_seq[c, i]
                    where[seq[c, i]] = c
                for i in range(size[c] + 1):
                    for k in range(kinds):
                        finish[c, i, k] = old_finish[c, i, k]
                        latest[c, i, k] = old_latest[c, i, k]
        for t in range(touches):
            is_touched[touched[t]] = False
    return least
