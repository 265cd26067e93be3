"""What would have to change so that a visit fits: the cheapest single change, tried one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from routing.engine.draft import Draft
from routing.engine.gaps import FOREVER
from routing.engine.model import Car, Net
from routing.engine.schedule import WhatIf, schedule
from routing.plan import Details

MOST_OVERTIME = 4 * 3_600
"""A shift is lengthened by at most so many seconds at its end; more is another shift."""


class ChangeKind(StrEnum):
    """Name what is changed."""

    DISPLACE = "displace"
    ADD_SKILL = "add_skill"
    WIDEN_WINDOW = "widen_window"
    LENGTHEN_SHIFT = "lengthen_shift"


@dataclass(frozen=True, slots=True)
class Change:
    """Propose one change that would let a visit in, on one technician's shift.

    `cost`: what the plan would then cost more, the drop cost saved not counted, in seconds of travel; for
    `DISPLACE` it holds what the displaced visit costs elsewhere or left out. `details` name visit, skill,
    start or seconds.
    """

    kind: ChangeKind
    technician: str
    shift: int
    cost: int
    details: Details = ()

    def as_details(self) -> Details:
        """Return the change as facts for a plan's unassigned visit."""
        own = tuple((f"change_{name}", value) for name, value in self.details)
        base: Details = (("change", str(self.kind)), ("change_technician", self.technician))
        return (*base, ("change_shift", self.shift), ("change_cost", self.cost), *own)


def cheapest_change(draft: Draft, v: int) -> Change | None:
    """Return the cheapest change that lets a visit in, None where none of those tried would.

    Tried, each alone: moving or leaving out one other visit; a skill at a higher level for one technician; any
    other start time; a later end of one shift.
    """
    found = [*_displacing(draft, v), *_teaching(draft, v), *_widening(draft, v), *_lengthening(draft, v)]
    return min(found, key=lambda c: (c.cost, c.kind, c.technician, c.shift), default=None)


def lacks(net: Net, v: int, car: Car) -> list[tuple[str, int]]:
    """Return the skills, with the levels needed, that the technician does not have in the shift."""
    technician = net.problem.technicians[car.technician]
    shift = technician.shifts[car.shift]
    return [(n.name, n.level) for n in net.visits[v].skills if technician.level(n.name, shift=shift) < n.level]


def _allowed(net: Net, v: int, car: Car) -> bool:
    """Tell whether lists and pin let the technician near the visit; skills are not looked at."""
    who, visit = net.problem.technicians[car.technician].id, net.visits[v]
    listed = not visit.only or who in visit.only
    return listed and who not in visit.excluded and visit.pinned_technician in (None, who)


def _change(draft: Draft, kind: ChangeKind, car: Car, cost: int, *details: tuple[str, str | int]) -> Change:
    technician = draft.book.net.problem.technicians[car.technician]
    return Change(kind, technician.id, car.shift, cost, details)


def _displacing(draft: Draft, v: int) -> Iterator[Change]:
    """Yield, per shift, the cheapest other visit to move elsewhere or to leave out."""
    book, net = draft.book, draft.book.net
    for c in net.fits[v]:
        way, best = draft.ways[c], (FOREVER, -1, -1)
        for u in way.seq:
            if net.visits[u].pinned_technician is not None or net.visits[u].pinned_start is not None:
                continue
            shorter = book.without(way, u)
            if shorter is None:
                continue
            added = shorter.cost + book.insertion(shorter, v)[0] - way.cost
            if added >= best[0]:
                continue
            offers = [(book.insertion(draft.ways[d], u)[0], d) for d in net.fits[u] if d != c]
            cost, to = min([*offers, (net.drop[u], -1)])
            best = min(best, (added + cost, u, to))
        if best[1] >= 0:
            other, to = net.visits[best[1]].id, best[2]
            moved = "" if to < 0 else net.problem.technicians[net.cars[to].technician].id
            yield _change(draft, ChangeKind.DISPLACE, net.cars[c], best[0], ("visit", other), ("moved_to", moved))


def _teaching(draft: Draft, v: int) -> Iterator[Change]:
    """Yield shifts into which the visit would fit if the technician had one skill more."""
    book, net = draft.book, draft.book.net
    for car in net.cars:
        missing = lacks(net, v, car)
        if len(missing) == 1 and _allowed(net, v, car) and net.windows[v]:
            added, at = book.insertion(draft.ways[car.index], v)
            if at >= 0:
                name, level = missing[0]
                yield _change(draft, ChangeKind.ADD_SKILL, car, added, ("skill", name), ("level", level))


def _widening(draft: Draft, v: int) -> Iterator[Change]:
    """Yield shifts into which the visit would fit at some other time of the shift."""
    net = draft.book.net
    if net.visits[v].pinned_start is not None:
        return
    for car in net.cars:
        if _allowed(net, v, car) and not lacks(net, v, car):
            best = _best_what_if(draft, v, car, WhatIf(v, ((car.start, car.end),)))
            if best is not None:
                yield _change(draft, ChangeKind.WIDEN_WINDOW, car, best[0], ("start", best[1]))


def _lengthening(draft: Draft, v: int) -> Iterator[Change]:
    """Yield shifts into which the visit would fit if they ended later."""
    net = draft.book.net
    for car in net.cars:
        if _allowed(net, v, car) and not lacks(net, v, car) and net.windows[v]:
            what_if = WhatIf(v, net.windows[v], end=car.end + MOST_OVERTIME)
            best = _best_what_if(draft, v, car, what_if)
            if best is not None and best[2] > car.end:
                extra = ("seconds", best[2] - car.end)
                yield _change(draft, ChangeKind.LENGTHEN_SHIFT, car, best[0], ("start", best[1]), extra)


def _best_what_if(draft: Draft, v: int, car: Car, what_if: WhatIf) -> tuple[int, int, int] | None:
    """Return added travel and lateness, start and end of the cheapest position under changed limits."""
    net, way = draft.book.net, draft.ways[car.index]
    if len(way.seq) >= car.max_visits:
        return None
    found = []
    here = net.location[v]
    for at in range(len(way.seq) + 1):
        detour = net.travel[way.places[at]][here] + net.travel[here][way.places[at + 1]] - way.legs[at]
        timed = schedule(net, car, (*way.seq[:at], v, *way.seq[at:]), what_if=what_if)
        if timed is not None:
            added = detour * net.weight + timed.late - way.late
            found.append((added + net.wish[v].get(car.index, 0), timed.starts[at], timed.ready))
    return min(found, default=None)
