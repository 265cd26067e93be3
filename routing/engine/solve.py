"""Solve a problem: search on both cores where a compiler is installed, in plain Python where not; then check and
explain.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from routing.certificate import Certificate
from routing.check import check
from routing.engine.allowance import Allowance
from routing.engine.arrays import flat_of
from routing.engine.compiled import jit
from routing.engine.conduct import Conductor
from routing.engine.draft import Draft
from routing.engine.model import Net
from routing.engine.plain.plan import plan as plan_plainly
from routing.engine.routes import Book
from routing.engine.timing import plan_of
from routing.explain import unassigned_of
from routing.findings import InvalidProblem, Severity
from routing.plan import Plan
from routing.problem import Problem
from routing.proof import proof_violations
from routing.stop import Listener, Progress, Stop


class NoSoundPlan(RuntimeError):
    """No plan passed the check, not even the empty one: a defect of the engine or of the check."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Hold a checked plan, and whether the engine was the plain one, for want of a compiler."""

    plan: Plan
    degraded: bool


@dataclass(frozen=True, slots=True)
class _Report:
    """Tell the listener about each better plan, with real seconds since the beginning."""

    listener: Listener | None
    begun: float
    monotonic: Callable[[], float]

    def __call__(self, cost: int, out: int, iterations: int, phase: str) -> None:
        if self.listener is not None:
            self.listener(Progress(cost, out, self.monotonic() - self.begun, iterations, phase))


def solve(
    problem: Problem,
    *,
    seed: int,
    stop: Stop,
    progress: Listener | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Plan:
    """Return the best plan found until the stop, with a reason for every visit left out and the bound proven.

    Anytime: a plan exists from the first moment and only gets better; it may end early where the plan is proven best.
    Deterministic for a seed and an `IterationLimit`. Every plan has passed `check`.

    :raises InvalidProblem: if the problem has findings that are errors.
    """
    return solve_certified(problem, seed=seed, stop=stop, progress=progress, monotonic=monotonic).plan


def solve_certified(
    problem: Problem,
    *,
    seed: int,
    stop: Stop,
    progress: Listener | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Solution:
    """Return what `solve` returns, and whether the plain engine had to do.

    :raises InvalidProblem: if the problem has findings that are errors.
    """
    errors = [f for f in problem.findings() if f.severity is Severity.ERROR]
    if errors:
        raise InvalidProblem(errors)
    report = _Report(progress, monotonic(), monotonic)
    book = Book(Net(problem))
    if not jit.AVAILABLE:
        drafts = plan_plainly(book, seed=seed, stop=stop, report=report)
        return Solution(_first_sound(problem, drafts, book=book), degraded=True)
    allowance = Allowance(stop, monotonic=monotonic)
    outcome = Conductor(flat_of(book.net), seed=seed, stop=stop, allowance=allowance, report=report).search()
    plan = _first_sound(problem, [_draft(book, outcome.outline.seqs)], book=book)
    return Solution(_proven(problem, plan, outcome.certificate), degraded=False)


def _proven(problem: Problem, plan: Plan, certificate: Certificate | None) -> Plan:
    """Return the plan with its proof; no bound at all is better than one that the rules do not bear out."""
    if certificate is None:
        return plan
    proven = replace(plan, bound=certificate.bound, certificate=certificate)
    return plan if any(proof_violations(problem, proven)) else proven


def _draft(book: Book, seqs: tuple[tuple[int, ...], ...]) -> Draft:
    """Write routes down as a draft; one that the exact timing refuses is left out whole, for the check to judge."""
    draft = Draft(book)
    for car, seq in enumerate(seqs):
        way = book.way(car, seq)
        if way is not None:
            draft.take(car, way)
    return draft


def _first_sound(problem: Problem, candidates: list[Draft], *, book: Book) -> Plan:
    """Return the cheapest plan that passes the check, with its unassigned visits explained."""
    for draft in sorted([*candidates, Draft(book)], key=lambda d: d.cost):
        plan = plan_of(draft)
        if not check(problem, plan=plan):
            return replace(plan, unassigned=unassigned_of(problem, plan=plan, book=book))
    raise NoSoundPlan(problem.name)
