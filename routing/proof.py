"""Check what proves a bound, from the rules alone: prices are added up again, and shifts are priced again.

For prices of visits, shifts and cuts that are not negative, any M and any price d of a served visit, a plan that leaves
k visits out costs at least

    sum of (drop cost + M) - sum of the prices - d * n + sum over shifts of the least reduced cost + (d - M) * k

where the reduced cost of a route is its cost, less drop cost, M, price and d of each visit, plus the price of its shift
and of every cut that it crosses. A cut holds three visits: a route crosses it with every second of them, counted anew
where it passes a visit outside of the cut's memory. Of shifts with few candidates every route is written out here and
must not cost less than the certificate says; of the others the least reduced cost is believed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from routing.certificate import Case, Certificate, CutPrice
from routing.costs import late_cost, wish_cost
from routing.plan import Plan
from routing.problem import Break, Problem, Shift, Technician, TimeWindow
from routing.violation import Violation

FEW = 5
"""Candidates of a shift up to which all of its routes are written out: 325 orders at the most, breaks apart."""

SHIFTS = 40
"""So many shifts of a problem are priced again at the most."""

_FINE = 1e-6
"""What adding fractions up in another order may change."""


def proof_violations(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield what is wrong with the certificate of a plan; nothing where it has none."""
    certificate = plan.certificate
    if certificate is None:
        return
    if plan.bound is None or plan.bound > certificate.bound:
        yield Violation("bound_not_proven", "bound", (("certificate", certificate.bound),))
    wrong = [*_shapes(problem, certificate)]
    yield from wrong
    if wrong:
        return
    yield from _cover(problem, certificate)
    for i, case in enumerate(certificate.cases):
        yield from _sum(problem, case, place=f"certificate.cases[{i}]")
    yield from _priced_again(problem, certificate)


def _shapes(problem: Problem, certificate: Certificate) -> Iterator[Violation]:
    """Yield lists of another length than the problem's, prices below nothing, numbers that are none."""
    visits, shifts = len(problem.visits), sum(len(t.shifts) for t in problem.technicians)
    for i, case in enumerate(certificate.cases):
        place = f"certificate.cases[{i}]"
        if (len(case.visits), len(case.cars), len(case.least)) != (visits, shifts, shifts):
            yield Violation("other_problem", place, (("visits", visits), ("shifts", shifts)))
        numbers = (*case.visits, *case.cars, *(cut.price for cut in case.cuts))
        if not all(math.isfinite(x) for x in (*numbers, *case.least, case.served)):
            yield Violation("price_not_a_number", place)
        elif min(numbers, default=0) < 0 or max(case.least, default=0) > 0:
            yield Violation("price_of_the_wrong_sign", place)
        for cut in case.cuts:
            if len(set(cut.visits)) != 3 or not all(0 <= v < visits for v in (*cut.visits, *cut.memory)):
                yield Violation("no_cut", place)


def _cover(problem: Problem, certificate: Certificate) -> Iterator[Violation]:
    """Yield a number of visits left out that no case speaks of."""
    after = 0
    for case in sorted(certificate.cases, key=lambda case: case.fewest):
        if case.fewest > after:
            yield Violation("case_missing", "certificate", (("left_out", after),))
        after = max(after, case.most + 1)
    if after <= len(problem.visits):
        yield Violation("case_missing", "certificate", (("left_out", after),))


def _sum(problem: Problem, case: Case, *, place: str) -> Iterator[Violation]:
    count = len(problem.visits)
    prices = math.fsum((*case.visits, *case.cars, *(cut.price for cut in case.cuts)))
    drops = sum(visit.drop_cost + case.extra for visit in problem.visits)
    fixed = drops - prices - case.served * count + math.fsum(case.least)
    lowest = fixed + min((case.served - case.extra) * k for k in (case.fewest, case.most))
    if case.bound > max(0, math.ceil(lowest - _FINE)):
        yield Violation("prices_do_not_add_up", place, (("bound", case.bound), ("sum", math.floor(lowest))))


def _priced_again(problem: Problem, certificate: Certificate) -> Iterator[Violation]:
    """Yield a shift with a route of a lower reduced cost than the certificate says there is."""
    shifts = [(t, k) for t in problem.technicians for k in range(len(t.shifts))]
    written = 0
    for index, (technician, k) in enumerate(shifts):
        candidates = _candidates(problem, technician, technician.shifts[k])
        if not candidates or len(candidates) > FEW or written == SHIFTS:
            continue
        written += 1
        routes = list(_routes(problem, technician, technician.shifts[k], candidates))
        for i, case in enumerate(certificate.cases):
            least = min((_reduced(problem, case, index, route) for route in routes), default=0.0)
            if least < case.least[index] - _FINE:
                facts = (("technician", technician.id), ("shift", k), ("reduced_cost", math.floor(least)))
                yield Violation("route_cheaper_than_priced", f"certificate.cases[{i}]", facts)


@dataclass(frozen=True, slots=True)
class _Route:
    """Visits in order, and the least that serving them so costs."""

    visits: tuple[int, ...]
    cost: int


def _reduced(problem: Problem, case: Case, index: int, route: _Route) -> float:
    gains = (problem.visits[v].drop_cost + case.extra - case.visits[v] - case.served for v in route.visits)
    crossed = (cut.price * _crossings(cut, route.visits) for cut in case.cuts)
    return route.cost + case.cars[index] - math.fsum(gains) + math.fsum(crossed)


def _crossings(cut: CutPrice, visits: tuple[int, ...]) -> int:
    """Count how often a route crosses a cut: with every second of its visits, unless it was forgotten in between."""
    crossings, half = 0, False
    for v in visits:
        if v in cut.visits:
            crossings, half = crossings + half, not half
        elif v not in cut.memory:
            half = False
    return crossings


def _candidates(problem: Problem, technician: Technician, shift: Shift) -> list[int]:
    """Return the visits that the technician could serve in the shift if he did nothing else, breaks left aside."""
    found = []
    first, last = technician.places(shift)
    for v, visit in enumerate(problem.visits):
        there, back = problem.travel.seconds(first, to=visit.location), problem.travel.seconds(visit.location, to=last)
        named = technician.id not in visit.excluded and (not visit.only or technician.id in visit.only)
        pinned = visit.pinned_technician in (None, technician.id)
        able = all(technician.level(need.name, shift=shift) >= need.level for need in visit.skills)
        if there is None or back is None or not (named and pinned and able):
            continue
        latest = shift.end - back - visit.duration
        if any(max(w.start, shift.start + there) <= min(w.end, latest) for w in visit.start_windows()):
            found.append(v)
    return found


def _routes(problem: Problem, technician: Technician, shift: Shift, candidates: list[int]) -> Iterator[_Route]:
    """Yield every order of every choice of visits that keeps the rules, with each choice of when to take the breaks."""
    first, last = technician.places(shift)
    breaks = sorted(shift.breaks, key=lambda pause: pause.earliest)
    most = len(candidates) if shift.max_visits is None else shift.max_visits
    # place, when free, breaks taken, cost so far, visits
    begun: list[tuple[int, int, int, int, tuple[int, ...]]] = [(first, shift.start, 0, 0, ())]
    while begun:
        place, free, taken, cost, visits = begun.pop()
        if visits:
            leg = problem.travel.seconds(place, to=last)
            back = None if leg is None else _after(free, leg, breaks[taken:])
            if leg is not None and back is not None and back <= shift.end:
                yield _Route(visits, cost + leg * problem.weights.travel)
        for v in candidates if len(visits) < most else ():
            visit = problem.visits[v]
            leg = problem.travel.seconds(place, to=visit.location)
            if v in visits or leg is None:
                continue
            for more in range(len(breaks) - taken + 1):
                arrive = _after(free, leg, breaks[taken : taken + more])
                start = None if arrive is None else _start(visit.start_windows(), arrive)
                if start is None or start + visit.duration > shift.end:
                    continue
                added = wish_cost(problem, visit, technician=technician.id) + late_cost(visit, start=start)
                spent = cost + leg * problem.weights.travel + added
                begun.append((visit.location, start + visit.duration, taken + more, spent, (*visits, v)))


def _start(windows: tuple[TimeWindow, ...], arrive: int) -> int | None:
    return next((max(arrive, window.start) for window in windows if arrive <= window.end), None)


def _after(free: int, leg: int, pauses: list[Break]) -> int | None:
    """Return when somebody is there who takes these breaks on the way, each as early as may be; None if he cannot."""
    clock, left = free, leg
    for pause in pauses:
        begins = max(clock, pause.earliest)
        if begins > pause.latest:
            return None
        left -= min(left, begins - clock)
        clock = begins + pause.duration
    return clock + left
