"""A plan between two steps of the search: the visits of every car in order, and the cost of all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.engine.arrays import Flat, Ints
from routing.engine.compiled.insertion import Routes, routes_of
from routing.engine.compiled.record import Kept, load
from routing.engine.compiled.timing import route_cost

Seq = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Name the visits of every car in order, the cost of each route, and the total with what is left out."""

    seqs: tuple[Seq, ...]
    costs: tuple[int, ...]
    total: int

    def left_out(self, visits: int) -> list[int]:
        """Return the visits nobody serves."""
        served = {v for seq in self.seqs for v in seq}
        return [v for v in range(visits) if v not in served]


def outline_of(flat: Flat, *, seqs: Sequence[Seq]) -> Outline:
    """Cost the routes.

    :raises ValueError: if one of them cannot be kept.
    """
    costs = []
    for c, seq in enumerate(seqs):
        cost = int(route_cost(flat, c, np.array(seq or (0,), dtype=np.int32), len(seq)))
        if cost < 0:
            raise ValueError(f"route {c} cannot be kept")
        costs.append(cost)
    served = [v for seq in seqs for v in seq]
    total = sum(costs) + int(flat.drop.sum()) - int(flat.drop[served].sum() if served else 0)
    return Outline(tuple(seqs), tuple(costs), total)


def seqs_of(seq: "np.typing.NDArray[np.int32]", size: Ints) -> list[Seq]:
    """Read the visits of every car from arrays."""
    return [tuple(row[:k]) for row, k in zip(seq.tolist(), size.tolist(), strict=True)]


def longest_of(flat: Flat) -> int:
    """Return how many visits a route can have at most: the shortest ones that fill the longest shift."""
    most = 1
    for c in range(flat.origin.size):
        lasts = np.sort(flat.lasts[flat.fits[:, c]])
        fill = int(np.searchsorted(np.cumsum(lasts), flat.end[c] - flat.start[c], side="right"))
        most = max(most, min(fill, int(flat.most[c])))
    return most


def kept_of(seqs: Sequence[Seq], *, longest: int) -> Kept:
    """Write routes into arrays."""
    seq, size = np.zeros((len(seqs), longest), dtype=np.int32), np.zeros(len(seqs), dtype=np.int64)
    for c, visits in enumerate(seqs):
        seq[c, : len(visits)], size[c] = visits, len(visits)
    return Kept(seq, size)


def routes_with(flat: Flat, *, seqs: Sequence[Seq], longest: int) -> Routes:
    """Make the tables of routes."""
    routes = routes_of(flat, longest)
    load(flat, routes, kept_of(seqs, longest=longest))
    return routes
