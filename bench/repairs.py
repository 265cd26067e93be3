"""The running day: how long it takes to put it right, and what the moves buy."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from bench.generate import DAY, HOUR, make
from bench.load import Load
from bench.speed import Figure
from routing.engine.solve import solve
from routing.plan import Plan
from routing.problem import Problem, Technician, TimeWindow, Visit
from routing.repair import repair
from routing.stop import IterationLimit, TimeLimit

_SIZES = ((100, 14), (200, 28), (400, 70))
_DAYS = 3
"""Of each size; each is disturbed in every way."""
_MOVES = 3
_SECONDS = 2.0


def repairs() -> Iterator[Figure]:
    """Disturb planned days and put them right."""
    for visits, technicians in _SIZES:
        seconds, bought = [], []
        for seed in range(1, _DAYS + 1):
            problem = make(visits=visits, technicians=technicians, seed=seed, rich=True, days=1)
            plan = solve(problem, seed=1, stop=IterationLimit(30_000))
            for disturb in (_urgent, _ill, _late, _called_off):
                now = disturb(problem, Random(seed))
                took, gained = _put_right(now, plan)
                seconds.append(took)
                bought.append(gained)
        load = Load(0.0, tuple(sorted(seconds)), 0)
        yield Figure(
            f"putting a running day right, {visits} visits x {technicians} technicians, up to {_MOVES} moves",
            "< 2 s",
            f"p50 {load.at(50):.0f} ms, slowest {1_000 * max(seconds):.0f} ms of {len(seconds)};"
            f" moves save {sum(bought) // len(bought)} s of travel or work left out on average",
            max(seconds) < _SECONDS,
        )


def _put_right(problem: Problem, plan: Plan) -> tuple[float, int]:
    began = time.perf_counter()
    found = repair(problem, plan=plan, most_moves=_MOVES, stop=TimeLimit(_SECONDS))
    return time.perf_counter() - began, found[0].cost - found[-1].cost


def _urgent(problem: Problem, chance: Random) -> Problem:
    """Have urgent work come in, at the place of somebody else's, to be begun within three hours."""
    like = chance.choice(problem.visits)
    opens = 11 * HOUR
    windows = (TimeWindow(opens, opens + 3 * HOUR),)
    urgent = Visit("urgent", like.location, 2_700, windows, DAY, skills=like.skills)
    return replace(problem, visits=(*problem.visits, urgent))


def _ill(problem: Problem, chance: Random) -> Problem:
    return _with(problem, chance, lambda technician: replace(technician, shifts=()))


def _late(problem: Problem, chance: Random) -> Problem:
    """Have somebody begin an hour later."""
    return _with(problem, chance, _an_hour_later)


def _an_hour_later(technician: Technician) -> Technician:
    shifts = tuple(replace(shift, start=shift.start + HOUR) for shift in technician.shifts)
    return replace(technician, shifts=shifts)


def _called_off(problem: Problem, chance: Random) -> Problem:
    gone = chance.choice(problem.visits)
    return replace(problem, visits=tuple(visit for visit in problem.visits if visit != gone))


def _with(problem: Problem, chance: Random, change: Callable[[Technician], Technician]) -> Problem:
    index = chance.randrange(len(problem.technicians))
    people = [change(each) if i == index else each for i, each in enumerate(problem.technicians)]
    return replace(problem, technicians=tuple(people))
