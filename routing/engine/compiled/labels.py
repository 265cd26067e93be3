"""Price new routes: a labelling algorithm for the elementary (or ng-route) shortest path with resources.

A label is a partial route: where it ends, when the service there is finished, the breaks taken, the visits it may not
serve again, its reduced cost. Labels are extended in the order of time; one is dropped when another at the same visit
is at least as good in everything (Feillet et al., 2004; ng-routes: Baldacci, Mingozzi and Roberti, 2011). Rows of
subset cuts (Jepsen et al., 2008) are parities: a label that is ahead pays for the cut it has half consumed.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.arrays import Flags, Flat, Ints, Small
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.compiled.timing import NEVER

Reals = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
One = np.uint64(1)
None_ = np.uint64(0)


class Legs(NamedTuple):
    """Hold what pricing reads of a part: legs between visits, from home, to home, and the latest finish that still
    lets a car come home with so many breaks taken (`deadline[c, v, k]`).
    """

    leg: Small
    out: Small
    back: Small
    deadline: Ints


class Cuts(NamedTuple):
    """Hold subset-row cuts: `member[v, w]` has the bit of each cut that v belongs to, `memory[v, w]` the bit of each
    cut whose parity a label at v still knows, `price[q]` what the second member costs.
    """

    member: Bits
    memory: Bits
    price: Reals


class Desk(NamedTuple):
    """Be the working memory of one pricer: labels, the heads of their lists, and the routes found."""

    node: Small
    before: Small
    following: Small
    queued: Small
    taken: Small
    length: Small
    time: Ints
    cost: Reals
    dead: Flags
    mask: Bits
    parity: Bits
    head: Small
    bucket: Small


class Found(NamedTuple):
    """Take routes out of the pricer: visits in order, number of them, reduced cost."""

    seq: Small
    size: Small
    cost: Reals


@kernel
def legs_of(flat: Flat) -> Legs:
    """Compute the tables of a part."""
    n, m, kinds = flat.place.size, flat.origin.size, flat.gap_lasts.shape[1]
    leg, out, back = np.empty((n, n), np.int32), np.empty((m, n), np.int32), np.empty((m, n), np.int32)
    deadline = np.full((m, n, kinds), -NEVER)
    for v in range(n):
        for u in range(n):
            leg[v, u] = flat.travel[flat.place[v], flat.place[u]]
    for c in range(m):
        last = flat.rests[c]
        for v in range(n):
            out[c, v] = flat.travel[flat.origin[c], flat.place[v]]
            back[c, v] = flat.travel[flat.place[v], flat.goal[c]]
            for k in range(last + 1):
                if flat.gap_floor[c, k, last] <= flat.end[c]:
                    limit = flat.end[c] - back[c, v] - flat.gap_lasts[c, k, last]
                    deadline[c, v, k] = min(limit, flat.gap_until[c, k, last])
    return Legs(leg, out, back, deadline)


@kernel
def desk_of(size: int, visits: int, words: int, cut_words: int) -> Desk:
    """Make room for so many labels."""
    return Desk(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int64),
        np.empty(size, np.float64),
        np.empty(size, np.bool_),
        np.empty((size, words), np.uint64),
        np.empty((size, cut_words), np.uint64),
        np.empty(visits, np.int32),
        np.empty(BUCKETS, np.int32),
    )


BUCKETS = 512
"""Slices of a shift: labels of one slice are extended together."""


@inlined
def _debt(parity: Bits, price_of: Reals, one: int, two: int) -> float:
    """Return what the first label may have to pay for cuts that it has half consumed and the second has not."""
    debt = 0.0
    for w in range(parity.shape[1]):
        ahead = parity[one, w] & ~parity[two, w]
        q = 64 * w
        while ahead:
            if ahead & One:
                debt += price_of[q]
            ahead >>= One
            q += 1
    return debt


@inlined
def _toll(parity: Bits, member: Bits, memory: Bits, price_of: Reals, made: int, before: int, v: int) -> float:
    """Bring the parities of a new label up to date; return what the cuts cost whose second member this visit is."""
    toll = 0.0
    for w in range(parity.shape[1]):
        known = None_ if before < 0 else parity[before, w]
        closed = known & member[v, w]
        q = 64 * w
        while closed:
            if closed & One:
                toll += price_of[q]
            closed >>= One
            q += 1
        parity[made, w] = (known ^ member[v, w]) & memory[v, w]
    return toll


@kernel
def price(
    flat: Flat,
    net: Legs,
    car: int,
    prize: Reals,
    charge: float,
    near: Bits,
    cuts: Cuts,
    desk: Desk,
    found: Found,
    below: float,
    halt: Ints,
) -> tuple[int, float, bool]:
    """Find routes of one car whose reduced cost is below `below`, overlooking none.

    `prize[v]` is what serving v is worth, `charge` what using the car costs, `near[v]` the visits that a label at v
    still remembers. Return how many routes were found, the least reduced cost of the relaxation (at most 0), and
    whether that is proven: not if there were more labels than room, or if somebody set `halt[0]` meanwhile.
    """
    # fields are taken out once: each look into a tuple of arrays counts references
    n, words, rests, weight, soft = flat.place.size, desk.mask.shape[1], flat.rests[car], flat.weight, flat.soft
    begin, end, most = flat.start[car], flat.end[car], flat.most[car]
    counted = most < n
    lasts, win_at, opens, closes = flat.lasts, flat.win_at, flat.opens, flat.closes
    due, rate = flat.due, flat.rate
    until, pause, floor = flat.gap_until[car], flat.gap_lasts[car], flat.gap_floor[car]
    way_out, legs, deadline = net.out[car], net.leg, net.deadline[car]
    node_of, before_of, next_of, queued = desk.node, desk.before, desk.following, desk.queued
    taken_of, count_of, time_of, cost_of = desk.taken, desk.length, desk.time, desk.cost
    dead, mask, parity, head, bucket = desk.dead, desk.mask, desk.parity, desk.head, desk.bucket
    member, memory, price_of, tolls = cuts.member, cuts.memory, cuts.price, desk.parity.shape[1] > 0
    width = max(1, (end - begin) // (BUCKETS - 2) + 1)
    head[:] = -1
    bucket[:] = -1
    able, net_prize = np.empty(n, np.int32), np.empty(n, np.float64)
    ables = 0
    for v in range(n):
        if flat.fits[v, car]:
            able[ables], net_prize[ables] = v, flat.wish[v, car] - prize[v]
            ables += 1
    if ables == 0 or most == 0:
        return 0, 0.0, True
    made, slot, current, enough = 0, 0, -1, True
    room = node_of.size - 1
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
                    if made >= room:
                        enough = False
                        break
                    total = base
                    if soft and start > due[v]:
                        total += -((-(start - due[v]) * rate[v]) // 3600)
                    for w in range(words):
                        kept = None_ if current < 0 else mask[current, w]
                        mask[made, w] = (kept & near[v, w]) | (bit if w == word else None_)
                    if tolls:
                        total += _toll(parity, member, memory, price_of, made, current, v)
                    # labels at a visit stand by rising cost: first those that may dominate the new one
                    last, other, beaten = -1, head[v], False
                    while other >= 0 and cost_of[other] <= total:
                        if time_of[other] <= finish and taken_of[other] >= k:
                            beaten = not counted or count_of[other] <= count + 1
                            for w in range(words):
                                if mask[other, w] & ~mask[made, w]:
                                    beaten = False
                                    break
                            if beaten and tolls:
                                beaten = cost_of[other] + _debt(parity, price_of, other, made) <= total
                            if beaten:
                                break
                        last, other = other, next_of[other]
                    if beaten:
                        continue
                    place = last
                    while other >= 0:  # then those that it may dominate
                        worse = finish <= time_of[other] and k >= taken_of[other]
                        worse = worse and (not counted or count + 1 <= count_of[other])
                        if worse:
                            for w in range(words):
                                if mask[made, w] & ~mask[other, w]:
                                    worse = False
                                    break
                            if worse and tolls:
                                worse = total + _debt(parity, price_of, made, other) <= cost_of[other]
                        if worse:
                            dead[other] = True
                            if last < 0:
                                head[v] = next_of[other]
                            else:
                                next_of[last] = next_of[other]
                        else:
                            last = other
                        other = next_of[other]
                    if place < 0:
                        next_of[made], head[v] = head[v], made
                    else:
                        next_of[made], next_of[place] = next_of[place], made
                    node_of[made], time_of[made], taken_of[made] = v, finish, k
                    cost_of[made], count_of[made], before_of[made], dead[made] = total, count + 1, current, False
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
        if current < 0 or not enough:
            break
        if halt[0] != 0:
            enough = False
            break
        time, cost, taken = time_of[current], cost_of[current], taken_of[current]
        count, here = count_of[current], node_of[current]
    return _collect(flat, net, car, desk, found, below, enough)


@inlined
def _collect(
    flat: Flat, net: Legs, car: int, desk: Desk, found: Found, below: float, enough: bool
) -> tuple[int, float, bool]:
    """Bring the cheapest labels of every visit home, the best routes first."""
    n = flat.place.size
    best, total = np.empty(n, np.int32), np.full(n, np.inf)
    least = 0.0
    for v in range(n):
        label, best[v] = desk.head[v], -1
        way = net.back[car, v] * flat.weight
        while label >= 0:
            if desk.time[label] <= net.deadline[car, v, desk.taken[label]] and desk.cost[label] + way < total[v]:
                best[v], total[v] = label, desk.cost[label] + way
            label = desk.following[label]
        least = min(least, total[v])
    order = np.argsort(total)
    count = 0
    for i in range(n):
        v = order[i]
        if count == found.size.size or not total[v] < below:
            break
        label, size = best[v], desk.length[best[v]]
        if size > found.seq.shape[1]:
            continue
        at = size
        while label >= 0:
            at -= 1
            found.seq[count, at] = desk.node[label]
            label = desk.before[label]
        found.size[count], found.cost[count] = size, total[v]
        count += 1
    return count, least, enough
