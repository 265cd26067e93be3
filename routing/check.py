"""Check a plan against its problem, from the rules alone. Knows nothing of the engine that made it.

The rules are those of the bench format and of the extra fields (pins, release, skill expiry, places per
shift, holes in the travel matrix). A plan without violations may be shown to people.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping

from routing.costs import costs_of
from routing.plan import BreakTaken, Plan, Route, Stop
from routing.problem import Problem, Shift, Technician, Visit
from routing.proof import proof_violations
from routing.violation import Violation


def check(problem: Problem, *, plan: Plan) -> tuple[Violation, ...]:
    """Return every broken rule of a plan; empty when the plan is right."""
    found = [*_names(problem, plan)]
    known = not found
    for i, route in enumerate(plan.routes):
        found += _route(problem, route, place=f"routes[{i}]")
    found += _unassigned(problem, plan)
    if known and not found:
        found += _bound(problem, plan)
        found += proof_violations(problem, plan)
    return tuple(found)


def _names(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield what concerns the plan as one: another problem, doubled shifts, doubled visits."""
    if plan.problem != problem.name:
        yield Violation("other_problem", "problem", (("problem", plan.problem),))
    for (technician, shift), times in Counter((r.technician, r.shift) for r in plan.routes).items():
        if times > 1:
            yield Violation("shift_used_twice", "routes", (("technician", technician), ("shift", shift)))
    for visit, times in Counter(s.visit for r in plan.routes for s in r.stops).items():
        if times > 1:
            yield Violation("served_twice", "routes", (("visit", visit), ("times", times)))


def _route(problem: Problem, route: Route, *, place: str) -> Iterator[Violation]:
    if not _all_whole(route):
        yield Violation("not_whole_seconds", place, (("technician", route.technician),))
        return
    technician = next((t for t in problem.technicians if t.id == route.technician), None)
    if technician is None:
        yield Violation("unknown_technician", place, (("technician", route.technician),))
        return
    if not 0 <= route.shift < len(technician.shifts):
        yield Violation("unknown_shift", place, (("technician", technician.id), ("shift", route.shift)))
        return
    visits = {v.id: v for v in problem.visits}
    unknown = [s.visit for s in route.stops if s.visit not in visits]
    if unknown:
        yield from (Violation("unknown_visit", place, (("visit", v),)) for v in unknown)
        return
    shift = technician.shifts[route.shift]
    if not route.stops:
        if route.breaks:
            yield Violation("breaks_without_work", place, (("technician", technician.id),))
        return
    yield from _shift_limits(route, shift, place=place)
    for i, stop in enumerate(route.stops):
        yield from _who(technician, shift, visits[stop.visit], place=f"{place}.stops[{i}]")
        yield from _when(visits[stop.visit], stop, place=f"{place}.stops[{i}]")
    yield from _breaks(route, shift, place=place)
    yield from _ways(problem, route, technician, shift, visits=visits, place=place)


def _all_whole(route: Route) -> bool:
    """Tell whether every number is an integer: NaN, 0.5, True and None compare with everything."""
    numbers: list[object] = [route.shift, route.leave, route.back]
    numbers += [x for s in route.stops for x in (s.arrive, s.start, s.finish)]
    numbers += [x for b in route.breaks for x in (b.start, b.duration)]
    return all(type(x) is int for x in numbers)


def _shift_limits(route: Route, shift: Shift, *, place: str) -> Iterator[Violation]:
    if route.leave < shift.start:
        yield Violation("leaves_before_shift", place, (("leave", route.leave), ("start", shift.start)))
    if route.back > shift.end:
        yield Violation("back_after_shift", place, (("back", route.back), ("end", shift.end)))
    if route.back < route.leave:
        yield Violation("back_before_leave", place, (("leave", route.leave), ("back", route.back)))
    if shift.max_visits is not None and len(route.stops) > shift.max_visits:
        yield Violation("too_many_visits", place, (("visits", len(route.stops)), ("max_visits", shift.max_visits)))


def _who(technician: Technician, shift: Shift, visit: Visit, *, place: str) -> Iterator[Violation]:
    """Yield why the technician may not serve the visit."""
    facts = (("visit", visit.id), ("technician", technician.id))
    for need in visit.skills:
        valid = [
            s.level for s in technician.skills if s.name == need.name and (s.until is None or s.until >= shift.end)
        ]
        if max(valid, default=0) < need.level:
            yield Violation("lacks_skill", place, (*facts, ("skill", need.name), ("level", need.level)))
    if visit.only and technician.id not in visit.only:
        yield Violation("not_allowed", place, facts)
    if technician.id in visit.excluded:
        yield Violation("excluded", place, facts)
    if visit.pinned_technician is not None and visit.pinned_technician != technician.id:
        yield Violation("pinned_to_another", place, (*facts, ("pinned", visit.pinned_technician)))


def _when(visit: Visit, stop: Stop, *, place: str) -> Iterator[Violation]:
    """Yield what is wrong with the time of a service, the way there apart."""
    facts = (("visit", visit.id), ("start", stop.start))
    if visit.pinned_start is not None:
        if stop.start != visit.pinned_start:
            yield Violation("not_at_pinned_start", place, (*facts, ("pinned", visit.pinned_start)))
    else:
        if not any(w.start <= stop.start <= w.end for w in visit.windows):
            yield Violation("outside_windows", place, facts)
        if visit.release is not None and stop.start < visit.release:
            yield Violation("before_release", place, (*facts, ("release", visit.release)))
    if stop.finish != stop.start + visit.duration:
        yield Violation("wrong_duration", place, (*facts, ("finish", stop.finish)))
    if stop.arrive > stop.start:
        yield Violation("starts_before_arrival", place, (*facts, ("arrive", stop.arrive)))


def _breaks(route: Route, shift: Shift, *, place: str) -> Iterator[Violation]:
    """Yield what is wrong with the breaks: number, time, length, overlaps."""
    taken = sorted(route.breaks, key=lambda b: b.start)
    wanted = sorted(shift.breaks, key=lambda b: b.earliest)
    if len(taken) != len(wanted):
        yield Violation("wrong_number_of_breaks", place, (("taken", len(taken)), ("wanted", len(wanted))))
    for pause, want in zip(taken, wanted, strict=False):
        facts = (("start", pause.start), ("duration", pause.duration))
        if pause.duration != want.duration:
            yield Violation("wrong_break_duration", place, (*facts, ("wanted", want.duration)))
        if not want.earliest <= pause.start <= want.latest:
            yield Violation("break_outside_window", place, facts)
    for pause in taken:
        facts = (("start", pause.start), ("duration", pause.duration))
        ends = pause.start + pause.duration
        if pause.start < shift.start or ends > shift.end:
            yield Violation("break_outside_shift", place, facts)
        if any(pause.start < s.finish and s.start < ends for s in route.stops):
            yield Violation("break_during_service", place, facts)
    for one, two in itertools.pairwise(taken):
        if one.start + one.duration > two.start:
            yield Violation("two_breaks_at_once", place, (("first", one.start), ("second", two.start)))


def _ways(
    problem: Problem,
    route: Route,
    technician: Technician,
    shift: Shift,
    *,
    visits: Mapping[str, Visit],
    place: str,
) -> Iterator[Violation]:
    """Yield legs for which there is no way or no time, breaks inside the gap counted."""
    at, last = technician.places(shift)
    free = route.leave
    for i, stop in enumerate(route.stops):
        where = f"{place}.stops[{i}]"
        to = visits[stop.visit].location
        leg = problem.travel.seconds(at, to=to)
        if leg is None:
            yield Violation("unreachable", where, (("visit", stop.visit),))
        else:
            if stop.arrive < free + leg:
                yield Violation(
                    "arrives_too_early", where, (("visit", stop.visit), ("arrive", stop.arrive), ("leg", leg))
                )
            yield from _gap(free, stop.start, leg=leg, breaks=route.breaks, place=where)
        at, free = to, stop.finish
    leg = problem.travel.seconds(at, to=last)
    if leg is None:
        yield Violation("unreachable", f"{place}.back", (("technician", technician.id),))
    else:
        yield from _gap(free, route.back, leg=leg, breaks=route.breaks, place=f"{place}.back")


def _gap(begins: int, ends: int, *, leg: int, breaks: tuple[BreakTaken, ...], place: str) -> Iterator[Violation]:
    pause = sum(max(0, min(ends, b.start + b.duration) - max(begins, b.start)) for b in breaks)
    if ends - begins < leg + pause:
        yield Violation("no_time_for_the_way", place, (("seconds", ends - begins), ("leg", leg), ("breaks", pause)))


def _unassigned(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield differences between what is not served and what is listed as such."""
    served = {s.visit for r in plan.routes for s in r.stops}
    missing = {v.id for v in problem.visits} - served
    listed = Counter(u.visit for u in plan.unassigned)
    for i, u in enumerate(plan.unassigned):
        if not u.reason:
            yield Violation("no_reason", f"unassigned[{i}]", (("visit", u.visit),))
    for visit, times in listed.items():
        if times > 1:
            yield Violation("listed_twice", "unassigned", (("visit", visit),))
        if visit not in missing:
            yield Violation("listed_but_served_or_unknown", "unassigned", (("visit", visit),))
    for visit in sorted(missing - set(listed)):
        yield Violation("missing_without_reason", "unassigned", (("visit", visit),))


def _bound(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield a bound that cannot be: not a finite number, or above the cost of this very plan."""
    if plan.bound is None:
        return
    if type(plan.bound) not in (int, float) or not math.isfinite(plan.bound):
        yield Violation("bound_not_a_number", "bound")
    elif plan.bound > costs_of(problem, plan=plan).total:
        yield Violation("bound_above_cost", "bound", (("bound", plan.bound),))
