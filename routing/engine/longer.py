"""A problem with one visit more, as far as timing a route asks for it: nothing is copied but what is short."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from routing.engine.arrays import Ints
from routing.engine.model import Car, Net
from routing.engine.schedule import NEVER, Timetable
from routing.problem import Visit


@dataclass(frozen=True, slots=True)
class Ways:
    """Hold the seconds from every location of the problem to a new place, and from it to every location."""

    there: Ints
    back: Ints


class Longer:
    """A `Timetable` of a problem and one visit more, which is known as `new`."""

    def __init__(self, net: Net, visit: Visit, ways: Ways) -> None:
        self.new = len(net.visits)
        here = len(net.problem.locations)
        self.location = [*net.location, here]
        self.duration = [*net.duration, visit.duration]
        self.windows: list[tuple[tuple[int, int], ...]] = [*net.windows, ()]
        self.due = [*net.due, visit.due if visit.due is not None and visit.late_cost_per_hour else NEVER]
        self.late_rate = [*net.late_rate, visit.late_cost_per_hour]
        self.travel = _Travel(net.travel, here, ways)


class _Travel(Sequence[Sequence[int]]):
    """The seconds between all locations and one more; rows are made when they are asked for."""

    def __init__(self, travel: Sequence[Sequence[int]], here: int, ways: Ways) -> None:
        self._travel, self._here, self._ways = travel, here, ways
        self._made: dict[int, Sequence[int]] = {}

    def __getitem__(self, place: Any) -> Any:
        if place not in self._made:
            own = place == self._here
            self._made[place] = [*self._ways.back.tolist(), 0] if own else self._row(place)
        return self._made[place]

    def _row(self, place: int) -> Sequence[int]:
        return [*self._travel[place], int(self._ways.there[place])]

    def __len__(self) -> int:
        return self._here + 1


def legs_of(net: Timetable, car: Car, seq: Sequence[int]) -> tuple[int, ...]:
    """Return the seconds of every way of a route, home at both ends."""
    places = [car.origin, *[net.location[v] for v in seq], car.goal]
    return tuple(net.travel[a][b] for a, b in itertools.pairwise(places))
