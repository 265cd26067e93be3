"""A problem, or a part of one, as flat arrays of integers: the only form the compiled kernels know.

`n` visits and `m` cars (shifts) are known by their index. Times are seconds; `FOREVER` stands for never. Where
there is no way the travel time is longer than any horizon, so that no clock can keep it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.gaps import FOREVER
from routing.engine.model import Net

NO_WAY = 1 << 29
"""Seconds of a leg that does not exist; `findings` keeps every true time below it."""

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class Flat(NamedTuple):
    """Hold a problem as arrays.

    Visits: `place`, `lasts`, `drop`, `due`, `rate`, and windows `opens[i], closes[i]` for `win_at[v] <= i <
    win_at[v+1]`. Cars: `origin`, `goal`, `start`, `end`, `most` visits, `rests` breaks and their three tables of gaps
    (`routing.engine.gaps`). Pairs: `fits[v, c]`, `wish[v, c]` in cost. `soft`: whether any start can be late at a cost.
    """

    travel: Small
    weight: int
    place: Ints
    lasts: Ints
    drop: Ints
    due: Ints
    rate: Ints
    win_at: Ints
    opens: Ints
    closes: Ints
    origin: Ints
    goal: Ints
    start: Ints
    end: Ints
    most: Ints
    rests: Ints
    gap_lasts: Ints
    gap_floor: Ints
    gap_until: Ints
    fits: Flags
    wish: Ints
    soft: bool


def flat_of(net: Net) -> Flat:
    """Lay a whole problem out."""
    n, m = len(net.visits), len(net.cars)
    fits, wish = np.zeros((n, m), dtype=np.bool_), np.zeros((n, m), dtype=np.int64)
    for v in range(n):
        fits[v, list(net.fits[v])] = True
        for car, cost in net.wish[v].items():
            wish[v, car] = cost
    lasts, floor, until = _gaps(net)
    windows = [w for v in range(n) for w in net.windows[v]]
    return Flat(
        travel=np.minimum(net.problem.travel.matrix, NO_WAY).astype(np.int32),
        weight=net.weight,
        place=_ints(net.location),
        lasts=_ints(net.duration),
        drop=_ints(net.drop),
        due=_ints(net.due),
        rate=_ints(net.late_rate),
        win_at=np.cumsum([0, *[len(w) for w in net.windows]]).astype(np.int64),
        opens=_ints([w[0] for w in windows]),
        closes=_ints([w[1] for w in windows]),
        origin=_ints([c.origin for c in net.cars]),
        goal=_ints([c.goal for c in net.cars]),
        start=_ints([c.start for c in net.cars]),
        end=_ints([c.end for c in net.cars]),
        most=_ints([min(c.max_visits, n) for c in net.cars]),
        rests=_ints([len(c.breaks) for c in net.cars]),
        gap_lasts=lasts,
        gap_floor=floor,
        gap_until=until,
        fits=fits,
        wish=wish,
        soft=net.soft,
    )


def part_of(flat: Flat, *, visits: Sequence[int], cars: Sequence[int]) -> Flat:
    """Return the problem of some visits and some cars alone, packed so that it fits a processor's cache.

    The index of a visit or a car in the part is its position in the list given.
    """
    vs, cs = np.asarray(visits, dtype=np.int64), np.asarray(cars, dtype=np.int64)
    places, back = np.unique(np.concatenate([flat.place[vs], flat.origin[cs], flat.goal[cs]]), return_inverse=True)
    sizes = flat.win_at[vs + 1] - flat.win_at[vs]
    chosen = np.concatenate([np.arange(flat.win_at[v], flat.win_at[v + 1]) for v in vs] or [vs])
    return Flat(
        travel=np.ascontiguousarray(flat.travel[np.ix_(places, places)]),
        weight=flat.weight,
        place=back[: len(vs)].astype(np.int64),
        lasts=flat.lasts[vs],
        drop=flat.drop[vs],
        due=flat.due[vs],
        rate=flat.rate[vs],
        win_at=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        opens=flat.opens[chosen],
        closes=flat.closes[chosen],
        origin=back[len(vs) : len(vs) + len(cs)].astype(np.int64),
        goal=back[len(vs) + len(cs) :].astype(np.int64),
        start=flat.start[cs],
        end=flat.end[cs],
        most=np.minimum(flat.most[cs], len(vs)),
        rests=flat.rests[cs],
        gap_lasts=flat.gap_lasts[cs],
        gap_floor=flat.gap_floor[cs],
        gap_until=flat.gap_until[cs],
        fits=np.ascontiguousarray(flat.fits[np.ix_(vs, cs)]),
        wish=np.ascontiguousarray(flat.wish[np.ix_(vs, cs)]),
        soft=flat.soft,
    )


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _gaps(net: Net) -> tuple[Ints, Ints, Ints]:
    """Return the three tables of gaps; a run of breaks that cannot be has no time at which it may begin."""
    size = 1 + max((len(c.breaks) for c in net.cars), default=0)
    lasts = np.zeros((len(net.cars), size, size), dtype=np.int64)
    floor = np.full_like(lasts, -FOREVER)
    until = np.full_like(lasts, -FOREVER)
    for car in net.cars:
        for i, row in enumerate(car.gaps):
            for k, gap in enumerate(row):
                if gap is not None:
                    lasts[car.index, i, k], floor[car.index, i, k], until[car.index, i, k] = gap
    return lasts, floor, until
