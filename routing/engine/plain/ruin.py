"""Take visits out so that something better can be put back: neighbours, strings, whole routes, chance."""

from random import Random

import numpy as np

from routing.engine.draft import Draft
from routing.engine.model import Net

NEIGHBOURS = 60
"""Nearest visits remembered per visit."""

MOST_OUT = 14
"""Visits taken out on average at most in one step; more is slower and seldom better on days of 4-10 visits a route."""


def neighbours_of(net: Net) -> list[list[int]]:
    """Return for each visit the nearest others, itself first: by travel there and back, and by time apart."""
    if not net.visits:
        return []
    place = np.array(net.location)
    apart = net.problem.travel.matrix[np.ix_(place, place)]
    near = (np.minimum(apart, 10**7) + np.minimum(apart.T, 10**7)).astype(np.float64)
    first = np.array([w[0][0] if w else 0 for w in net.windows], dtype=np.float64)
    last = np.array([w[-1][1] if w else 0 for w in net.windows], dtype=np.float64)
    wait = np.maximum(0, np.maximum(first[:, None] - last[None, :], first[None, :] - last[:, None]))
    near += 0.2 * wait
    np.fill_diagonal(near, -1)
    keep = min(NEIGHBOURS, len(net.visits))
    order: list[list[int]] = np.argsort(near, axis=1, kind="stable")[:, :keep].tolist()
    return order


class Ruin:
    """Choose what to take out. Bound to one problem; draws from the generator it is given."""

    def __init__(self, net: Net, *, rng: Random) -> None:
        """Prepare the neighbourhoods."""
        self._net = net
        self._rng = rng
        self._near = neighbours_of(net)
        self._able = [v for v in range(len(net.visits)) if net.fits[v]]

    def ruin(self, draft: Draft) -> None:
        """Take some visits out of the draft."""
        kind = self._rng.random()
        if kind < 0.8:
            self._strings(draft)
        elif kind < 0.93:
            self._around(draft)
        else:
            self._routes(draft)

    def _seed(self, draft: Draft) -> int:
        """Pick the visit to begin at: a left out one now and then, for there most is to be won."""
        out = [v for v in sorted(draft.out) if self._net.fits[v]] if draft.out else []
        if out and self._rng.random() < 0.3:
            return self._rng.choice(out)
        return self._rng.choice(self._able)

    def _strings(self, draft: Draft) -> None:
        """Take strings of visits out of the routes around a seed (slack induction by string removals)."""
        rng = self._rng
        where = {v: way.car.index for way in draft.ways for v in way.seq}
        if not where:
            return
        longest = min(10.0, len(where) / max(1, sum(1 for w in draft.ways if w.seq)))
        wanted = int(rng.uniform(1, 4 * MOST_OUT / (1 + longest))) or 1
        touched: set[int] = set()
        for v in self._near[self._seed(draft)]:
            car = where.get(v, -1)
            if car < 0 or car in touched:
                continue
            touched.add(car)
            seq = draft.ways[car].seq
            size = int(rng.uniform(1, min(len(seq), longest) + 1))
            draft.release(car, set(self._string(seq, v, size=size)))
            if len(touched) >= wanted:
                return

    def _string(self, seq: tuple[int, ...], v: int, *, size: int) -> tuple[int, ...]:
        """Cut a string of so many visits that holds one of them; half the time keep some in its middle."""
        rng, at = self._rng, seq.index(v)
        spared = 0
        if rng.random() < 0.5:
            while size + spared < len(seq) and rng.random() > 0.5:
                spared += 1
        whole = size + spared
        first = rng.randint(max(0, at - whole + 1), min(at, len(seq) - whole))
        string = seq[first : first + whole]
        if not spared:
            return string
        skip = rng.randint(0, size)
        return string[:skip] + string[skip + spared :]

    def _around(self, draft: Draft) -> None:
        """Take out visits near a seed, whatever route they are on."""
        rng = self._rng
        count = rng.randint(2, MOST_OUT)
        near = self._near[self._seed(draft)]
        gone = {near[int(len(near) * rng.random() ** 3)] for _ in range(count)}
        for way in list(draft.ways):
            hit = gone.intersection(way.seq)
            if hit:
                draft.release(way.car.index, hit)

    def _routes(self, draft: Draft) -> None:
        """Send one or two technicians home: the seed's own, and that of somebody near."""
        where = {v: way.car.index for way in draft.ways for v in way.seq}
        cars: list[int] = []
        for v in self._near[self._seed(draft)]:
            if v in where and where[v] not in cars:
                cars.append(where[v])
                if len(cars) == 2:
                    break
        for car in cars[: self._rng.randint(1, 2)]:
            draft.release(car, set(draft.ways[car].seq))
