"""The linear programme over known routes: primal simplex of a set packing, warm from one call to the next.

Maximise the gain of the routes chosen (drop costs saved less cost of the route), each visit and each car at most once,
and at most one route through two or more members of each subset cut. The empty choice is always possible, a new
column keeps the basis possible: there is no phase one, and after new rows the basis begins with nothing chosen. The
right-hand sides are moved a little so that ties are broken; duals are duals of the true problem all the same.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.arrays import Flags, Ints, Small
from routing.engine.compiled.jit import inlined, kernel
from routing.engine.compiled.labels import Reals

TINY = 1e-9
REFRESH = 120
"""Pivots after which the inverse is computed anew."""


NOTHING = -(1 << 40)
"""Stands for no column and no row."""

LIKELY = 40
"""Columns looked at between two looks at all of them."""


class Pool(NamedTuple):
    """Hold routes as columns: the first `used[0]` are there. `half[j, q]` is how often column j counts in cut q."""

    seq: Small
    size: Small
    car: Small
    gain: Reals
    half: npt.NDArray[np.int8]
    alive: Flags
    used: Ints


class Master(NamedTuple):
    """Hold a basis. `inverse[r, i]` belongs to row r and basis position i; `basis[i]` is a column, or -1-r for the
    slack of row r; `tally` counts rows in use and pivots since the last refresh.
    """

    inverse: Reals
    basis: Ints
    amount: Reals
    dual: Reals
    limit: Reals
    tally: Ints


@kernel
def pool_of(size: int, longest: int, cuts: int) -> Pool:
    """Make room for so many columns."""
    return Pool(
        np.empty((size, longest), np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.float64),
        np.zeros((size, cuts), np.int8),
        np.ones(size, np.bool_),
        np.zeros(1, np.int64),
    )


@kernel
def master_of(rows: int, room: int) -> Master:
    """Make a master of so many rows, with room for more."""
    master = Master(
        np.zeros((room, room), np.float64),
        np.zeros(room, np.int64),
        np.zeros(room, np.float64),
        np.zeros(room, np.float64),
        np.zeros(room, np.float64),
        np.zeros(2, np.int64),
    )
    master.tally[0] = rows
    for r in range(room):
        # a fixed scatter: the same problem takes the same pivots
        master.limit[r] = 1.0 + 1e-5 * (1.0 + ((r * 7919 + 104729) % 1009) / 1009.0)
    slack_basis(master)
    return master


@kernel
def slack_basis(master: Master) -> None:
    """Begin anew with nothing chosen."""
    rows = master.tally[0]
    master.inverse[:rows, :rows] = 0.0
    for r in range(rows):
        master.inverse[r, r] = 1.0
        master.basis[r] = -1 - r
        master.amount[r] = master.limit[r]
        master.dual[r] = 0.0
    master.tally[1] = 0


@inlined
def _enters(pool: Pool, master: Master, j: int, visits: int, cars: int, out: Reals) -> None:
    """Write the basic directions of a column."""
    rows = master.tally[0]
    inverse, seq = master.inverse, pool.seq
    out[:rows] = inverse[visits + pool.car[j], :rows]
    for i in range(pool.size[j]):
        r = seq[j, i]
        for k in range(rows):
            out[k] += inverse[r, k]
    for q in range(rows - visits - cars):
        if pool.half[j, q] > 0:
            out[:rows] += pool.half[j, q] * master.inverse[visits + cars + q, :rows]


@inlined
def _worth(
    j: int,
    gain: Reals,
    car: Small,
    seq: Small,
    size: Small,
    half: npt.NDArray[np.int8],
    dual: Reals,
    visits: int,
    first_cut: int,
    rows: int,
) -> float:
    """Return the gain of a column less the duals of its rows; written on plain arrays, for it is asked all the time."""
    worth = gain[j] - dual[visits + car[j]]
    for i in range(size[j]):
        worth -= dual[seq[j, i]]
    for r in range(first_cut, rows):
        worth -= half[j, r - first_cut] * dual[r]
    return worth


@inlined
def profit_of(pool: Pool, master: Master, j: int, visits: int, cars: int) -> float:
    """Return the gain of a column less the duals of its rows."""
    rows = master.tally[0]
    first_cut = visits + cars
    return _worth(j, pool.gain, pool.car, pool.seq, pool.size, pool.half, master.dual, visits, first_cut, rows)


@kernel
def _likely(pool: Pool, master: Master, visits: int, cars: int, small: float, likely: Ints) -> int:
    """List columns that would enter now, among the best: the next pivots look at these alone."""
    rows = master.tally[0]
    gain, car, seq, size, half, dual = pool.gain, pool.car, pool.seq, pool.size, pool.half, master.dual
    count, floor = 0, small
    worths = np.empty(likely.size, np.float64)
    for j in range(pool.used[0]):
        if pool.alive[j]:
            worth = _worth(j, gain, car, seq, size, half, dual, visits, visits + cars, rows)
            if worth > floor:
                if count < likely.size:
                    likely[count], worths[count] = j, worth
                    count += 1
                else:
                    weakest = np.argmin(worths)
                    floor = worths[weakest]
                    if worth > floor:
                        likely[weakest], worths[weakest] = j, worth
    return count


@kernel
def optimise(pool: Pool, master: Master, visits: int, cars: int, pivots: int) -> float:
    """Improve the basis to the optimum over the columns alive, or by so many pivots; return the value of the duals."""
    rows = master.tally[0]
    gain, car, seq, size, half, dual = pool.gain, pool.car, pool.seq, pool.size, pool.half, master.dual
    inverse, amount = master.inverse, master.amount
    step = np.empty(rows, np.float64)
    scale = 1.0
    for j in range(pool.used[0]):
        scale = max(scale, abs(pool.gain[j]))
    small = 1e-9 * scale
    likely, few = np.empty(LIKELY, np.int64), 0
    for _ in range(pivots):
        if master.tally[1] >= REFRESH:
            refresh(pool, master, visits, cars)
        enter, most = NOTHING, small
        for i in range(few):
            worth = _worth(likely[i], gain, car, seq, size, half, dual, visits, visits + cars, rows)
            if worth > most:
                enter, most = likely[i], worth
        if enter == NOTHING:
            few = _likely(pool, master, visits, cars, small, likely)
            for i in range(few):
                worth = _worth(likely[i], gain, car, seq, size, half, dual, visits, visits + cars, rows)
                if worth > most:
                    enter, most = likely[i], worth
        for r in range(rows):
            if -dual[r] > most:
                enter, most = -1 - r, -dual[r]
        if enter == NOTHING:
            break
        if enter >= 0:
            _enters(pool, master, enter, visits, cars, step)
        else:
            step[:] = inverse[-1 - enter, :rows]
        leave, least = -1, np.inf
        for i in range(rows):
            if step[i] > 1e-7:
                ratio = max(0.0, amount[i]) / step[i]
                if ratio < least - TINY or (ratio < least + TINY and step[i] > step[leave]):
                    leave, least = i, ratio
        if leave < 0:
            break
        _pivot(master, enter, leave, least, most, step)
    value = 0.0
    for r in range(rows):
        value += master.dual[r]
    return value


@inlined
def _pivot(master: Master, enter: int, leave: int, ratio: float, worth: float, step: Reals) -> None:
    rows = master.tally[0]
    inverse, amount, dual = master.inverse, master.amount, master.dual
    pivot = step[leave]
    for i in range(rows):
        amount[i] -= ratio * step[i]
    amount[leave] = ratio
    master.basis[leave] = enter
    for r in range(rows):
        share = inverse[r, leave]
        if share != 0.0:
            share /= pivot
            for i in range(rows):
                inverse[r, i] -= share * step[i]
            inverse[r, leave] = share
            dual[r] += worth * share
    master.tally[1] += 1


@kernel
def refresh(pool: Pool, master: Master, visits: int, cars: int) -> None:
    """Compute inverse, amounts and duals from the basis itself, by elimination with pivoting."""
    rows = master.tally[0]
    work = np.zeros((rows, rows), np.float64)
    right = np.zeros((rows, rows), np.float64)
    gains = np.zeros(rows, np.float64)
    for i in range(rows):
        right[i, i] = 1.0
        j = master.basis[i]
        if j < 0:
            work[-1 - j, i] = 1.0
        else:
            gains[i] = pool.gain[j]
            work[visits + pool.car[j], i] = 1.0
            for s in range(pool.size[j]):
                work[pool.seq[j, s], i] += 1.0
            for q in range(rows - visits - cars):
                work[visits + cars + q, i] = pool.half[j, q]
    for i in range(rows):
        best = i
        for r in range(i + 1, rows):
            if abs(work[r, i]) > abs(work[best, i]):
                best = r
        if best != i:
            for k in range(rows):
                work[i, k], work[best, k] = work[best, k], work[i, k]
                right[i, k], right[best, k] = right[best, k], right[i, k]
        pivot = work[i, i]
        if abs(pivot) < 1e-11:  # a basis lost to rounding: begin anew
            slack_basis(master)
            return
        for k in range(rows):
            work[i, k] /= pivot
            right[i, k] /= pivot
        for r in range(rows):
            share = work[r, i]
            if r != i and share != 0.0:
                for k in range(i, rows):
                    work[r, k] -= share * work[i, k]
                for k in range(rows):
                    right[r, k] -= share * right[i, k]
    for r in range(rows):
        dual = 0.0
        for i in range(rows):
            master.inverse[r, i] = right[i, r]
            dual += gains[i] * right[i, r]
        master.dual[r] = dual
    for i in range(rows):
        amount = 0.0
        for r in range(rows):
            amount += right[i, r] * master.limit[r]
        master.amount[i] = max(0.0, amount)
    master.tally[1] = 0
