"""Timing tables of one route, built once: earliest finish forwards, latest arrival backwards."""

import itertools
from collections.abc import Sequence

from routing.engine.gaps import FOREVER
from routing.engine.model import Car, Net

Rows = tuple[tuple[int, ...], ...]


class Way:
    """Be one route: a car and its visits in order, with cost (travel, wishes, lateness) and tables."""

    __slots__ = ("car", "cost", "finish", "inserts", "late", "latest", "legs", "places", "seq", "travel", "without")

    def __init__(
        self, car: Car, seq: tuple[int, ...], *, legs: list[int], places: list[int], finish: Rows, latest: Rows
    ) -> None:
        """Keep the tables; costs are set by the book."""
        self.car, self.seq, self.legs, self.places = car, seq, legs, places
        self.finish, self.latest = finish, latest
        self.cost = self.late = self.travel = 0
        self.inserts: dict[int, tuple[int, int]] = {}
        self.without: dict[int, Way | None] = {}


def empty_way(car: Car) -> Way:
    """Make the route without visits. It costs nothing: the technician stays at home."""
    rest = len(car.breaks)
    finish = (car.start, *[FOREVER] * rest)
    latest = (*[-FOREVER] * rest, car.end)
    return Way(car, (), legs=[0], places=[car.origin, car.goal], finish=(finish,), latest=(latest,))


def _legs(net: Net, car: Car, seq: Sequence[int]) -> tuple[list[int], list[int]]:
    places = [car.origin, *[net.location[v] for v in seq], car.goal]
    return places, [net.travel[a][b] for a, b in itertools.pairwise(places)]


def plain_way(net: Net, car: Car, seq: tuple[int, ...]) -> Way | None:
    """Build the tables of a shift without breaks."""
    places, legs = _legs(net, car, seq)
    clock = car.start
    finish = [(clock,)]
    for v, leg in zip(seq, legs, strict=False):
        clock += leg
        for opens, closes in net.windows[v]:
            if clock <= closes:
                clock = (clock if clock > opens else opens) + net.duration[v]
                break
        else:
            return None
        finish.append((clock,))
    if clock + legs[-1] > car.end:
        return None
    latest = [(car.end,)]
    limit = car.end - legs[-1]
    for v, leg in zip(reversed(seq), reversed(legs[:-1]), strict=True):
        limit -= net.duration[v]
        for opens, closes in net.windows_back[v]:
            if opens <= limit:
                limit = limit if limit < closes else closes
                break
        latest.append((limit,))
        limit -= leg
    latest.reverse()
    return Way(car, seq, legs=legs, places=places, finish=tuple(finish), latest=tuple(latest))


def one_break_way(net: Net, car: Car, seq: tuple[int, ...]) -> Way | None:  # noqa: C901 - flat for speed
    """Build the tables of a shift with one break; the general case of `broken_way`, written flat for speed."""
    places, legs = _legs(net, car, seq)
    lasts, floor, until = car.gaps[0][1] or (FOREVER, FOREVER, -FOREVER)
    before, behind = car.start, FOREVER
    finish = [(before, behind)]
    for v, leg in zip(seq, legs, strict=False):
        then = behind + leg
        if before <= until and max(before + leg + lasts, floor) < then:
            then = max(before + leg + lasts, floor)
        now, before, behind = before + leg, FOREVER, FOREVER
        for opens, closes in net.windows[v]:
            if before == FOREVER and now <= closes:
                before = (now if now > opens else opens) + net.duration[v]
            if then <= closes:
                behind = (then if then > opens else opens) + net.duration[v]
                break
        if before == behind == FOREVER:
            return None
        finish.append((before, behind))
    open_limit, taken_limit = -FOREVER, car.end
    latest = [(open_limit, taken_limit)]
    for at in range(len(seq), -1, -1):
        leg = legs[at]
        now = open_limit - leg
        if floor <= taken_limit and min(taken_limit - leg - lasts, until) > now:
            now = min(taken_limit - leg - lasts, until)
        if at == 0:
            # the way from home: it can be kept if leaving at the start of the shift is early enough
            if now < car.start:
                return None
            latest.reverse()
            return Way(car, seq, legs=legs, places=places, finish=tuple(finish), latest=tuple(latest))
        v = seq[at - 1]
        now, then = now - net.duration[v], taken_limit - leg - net.duration[v]
        open_limit = taken_limit = -FOREVER
        for opens, closes in net.windows_back[v]:
            if taken_limit == -FOREVER and opens <= then:
                taken_limit = then if then < closes else closes
            if opens <= now:
                open_limit = now if now < closes else closes
                break
        latest.append((open_limit, taken_limit))
    return None


def broken_way(net: Net, car: Car, seq: tuple[int, ...]) -> Way | None:
    """Build the tables of a shift with breaks: one entry per number of breaks already taken."""
    places, legs = _legs(net, car, seq)
    counts = range(len(car.breaks) + 1)
    row: list[int] = [car.start, *[FOREVER] * len(car.breaks)]
    finish = [tuple(row)]
    for v, leg in zip(seq, legs, strict=False):
        row = [_finish(net, car, v, row, leg=leg, taken=k) for k in counts]
        if min(row) >= FOREVER:
            return None
        finish.append(tuple(row))
    back: list[int] = [*[-FOREVER] * len(car.breaks), car.end]
    latest = [tuple(back)]
    for v, leg in zip((*reversed(seq), -1), reversed(legs), strict=True):
        limits = [_limit(car, back, leg=leg, taken=k) for k in counts]
        if v < 0:
            # the way from home: it can be kept if leaving at the start of the shift is early enough
            return (
                Way(car, seq, legs=legs, places=places, finish=tuple(finish), latest=tuple(reversed(latest)))
                if limits[0] >= car.start
                else None
            )
        back = [_latest_start(net, v, before=limit) for limit in limits]
        latest.append(tuple(back))
    return None


def _finish(net: Net, car: Car, v: int, row: Sequence[int], *, leg: int, taken: int) -> int:
    """Return the earliest finish of a visit with so many breaks behind; FOREVER where impossible."""
    arrive = FOREVER
    for before in range(taken + 1):
        gap, clock = car.gaps[before][taken], row[before]
        if gap is not None and clock <= gap[2] and clock < FOREVER:
            arrive = min(arrive, max(clock + leg + gap[0], gap[1]))
    if arrive < FOREVER:
        for opens, closes in net.windows[v]:
            if arrive <= closes:
                return max(arrive, opens) + net.duration[v]
    return FOREVER


def _limit(car: Car, back: Sequence[int], *, leg: int, taken: int) -> int:
    """Return the latest finish of the service before, with so many breaks taken, that keeps the rest."""
    best = -FOREVER
    for after in range(taken, len(back)):
        gap, limit = car.gaps[taken][after], back[after]
        if gap is not None and limit >= gap[1] and limit > -FOREVER:
            best = max(best, min(limit - leg - gap[0], gap[2]))
    return best


def _latest_start(net: Net, v: int, *, before: int) -> int:
    """Return the latest start of a visit whose service must finish at `before` at the latest."""
    limit = before - net.duration[v]
    for opens, closes in net.windows_back[v]:
        if opens <= limit:
            return min(limit, closes)
    return -FOREVER
