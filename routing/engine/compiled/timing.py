"""When a car can start and finish: the elementary steps of every kernel, and the exact cost of one route.

Taking the breaks k..j-1 in the gap before a service is three numbers (`routing.engine.gaps`); starting earlier is never
worse for what follows, also with holes in the windows. Only lateness makes two states incomparable.
"""

import numpy as np

from routing.engine.arrays import Flat, Ints, Small
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.gaps import FOREVER

NEVER = FOREVER
STATES = 96
"""States of one step kept where lateness counts: the timing of a field day never needs more."""


@inlined
def start_from(flat: Flat, v: int, clock: int) -> int:
    """Return the earliest start of a service not before `clock`; `NEVER` where every window is over."""
    for i in range(flat.win_at[v], flat.win_at[v + 1]):
        if clock <= flat.closes[i]:
            return max(clock, flat.opens[i])
    return NEVER


@inlined
def late_cost(flat: Flat, v: int, start: int) -> int:
    """Return what a start after the due time costs, rounded up."""
    over = start - flat.due[v]
    if over <= 0:
        return 0
    return -((-over * flat.rate[v]) // 3600)


@kernel
def route_cost(flat: Flat, car: int, seq: Small, size: int) -> int:
    """Return the least cost (travel, wishes, lateness) of a sequence; -1 where it cannot be kept.

    Whether the car may serve each visit is not looked at.
    """
    if size == 0:
        return 0
    if size > flat.most[car]:
        return -1
    rests = flat.rests[car]
    time, late = np.empty(STATES, np.int64), np.empty(STATES, np.int64)
    taken, next_taken = np.empty(STATES, np.int64), np.empty(STATES, np.int64)
    next_time, next_late = np.empty(STATES, np.int64), np.empty(STATES, np.int64)
    time[0], late[0], taken[0], count = flat.start[car], 0, 0, 1
    here, travel, wishes = flat.origin[car], 0, 0
    for i in range(size):
        v = seq[i]
        there = flat.place[v]
        leg = flat.travel[here, there]
        travel, wishes, here, found = travel + leg, wishes + flat.wish[v, car], there, 0
        for s in range(count):
            for k in range(taken[s], rests + 1):
                if time[s] > flat.gap_until[car, taken[s], k]:
                    break
                arrive = max(time[s] + leg + flat.gap_lasts[car, taken[s], k], flat.gap_floor[car, taken[s], k])
                begin = start_from(flat, v, arrive)
                if begin == NEVER:
                    break
                done, cost = begin + flat.lasts[v], late[s] + late_cost(flat, v, begin)
                found = _keep(next_time, next_late, next_taken, found, done, cost, k)
        if found == 0:
            return -1
        time, next_time, late, next_late, taken, next_taken = next_time, time, next_late, late, next_taken, taken
        count = found
    leg, best = flat.travel[here, flat.goal[car]], np.int64(-1)
    for s in range(count):
        if time[s] <= flat.gap_until[car, taken[s], rests]:
            ready = max(time[s] + leg + flat.gap_lasts[car, taken[s], rests], flat.gap_floor[car, taken[s], rests])
            if ready <= flat.end[car] and (best < 0 or late[s] < best):
                best = late[s]
    if best < 0:
        return -1
    return best + (travel + leg) * flat.weight + wishes


@inlined
def _keep(time: Ints, late: Ints, taken: Ints, count: int, done: int, cost: int, k: int) -> int:
    """Add a state unless another is as good; return how many there are. More breaks behind are never worse."""
    for s in range(count):
        if time[s] <= done and late[s] <= cost and taken[s] >= k:
            return count
    kept = 0
    for s in range(count):
        if not (done <= time[s] and cost <= late[s] and k >= taken[s]):
            time[kept], late[kept], taken[kept] = time[s], late[s], taken[s]
            kept += 1
    kept = min(kept, STATES - 1)
    time[kept], late[kept], taken[kept] = done, cost, k
    return kept + 1
