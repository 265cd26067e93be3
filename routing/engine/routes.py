"""Routes the search works on: unchangeable, made once, each with the tables that answer insertions quickly.

For a route the tables hold, per position, the earliest finish forwards and the latest arrival backwards, both
per number of breaks already taken. Starting earlier is never worse for what follows (also with holes in the
windows), so one look at both tables decides whether a visit fits at a position.
"""

from collections.abc import Sequence

from routing.engine.model import Car, Net
from routing.engine.places import NO_PLACE, cheapest_around_break, cheapest_plain, places_of
from routing.engine.schedule import late_cost, schedule
from routing.engine.tables import Way, broken_way, empty_way, one_break_way, plain_way

KEEP = 200_000
"""Routes remembered before the memory is emptied; 1 to 3 kB each with what hangs on it."""

_BUILD = (plain_way, one_break_way, broken_way)


class Book:
    """Make routes and remember them, so that nothing is computed twice."""

    __slots__ = ("_known", "empty", "net")

    def __init__(self, net: Net) -> None:
        """Begin with the empty route of every car."""
        self.net = net
        self._known: dict[tuple[int, tuple[int, ...]], Way | None] = {}
        self.empty = tuple(empty_way(car) for car in net.cars)

    def way(self, car: int, seq: tuple[int, ...]) -> Way | None:
        """Return the route of a car through the visits in this order; None where a rule forbids it.

        Whether the car may serve each visit is not looked at: insertions ask `Net.fits` first.
        """
        if not seq:
            return self.empty[car]
        key = (car, seq)
        if key in self._known:
            return self._known[key]
        if len(self._known) > KEEP:
            self._known.clear()
        way = self._known[key] = self._make(self.net.cars[car], seq)
        return way

    def _make(self, car: Car, seq: tuple[int, ...]) -> Way | None:
        if len(seq) > car.max_visits:
            return None
        way = _BUILD[min(len(car.breaks), 2)](self.net, car, seq)
        if way is None:
            return None
        net = self.net
        way.travel = sum(way.legs) * net.weight
        if net.soft:
            way.late = self.lateness(car, seq)
        way.cost = way.travel + way.late + sum(net.wish[v].get(car.index, 0) for v in seq)
        return way

    def lateness(self, car: Car, seq: Sequence[int]) -> int:
        """Return the least lateness cost of a sequence that can be kept."""
        net = self.net
        if car.breaks:
            timed = schedule(net, car, seq)
            return 0 if timed is None else timed.late
        clock, place, late = car.start, car.origin, 0
        for v in seq:
            clock += net.travel[place][net.location[v]]
            clock = next((max(clock, a) for a, b in net.windows[v] if clock <= b), clock)
            late += late_cost(net, v, start=clock)
            clock, place = clock + net.duration[v], net.location[v]
        return late

    def without(self, way: Way, v: int) -> Way | None:
        """Return the route with one visit taken out; None where that breaks a rule (odd street matrices)."""
        if v not in way.without:
            i = way.seq.index(v)
            way.without[v] = self.way(way.car.index, way.seq[:i] + way.seq[i + 1 :])
        return way.without[v]

    def insertion(self, way: Way, v: int) -> tuple[int, int]:
        """Return the cheapest way to take a visit in: what it adds to the cost, and the position.

        `NO_PLACE` where it does not fit. `Net.fits` must have been asked.
        """
        found = way.inserts.get(v)
        if found is None:
            if len(way.seq) >= way.car.max_visits:
                found = NO_PLACE
            elif self.net.soft:
                found = self._cheapest_soft(way, v)
            elif not way.car.breaks:
                found = cheapest_plain(self.net, way, v)
            elif len(way.car.breaks) == 1:
                found = cheapest_around_break(self.net, way, v)
            else:
                found = min(places_of(self.net, way, v), default=NO_PLACE)
            way.inserts[v] = found
        return found

    def insert(self, way: Way, v: int, *, at: int) -> Way:
        """Return the route with the visit taken in at a position that `insertion` named."""
        longer = self.way(way.car.index, way.seq[:at] + (v,) + way.seq[at:])
        if longer is None:  # the tables and the full timing must agree; a difference is a defect
            raise AssertionError(f"insertion of {v} into {way.seq} at {at} does not hold")
        return longer

    def _cheapest_soft(self, way: Way, v: int) -> tuple[int, int]:
        """Return the cheapest place where lateness counts: cheap travel first, then the exact cost."""
        best = NO_PLACE
        for added, at in sorted(places_of(self.net, way, v)):
            if added - way.late >= best[0]:
                break
            longer = self.way(way.car.index, way.seq[:at] + (v,) + way.seq[at:])
            if longer is not None and longer.cost - way.cost < best[0]:
                best = (longer.cost - way.cost, at)
        return best
