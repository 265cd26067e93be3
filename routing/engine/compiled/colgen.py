"""Solve a small problem nearly to optimality: column generation, a dive that fixes routes, and a search over all
columns.

Restricted master (`packing`), heuristic pricing (`labels`), then whole routes: the dive fixes the most used column and
goes on generating (Sadykov et al., 2019, diving heuristics for branch and price), the search looks for the best choice
among every column seen (`finish`).
"""

from typing import NamedTuple

import numpy as np

from routing.engine.arrays import Flat, Ints, Small
from routing.engine.compiled.finish import best_choice
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.compiled.labels import Bits, Found, Legs, One, Reals, legs_of
from routing.engine.compiled.packing import Master, Pool, master_of, optimise, pool_of, profit_of, slack_basis
from routing.engine.compiled.quick import Stairs, quick_price, stairs_of

COARSE = 500.0
"""Cost by which a label must be cheaper than an earlier one while pricing is still easy."""


class Effort(NamedTuple):
    """Limit a solve: rounds of pricing at the root and after each fixing, columns a car gives in one round, columns
    kept, looks of the search, columns the search looks at.
    """

    root: int
    dive: int
    each: int
    columns: int
    looks: int
    widest: int


class Bench(NamedTuple):
    """Hold everything of one solve that its steps share; setting `halt[0]` ends it early."""

    net: Legs
    stairs: Stairs
    found: Found
    pool: Pool
    master: Master
    halt: Ints


@kernel
def bench_of(flat: Flat, effort: Effort, longest: int, halt: Ints) -> Bench:
    """Lay out the memory of a solve."""
    n, m = flat.place.size, flat.origin.size
    return Bench(
        legs_of(flat),
        stairs_of(n, flat.gap_lasts.shape[1], (n + 63) // 64),
        Found(np.empty((effort.each, longest), np.int32), np.empty(effort.each, np.int32), np.empty(effort.each)),
        pool_of(effort.columns, longest, 0),
        master_of(n + m, n + m),
        halt,
    )


@kernel
def add_column(flat: Flat, pool: Pool, car: int, seq: Small, size: int, cost: float) -> bool:
    """Add a route of known cost; False where the pool is full."""
    j = pool.used[0]
    if j == pool.gain.size or size > pool.seq.shape[1]:
        return False
    gain = -cost
    for i in range(size):
        pool.seq[j, i] = seq[i]
        gain += flat.drop[seq[i]]
    pool.size[j], pool.car[j], pool.gain[j], pool.alive[j] = size, car, gain, True
    pool.used[0] = j + 1
    return True


@kernel
def generate(
    flat: Flat, bench: Bench, dual: Reals, barred: Bits, idle: Ints, least: float, coarse: float, tired: Ints
) -> int:
    """Price every idle car with the duals given; add what would improve the basis. Return how many columns came.

    A car without a new route rests for one round (`tired`), unless all do.
    """
    n, m, added = flat.place.size, flat.origin.size, 0
    prize = flat.drop - dual[:n]
    for c in range(m):
        if not idle[c]:
            continue
        if tired[c] > 0:
            tired[c] -= 1
            continue
        charge = dual[n + c]
        count = quick_price(flat, bench.net, c, prize, charge, barred, bench.stairs, bench.found, coarse, -least)
        own = 0
        for i in range(count):
            cost = bench.found.cost[i] - charge
            for s in range(bench.found.size[i]):
                cost += prize[bench.found.seq[i, s]]
            if add_column(flat, bench.pool, c, bench.found.seq[i], bench.found.size[i], np.rint(cost)):
                j = bench.pool.used[0] - 1
                if profit_of(bench.pool, bench.master, j, n, m) > least:
                    own += 1
                else:
                    bench.pool.used[0] = j
        if own == 0:
            tired[c] = 1
        added += own
    return added


@inlined
def _descend(flat: Flat, bench: Bench, barred: Bits, idle: Ints, rounds: int, least: float) -> float:
    """Generate columns with the duals of the master until none comes or the rounds are over; return the value.

    The stairs of the pricer begin coarse and are refined each time nothing comes.
    """
    n, m = flat.place.size, flat.origin.size
    tired = np.zeros(m, np.int64)
    value = optimise(bench.pool, bench.master, n, m, 2000)
    coarse = COARSE
    for _ in range(rounds):
        if bench.halt[0] != 0:
            break
        rested = False
        for c in range(m):
            rested |= idle[c] > 0 and tired[c] > 0
        added = generate(flat, bench, bench.master.dual, barred, idle, least, coarse, tired)
        if added > 0:
            value = optimise(bench.pool, bench.master, n, m, 2000)
        elif rested:
            tired[:] = 0
        elif coarse > 0.0:
            coarse, tired[:] = 0.0 if coarse < 100.0 else 50.0, 0
        else:
            break
    return value


@inlined
def _fix(pool: Pool, j: int, barred: Bits, idle: Ints) -> None:
    """Decide for a column: its visits and its car are taken, and every other column through them dies."""
    idle[pool.car[j]] = 0
    for i in range(pool.size[j]):
        v = pool.seq[j, i]
        barred[v >> 6] |= One << np.uint64(v & 63)
    for k in range(pool.used[0]):
        if pool.alive[k]:
            if not idle[pool.car[k]]:
                pool.alive[k] = False
            for i in range(pool.size[k]):
                v = pool.seq[k, i]
                if (barred[v >> 6] >> np.uint64(v & 63)) & One:
                    pool.alive[k] = False
                    break


@inlined
def _dive(flat: Flat, bench: Bench, effort: Effort, least: float, chosen: Ints) -> tuple[int, float]:
    """Fix the most used column, generate, and so on; return how many columns were chosen and their gain."""
    n, m = flat.place.size, flat.origin.size
    pool, master = bench.pool, bench.master
    barred = np.zeros((n + 63) // 64, np.uint64)
    idle = np.ones(m, np.int64)
    count, gain = 0, 0.0
    while count < m and bench.halt[0] == 0:
        best, most, whole = -1, 1e-4, 0
        for i in range(n + m):
            j = master.basis[i]
            if j >= 0 and pool.alive[j] and master.amount[i] > 0.98:
                chosen[count] = j
                count, gain, whole = count + 1, gain + pool.gain[j], whole + 1
                _fix(pool, j, barred, idle)
            elif j >= 0 and pool.alive[j] and master.amount[i] > most:
                best, most = j, master.amount[i]
        if best >= 0 and pool.alive[best]:
            chosen[count] = best
            count, gain = count + 1, gain + pool.gain[best]
            _fix(pool, best, barred, idle)
        elif whole == 0:
            break
        slack_basis(master)
        _descend(flat, bench, barred, idle, effort.dive, least)
    for k in range(pool.used[0]):
        pool.alive[k] = True
    slack_basis(master)
    return count, gain


@kernel
def solve_part(
    flat: Flat, bench: Bench, effort: Effort, seqs: Small, sizes: Small, costs: Ints, guess: Reals
) -> tuple[bool, float]:
    """Improve the routes of a part in place; return whether a cheaper choice was found and the value of its relaxation.

    `costs` are the costs of the routes given. `guess` holds duals to begin with and receives the final ones. The
    columns stay in the pool of the bench.
    """
    n, m = flat.place.size, flat.origin.size
    pool, master = bench.pool, bench.master
    pool.used[0] = 0
    slack_basis(master)
    have, least = 0.0, 0.01
    for c in range(m):
        if sizes[c] > 0:
            add_column(flat, pool, c, seqs[c], sizes[c], float(costs[c]))
            have += pool.gain[pool.used[0] - 1]
    barred = np.zeros((n + 63) // 64, np.uint64)
    idle = np.ones(m, np.int64)
    optimise(pool, master, n, m, 2000)
    generate(flat, bench, guess, barred, idle, least, COARSE, np.zeros(m, np.int64))
    value = _descend(flat, bench, barred, idle, effort.root, least)
    guess[: n + m] = master.dual[: n + m]
    chosen = np.empty(m, np.int64)
    better = np.empty(0, np.int64)
    if value - have > 0.5:
        count, gain = _dive(flat, bench, effort, least, chosen)
        if gain > have + 0.5:
            have, better = gain, chosen[:count].copy()
        value = optimise(pool, master, n, m, 4000)
        if value - have > 0.5:
            found, slack, _ = best_choice(pool, master, n, m, value - have, effort.looks, effort.widest)
            if slack < value - have - 0.5:
                better = found
    if better.size == 0:
        return False, value
    sizes[:] = 0
    for i in range(better.size):
        j = better[i]
        c = pool.car[j]
        sizes[c] = pool.size[j]
        seqs[c, : sizes[c]] = pool.seq[j, : sizes[c]]
        costs[c] = 0
        for s in range(sizes[c]):
            costs[c] += flat.drop[seqs[c, s]]
        costs[c] -= np.int64(np.rint(pool.gain[j]))
    return True, value


@kernel
def best_of_pool(flat: Flat, pool: Pool, have: float, looks: int, widest: int) -> tuple[Ints, bool, Ints]:
    """Choose among routes alone, without making new ones.

    Return the columns of a choice that gains more than `have` (none where there is none), whether the search ended by
    itself, and the columns that could be part of a better choice.
    """
    n, m = flat.place.size, flat.origin.size
    master = master_of(n + m, n + m)
    value = optimise(pool, master, n, m, 20000)
    gap = value - have - 0.5
    count, likely = 0, np.empty(pool.used[0], np.int64)
    for j in range(pool.used[0]):
        if -profit_of(pool, master, j, n, m) < gap:
            likely[count] = j
            count += 1
    none = np.empty(0, np.int64)
    if gap <= 0.0:
        return none, True, none
    chosen, slack, ended = best_choice(pool, master, n, m, gap, looks, widest)
    return (chosen if slack < gap else none), ended and count <= widest, likely[:count].copy()
