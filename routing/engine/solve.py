"""Solve a problem: construct, polish, search, recombine; the best plan that passes the check."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from routing.check import check
from routing.engine.construct import construct
from routing.engine.draft import Draft
from routing.engine.local_search import polish
from routing.engine.master import recombine
from routing.engine.model import Net
from routing.engine.ortools_search import improve
from routing.engine.routes import Book
from routing.engine.search import Search
from routing.engine.timing import plan_of
from routing.explain import unassigned_of
from routing.findings import InvalidProblem, Severity
from routing.plan import Plan
from routing.problem import Problem
from routing.stop import Listener, Progress, Stop

STAGES = (0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.95)
"""Shares of the allowance after which the remembered routes are recombined."""

LIBRARY_SHARE = 0.05
"""Share of the time given to OR-Tools' routing search."""

LIBRARY_VISITS = 400
"""Above this the library needs longer to build its model than it is worth."""


class NoSoundPlan(RuntimeError):
    """No plan passed the check, not even the empty one: a defect of the engine or of the check."""


@dataclass(frozen=True, slots=True)
class _Report:
    """Tell the listener about each better plan, with real seconds since the beginning."""

    listener: Listener | None
    begun: float
    monotonic: Callable[[], float]

    def __call__(self, draft: Draft, *, iterations: int, phase: str) -> None:
        if self.listener is not None:
            seconds = self.monotonic() - self.begun
            self.listener(Progress(draft.cost, len(draft.out), seconds, iterations, phase))


def solve(
    problem: Problem,
    *,
    seed: int,
    stop: Stop,
    progress: Listener | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Plan:
    """Return the best plan found until the stop, with a reason for every visit left out.

    Anytime: a plan exists from the first moment and only gets better; at a stop that is reached at once the
    plan may be empty. Deterministic for a seed and an `IterationLimit`. Every plan has passed `check`. The
    OR-Tools part holds the interpreter lock: a server calls this in a child process.

    :raises InvalidProblem: if the problem has findings that are errors.
    """
    errors = [f for f in problem.findings() if f.severity is Severity.ERROR]
    if errors:
        raise InvalidProblem(errors)
    report = _Report(progress, monotonic(), monotonic)
    net = Net(problem)
    book = Book(net)
    draft = construct(book, stop=stop)
    report(draft, iterations=0, phase="construct")
    candidates = [draft]
    if any(net.fits) and not stop.reached(iterations=0):
        polish(draft, stop=stop)
        report(draft, iterations=0, phase="polish")
        candidates.append(_improved(draft, seed=seed, stop=stop, report=report))
    return _first_sound(problem, candidates, book=book)


def _improved(draft: Draft, *, seed: int, stop: Stop, report: _Report) -> Draft:
    """Search, with OR-Tools once at the beginning and a recombination at every stage."""
    search = Search(
        draft,
        rng=Random(seed),
        stop=stop,
        on_best=lambda best: report(best, iterations=search.iterations, phase="search"),
    )
    for number, share in enumerate((*STAGES, 1.0)):
        search.run(until=share)
        if stop.reached(iterations=search.iterations):
            break
        if number == 0 and len(draft.book.net.visits) <= LIBRARY_VISITS:
            left = stop.seconds_left()
            found = improve(search.best, seconds=None if left is None else left * LIBRARY_SHARE)
            if found is not None:
                search.take(found)
        left = stop.seconds_left()
        allowed = None if left is None else min(left * 0.5, 5.0)
        better = recombine(search.best, ways=list(search.pool.ways.values()), seconds=allowed, seed=seed)
        if better is not None:
            search.take(better)
    return search.best


def _first_sound(problem: Problem, candidates: list[Draft], *, book: Book) -> Plan:
    """Return the cheapest plan that passes the check, with its unassigned visits explained."""
    for draft in sorted([*candidates, Draft(book)], key=lambda d: d.cost):
        plan = plan_of(draft)
        if not check(problem, plan=plan):
            return replace(plan, unassigned=unassigned_of(problem, plan=plan, book=book))
    raise NoSoundPlan(problem.name)
