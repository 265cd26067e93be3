"""Subset-row cuts of three visits: of the routes that serve two or more of them, at most one can be chosen.

Jepsen, Petersen, Spoorendonk and Pisinger (2008); with a limited memory (Pecin et al., 2017) a cut forgets its first
member at visits where that does not weaken it, so that pricing stays quick.
"""

import numpy as np

from routing.engine.arrays import Flags, Ints, Small
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.compiled.labels import Bits, One, Reals
from routing.engine.compiled.packing import Master, Pool


@kernel
def violated(pool: Pool, master: Master, visits: int, most: int, least: float) -> tuple[Ints, Reals]:
    """Return triples of visits whose cut the present choice breaks by more than `least`, the most broken first."""
    rows = master.tally[0]
    used, count = np.empty(rows, np.int64), 0
    for i in range(rows):
        if master.basis[i] >= 0 and master.amount[i] > 1e-4:
            used[count] = i
            count += 1
    has = np.zeros((count, visits), np.bool_)
    both = np.zeros((visits, visits), np.float64)
    for x in range(count):
        j = master.basis[used[x]]
        for s in range(pool.size[j]):
            has[x, pool.seq[j, s]] = True
        for a in range(visits):
            if has[x, a]:
                for b in range(a + 1, visits):
                    if has[x, b]:
                        both[a, b] += master.amount[used[x]]
    triples, worth, found = np.empty((20000, 3), np.int64), np.empty(20000, np.float64), 0
    for a in range(visits):
        for b in range(a + 1, visits):
            for c in range(b + 1, visits):
                total = both[a, b] + both[a, c] + both[b, c]
                if total <= 1.0 + least or found == 20000:
                    continue
                for x in range(count):
                    if has[x, a] and has[x, b] and has[x, c]:
                        total -= 2.0 * master.amount[used[x]]
                if total > 1.0 + least:
                    triples[found, 0], triples[found, 1], triples[found, 2] = a, b, c
                    worth[found] = total - 1.0
                    found += 1
    order = np.argsort(-worth[:found])
    often, kept = np.zeros(visits, np.int64), 0
    out, by = np.empty((most, 3), np.int64), np.empty(most, np.float64)
    for i in range(found):
        t = triples[order[i]]
        if kept < most and often[t[0]] < 6 and often[t[1]] < 6 and often[t[2]] < 6:
            out[kept], by[kept] = t, worth[order[i]]
            kept += 1
            for x in range(3):
                often[t[x]] += 1
    return out[:kept], by[:kept]


@kernel
def remember(pool: Pool, master: Master, triple: Ints, memory: Flags) -> None:
    """Add to the memory of a cut the visits at which the routes in use must know its parity."""
    for i in range(master.tally[0]):
        j = master.basis[i]
        if j < 0 or master.amount[i] < 1e-4:
            continue
        last = -1
        for s in range(pool.size[j]):
            v = pool.seq[j, s]
            if v == triple[0] or v == triple[1] or v == triple[2]:
                if last >= 0:
                    for t in range(last, s + 1):
                        memory[pool.seq[j, t]] = True
                    last = -1
                else:
                    last = s


@inlined
def halves_of(seq: Small, size: int, q: int, member: Bits, memory: Bits) -> int:
    """Return how often a route completes a pair of a cut's members within its memory."""
    word, bit, odd, count = q >> 6, One << np.uint64(q & 63), False, 0
    for s in range(size):
        v = seq[s]
        if member[v, word] & bit:
            if odd:
                count += 1
            odd = not odd
        if not memory[v, word] & bit:
            odd = False
    return count


@kernel
def count_halves(pool: Pool, first: int, rows: int, member: Bits, memory: Bits) -> None:
    """Compute the counts in all cuts of the columns from `first` on; cut q stands in row q, row 0 is no cut."""
    for j in range(first, pool.used[0]):
        for q in range(1, rows):
            pool.half[j, q] = halves_of(pool.seq[j], pool.size[j], q, member, memory)
