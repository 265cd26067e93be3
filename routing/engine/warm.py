"""Compile every kernel before anybody waits: `python -m routing.engine.warm`, or `warm()` where a process begins."""

import sys

import numpy as np

from routing.engine.compiled import jit
from routing.engine.compiled.cuts import remember, violated
from routing.engine.compiled.packing import master_of, pool_of
from routing.engine.cutting import A_ROUND, BROKEN
from routing.engine.solve import solve
from routing.problem import Location, Problem, Shift, Technician, TimeWindow, Visit
from routing.stop import IterationLimit
from routing.travel import from_matrix

_SIZE = 8


def warm() -> bool:
    """Load every kernel, compiling what is not kept on disk yet; return whether there is a compiler at all.

    Takes a minute or two on the very first call of an installation, then a second or two for each process.
    """
    if not jit.AVAILABLE:
        return False
    solve(_problem(), seed=1, stop=IterationLimit(3_000))
    _cut()
    jit.kept()
    return True


def _cut() -> None:
    """Call the kernels of cuts: a problem that is quickly solved needs none."""
    pool, master = pool_of(1, 1, 1), master_of(1, 1)
    master.tally[0] = 0
    violated(pool, master, 3, A_ROUND, BROKEN)
    remember(pool, master, np.zeros(3, np.int64), np.zeros(3, np.bool_))


def _problem() -> Problem:
    travel = from_matrix([[60 * abs(i - j) for j in range(_SIZE)] for i in range(_SIZE)])
    people = tuple(Technician(f"t{i}", i, i, shifts=(Shift(0, 7_000),)) for i in range(2))
    visits = tuple(Visit(f"v{i}", i, 2_000, (TimeWindow(0, 4_000 + 100 * i),), 5_000 + i) for i in range(_SIZE))
    places = tuple(Location(f"l{i}") for i in range(_SIZE))
    return Problem("warm", places, people, visits, travel, 10_000)


if __name__ == "__main__":
    sys.exit(0 if warm() else 1)
