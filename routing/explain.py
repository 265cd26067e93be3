"""Why here, why not there, why not at all: answers as data, from a problem and a plan.

Imports no OR-Tools: these questions are answered where pages are made. Costs are in seconds of travel.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from routing.changes import Change, cheapest_change, lacks
from routing.engine.draft import Draft
from routing.engine.model import Car, Net
from routing.engine.places import NO_PLACE
from routing.engine.routes import Book
from routing.engine.schedule import schedule
from routing.plan import Details, Plan, Reason, Unassigned
from routing.problem import Problem

RANK = tuple(Reason)
"""The reasons in the order of the rules: the later, the nearer the visit came to being served."""

MOST_CHANGES = 3_000
"""So many pairs of visit and shift are looked at for the cheapest change, dearest visits first; the other visits of
a plan are told the reason only (`why_not` tells the change of any visit)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Say what speaks against a technician's shift for a visit, or what it would cost there.

    `rule` None: it is possible, at `start`, for `extra_cost` more than without the visit. With a rule the
    two are None, except for `NOT_WORTH_IT`.
    """

    technician: str
    shift: int
    rule: Reason | None
    extra_cost: int | None = None
    start: int | None = None
    details: Details = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Say why a visit is not served: the reason, each candidate's own rule, the cheapest change that lets it in."""

    visit: str
    reason: Reason
    details: Details
    candidates: tuple[Candidate, ...]
    change: Change | None


@dataclass(frozen=True, slots=True)
class WhyHere:
    """Say what a served visit costs where it is, and what it would cost elsewhere.

    `marginal_cost`: what the route would cost less without it. `alternatives`: for each technician the best
    shift, the cheapest first, then those a rule forbids; the visit's own technician is among them, with
    the cheapest place.
    """

    visit: str
    technician: str
    shift: int
    start: int
    marginal_cost: int
    alternatives: tuple[Candidate, ...]


class UnknownVisit(LookupError):
    """The plan does not have the visit where it was looked for."""


def draft_of(book: Book, *, plan: Plan) -> Draft:
    """Return the draft with the sequences of a plan.

    :raises ValueError: if the plan does not fit the problem; let `check` say why.
    """
    net, draft = book.net, Draft(book)
    number = {v.id: i for i, v in enumerate(net.visits)}
    cars = {(net.problem.technicians[c.technician].id, c.shift): c.index for c in net.cars}
    for route in plan.routes:
        car = cars.get((route.technician, route.shift))
        seq = tuple(number.get(s.visit, -1) for s in route.stops)
        if car is None or -1 in seq or draft.ways[car].seq or not draft.out.issuperset(seq):
            raise ValueError(f"not a plan for {net.problem.name}")
        way = book.way(car, seq)
        if way is None:
            raise ValueError(f"route of {route.technician} cannot be kept")
        draft.put(car, way)
        draft.out.difference_update(seq)
        draft.cost -= sum(net.drop[v] for v in seq)
    return draft


def unassigned_of(problem: Problem, *, plan: Plan, book: Book | None = None) -> tuple[Unassigned, ...]:
    """Return the plan's unassigned visits with reason, facts and cheapest change, in the order of the problem."""
    book = book or Book(Net(problem))
    draft = draft_of(book, plan=plan)
    dear = set(
        sorted(draft.out, key=lambda v: (-book.net.drop[v], v))[: max(5, MOST_CHANGES // max(1, len(book.net.cars)))]
    )
    told = []
    for v in sorted(draft.out):
        why = _explain(draft, v, with_change=v in dear)
        details = why.details + (() if why.change is None else why.change.as_details())
        told.append(Unassigned(why.visit, why.reason, details))
    return tuple(told)


def why_not(problem: Problem, *, plan: Plan, visit: str, book: Book | None = None) -> Explanation:
    """Explain why a visit is not served.

    :raises UnknownVisit: if the problem does not have it, or the plan serves it.
    """
    book = book or Book(Net(problem))
    draft = draft_of(book, plan=plan)
    v = next((v for v in draft.out if book.net.visits[v].id == visit), None)
    if v is None:
        raise UnknownVisit(visit)
    return _explain(draft, v, with_change=True)


def why_here(problem: Problem, *, plan: Plan, visit: str, book: Book | None = None) -> WhyHere:
    """Explain why a visit is served by this technician, at what cost, and what the others would cost.

    :raises UnknownVisit: if the plan does not serve it.
    """
    book = book or Book(Net(problem))
    draft = draft_of(book, plan=plan)
    route = next((r for r in plan.routes if any(s.visit == visit for s in r.stops)), None)
    if route is None:
        raise UnknownVisit(visit)
    stop = next(s for s in route.stops if s.visit == visit)
    v = next(i for i, x in enumerate(book.net.visits) if x.id == visit)
    way = next(w for w in draft.ways if v in w.seq)
    shorter = book.without(way, v)
    marginal = way.cost - (shorter or book.empty[way.car.index]).cost
    draft.release(way.car.index, {v})
    candidates = _per_technician(_candidate(draft, v, car) for car in book.net.cars)
    return WhyHere(visit, route.technician, route.shift, stop.start, marginal, candidates)


def _per_technician(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Keep the best shift of each technician, possible ones first, the cheapest in front."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.technician)
        if known is None or _order(candidate) < _order(known):
            best[candidate.technician] = candidate
    return tuple(sorted(best.values(), key=lambda c: (_order(c), c.technician)))


def _order(candidate: Candidate) -> tuple[int, int]:
    """Order by how near to possible, then by cost."""
    rule = len(RANK) if candidate.rule is None else RANK.index(candidate.rule)
    return -rule, candidate.extra_cost or 0


def _explain(draft: Draft, v: int, *, with_change: bool) -> Explanation:
    net, visit = draft.book.net, draft.book.net.visits[v]
    candidates = tuple(_candidate(draft, v, car) for car in net.cars)
    if not net.cars:
        return Explanation(visit.id, Reason.NO_TECHNICIAN, (), (), None)
    if not net.windows[v]:
        return Explanation(visit.id, Reason.NO_WINDOW, (), candidates, None)
    open_ones = [c for c in candidates if c.rule is None]
    if open_ones:
        # A search that was stopped early may leave room unused; say so rather than invent a rule.
        best = min(open_ones, key=lambda c: c.extra_cost or 0)
        return Explanation(visit.id, Reason.NOT_TRIED, _facts(best), candidates, None)
    nearest = max(candidates, key=lambda c: RANK.index(c.rule or Reason.NOT_TRIED))
    reason = nearest.rule or Reason.NOT_TRIED
    peers = [c for c in candidates if c.rule is reason]
    change = cheapest_change(draft, v) if with_change else None
    return Explanation(visit.id, reason, (*_facts(nearest), ("shifts", len(peers))), candidates, change)


def _facts(candidate: Candidate) -> Details:
    who: Details = (("technician", candidate.technician), ("shift", candidate.shift))
    extra: Details = () if candidate.extra_cost is None else (("extra_cost", candidate.extra_cost),)
    return (*who, *extra, *candidate.details)


def _candidate(draft: Draft, v: int, car: Car) -> Candidate:
    """Find the first rule that a shift breaks, or the cost of the visit in it."""
    book, net = draft.book, draft.book.net
    name = net.problem.technicians[car.technician].id
    forbidden = _forbidden(net, v, car)
    if forbidden is not None:
        return Candidate(name, car.shift, forbidden[0], details=forbidden[1])
    way = draft.ways[car.index]
    if len(way.seq) >= car.max_visits:
        return Candidate(name, car.shift, Reason.FULL, details=(("max_visits", car.max_visits),))
    if book.way(car.index, (v,)) is None:
        return Candidate(name, car.shift, Reason.TOO_LONG, details=_length(net, v, car))
    added, at = book.insertion(way, v)
    if (added, at) == NO_PLACE:
        return Candidate(name, car.shift, Reason.CAPACITY, details=(("visits", len(way.seq)),))
    if added >= net.drop[v]:
        return Candidate(name, car.shift, Reason.NOT_WORTH_IT, extra_cost=added, details=(("drop_cost", net.drop[v]),))
    timed = schedule(net, car, book.insert(way, v, at=at).seq)
    return Candidate(name, car.shift, None, extra_cost=added, start=timed.starts[at] if timed else None)


def _length(net: Net, v: int, car: Car) -> Details:
    """Say how many seconds the visit alone needs and how many the shift has."""
    here = net.location[v]
    travel = net.travel[car.origin][here] + net.travel[here][car.goal]
    needed = travel + net.duration[v] + sum(b.duration for b in car.breaks)
    return (("needed_seconds", needed), ("shift_seconds", car.end - car.start))


def _forbidden(net: Net, v: int, car: Car) -> tuple[Reason, Details] | None:
    """Return the first rule that keeps a technician's shift from a visit whatever else is planned."""
    technician, visit = net.problem.technicians[car.technician], net.visits[v]
    shift = technician.shifts[car.shift]
    if visit.pinned_technician not in (None, technician.id):
        return Reason.NOT_ALLOWED, (("pinned_technician", str(visit.pinned_technician)),)
    if visit.only and technician.id not in visit.only:
        return Reason.NOT_ALLOWED, ()
    if technician.id in visit.excluded:
        return Reason.EXCLUDED, ()
    lacking = lacks(net, v, car)
    if lacking:
        have = technician.level(lacking[0][0], shift=shift)
        return Reason.NO_SKILL, (("skill", lacking[0][0]), ("level", lacking[0][1]), ("has", have))
    if not any(a <= car.end - visit.duration and b >= car.start for a, b in net.windows[v]):
        return Reason.NO_SHIFT_IN_WINDOW, (("shift_start", car.start), ("shift_end", car.end))
    here, travel = visit.location, net.problem.travel
    if travel.seconds(car.origin, to=here) is None or travel.seconds(here, to=car.goal) is None:
        return Reason.UNREACHABLE, (("location", net.problem.locations[here].id),)
    return None
