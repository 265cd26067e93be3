"""Price new routes fast: of the labels at a visit only the staircase of finish time against reduced cost is kept.

Overlooks routes (dominance does not look at the visits served), so it proves nothing; every route it finds is
elementary. The stairs may be made coarser: a label must then be cheaper by `coarse` than any that is earlier.
"""

from typing import NamedTuple

import numpy as np

from routing.engine.arrays import Flags, Flat, Ints, Small
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.compiled.labels import BUCKETS, Bits, Found, Legs, One, Reals

STAIRS = 32
"""Labels kept at a visit with so many breaks behind."""


class Stairs(NamedTuple):
    """Be the working memory: labels, and for each visit and number of breaks its stairs by rising time."""

    node: Small
    before: Small
    queued: Small
    taken: Small
    length: Small
    time: Ints
    cost: Reals
    dead: Flags
    mask: Bits
    bucket: Small
    label: Small
    when: Ints
    worth: Reals
    steps: Small


@kernel
def stairs_of(visits: int, kinds: int, words: int) -> Stairs:
    """Make room for the labels of a part."""
    size = 40 * visits * STAIRS * kinds
    return Stairs(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int64),
        np.empty(size, np.float64),
        np.empty(size, np.bool_),
        np.empty((size, words), np.uint64),
        np.empty(BUCKETS, np.int32),
        np.empty((visits, kinds, STAIRS), np.int32),
        np.empty((visits, kinds, STAIRS), np.int64),
        np.empty((visits, kinds, STAIRS), np.float64),
        np.empty((visits, kinds), np.int32),
    )


@kernel
def quick_price(
    flat: Flat,
    net: Legs,
    car: int,
    prize: Reals,
    charge: float,
    barred: Bits,
    stairs: Stairs,
    found: Found,
    coarse: float,
    below: float,
) -> int:
    """Find routes of one car whose reduced cost is below `below`; return how many.

    `prize[v]` is what serving v is worth, `charge` what using the car costs; `barred` are visits not to be served.
    """
    # fields are taken out once: each look into a tuple of arrays counts references
    n, words, rests, weight, soft = flat.place.size, stairs.mask.shape[1], flat.rests[car], flat.weight, flat.soft
    begin, end, most = flat.start[car], flat.end[car], flat.most[car]
    lasts, win_at, opens, closes = flat.lasts, flat.win_at, flat.opens, flat.closes
    due, rate = flat.due, flat.rate
    until, pause, floor = flat.gap_until[car], flat.gap_lasts[car], flat.gap_floor[car]
    way_out, legs, deadline = net.out[car], net.leg, net.deadline[car]
    node_of, before_of, queued, taken_of, count_of = (
        stairs.node,
        stairs.before,
        stairs.queued,
        stairs.taken,
        stairs.length,
    )
    time_of, cost_of, dead, mask, bucket = stairs.time, stairs.cost, stairs.dead, stairs.mask, stairs.bucket
    step_label, when, worth, steps = stairs.label, stairs.when, stairs.worth, stairs.steps
    width = max(1, (end - begin) // (BUCKETS - 2) + 1)
    steps[:] = 0
    bucket[:] = -1
    able, net_prize = np.empty(n, np.int32), np.empty(n, np.float64)
    ables = 0
    for v in range(n):
        if flat.fits[v, car] and prize[v] > 0.0 and not (barred[v >> 6] >> np.uint64(v & 63)) & One:
            able[ables], net_prize[ables] = v, flat.wish[v, car] - prize[v]
            ables += 1
    if ables == 0 or most == 0:
        return 0
    made, slot, current = 0, 0, -1
    room = time_of.size - 1
    time, cost, taken, count, here = begin, charge, 0, 0, -1
    while True:
        if count < most:
            for a in range(ables):
                v = able[a]
                word, bit = v >> 6, One << np.uint64(v & 63)
                if current >= 0 and mask[current, word] & bit:
                    continue
                leg = np.int64(way_out[v] if here < 0 else legs[here, v])
                base = cost + leg * weight + net_prize[a]
                for k in range(taken, rests + 1):
                    if time > until[taken, k]:
                        break
                    start = time + leg
                    if k > taken:
                        start = max(start + pause[taken, k], floor[taken, k])
                    i, past = win_at[v], win_at[v + 1]
                    while i < past and start > closes[i]:
                        i += 1
                    if i == past:
                        break
                    start = max(start, opens[i])
                    finish = start + lasts[v]
                    if finish > deadline[v, k]:
                        if k == rests:
                            break
                        continue
                    total = base
                    if soft and start > due[v]:
                        total += -((-(start - due[v]) * rate[v]) // 3600)
                    # the step behind which the label belongs; first it must beat those with more breaks behind
                    low, beaten = 0, made >= room
                    for more in range(rests, k - 1, -1):
                        low, high = 0, steps[v, more]
                        while low < high:
                            middle = (low + high) >> 1
                            if when[v, more, middle] > finish:
                                high = middle
                            else:
                                low = middle + 1
                        slack = coarse if more == k else 0.0
                        beaten = beaten or (low > 0 and worth[v, more, low - 1] <= total + slack)
                    size, high = steps[v, k], low
                    if beaten or (low == STAIRS):
                        continue
                    while high < size and worth[v, k, high] >= total:
                        dead[step_label[v, k, high]] = True
                        high += 1
                    if high == low:
                        if size == STAIRS:  # full: the latest goes
                            size -= 1
                            dead[step_label[v, k, size]] = True
                        for s in range(size, low, -1):
                            step_label[v, k, s] = step_label[v, k, s - 1]
                            when[v, k, s] = when[v, k, s - 1]
                            worth[v, k, s] = worth[v, k, s - 1]
                        size += 1
                    elif high > low + 1:
                        for s in range(high, size):
                            step_label[v, k, s - high + low + 1] = step_label[v, k, s]
                            when[v, k, s - high + low + 1] = when[v, k, s]
                            worth[v, k, s - high + low + 1] = worth[v, k, s]
                        size -= high - low - 1
                    step_label[v, k, low], when[v, k, low], worth[v, k, low] = made, finish, total
                    steps[v, k] = size
                    node_of[made], time_of[made], taken_of[made] = v, finish, k
                    cost_of[made], count_of[made] = total, count + 1
                    before_of[made], dead[made] = current, False
                    for w in range(words):
                        mask[made, w] = np.uint64(0) if current < 0 else mask[current, w]
                    mask[made, word] |= bit
                    into = min((finish - begin) // width, BUCKETS - 1)
                    queued[made] = bucket[into]
                    bucket[into] = made
                    made += 1
        current = -1
        while slot < BUCKETS and current < 0:
            while bucket[slot] >= 0:
                label = bucket[slot]
                bucket[slot] = queued[label]
                if not dead[label]:
                    current = label
                    break
            if current < 0:
                slot += 1
        if current < 0:
            break
        time, cost, taken = time_of[current], cost_of[current], taken_of[current]
        count, here = count_of[current], node_of[current]
    return _collect(flat, net, car, stairs, found, below)


@inlined
def _collect(flat: Flat, net: Legs, car: int, stairs: Stairs, found: Found, below: float) -> int:
    """Bring the cheapest labels of every visit home, the best routes first."""
    n = flat.place.size
    best, total = np.empty(n, np.int32), np.full(n, np.inf)
    for v in range(n):
        best[v] = -1
        way = net.back[car, v] * flat.weight
        for k in range(flat.rests[car] + 1):
            for s in range(stairs.steps[v, k]):
                if stairs.when[v, k, s] <= net.deadline[car, v, k] and stairs.worth[v, k, s] + way < total[v]:
                    best[v], total[v] = stairs.label[v, k, s], stairs.worth[v, k, s] + way
    order = np.argsort(total)
    count = 0
    for i in range(n):
        v = order[i]
        if count == found.size.size or not total[v] < below:
            break
        label, size = best[v], stairs.length[best[v]]
        if size > found.seq.shape[1]:
            continue
        at = size
        while label >= 0:
            at -= 1
            found.seq[count, at] = stairs.node[label]
            label = stairs.before[label]
        found.size[count], found.cost[count] = size, total[v]
        count += 1
    return count
