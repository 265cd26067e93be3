"""Limits end a search; progress tells of every better plan."""

import threading
import time
from random import Random

import pytest

from routing.check import check
from routing.costs import costs_of
from routing.engine.solve import solve
from routing.engine.warm import warm
from routing.problem import Problem
from routing.stop import Cancelled, FirstOf, IterationLimit, Progress, TimeLimit
from routing.travel import from_matrix
from tests.routing.builders import HOUR, a_problem, a_technician, a_visit
from tests.routing.test_random_problems import a_random_problem


def a_town(*, visits: int, technicians: int) -> Problem:
    rng = Random(3)
    places = [(rng.randint(0, 99), rng.randint(0, 99)) for _ in range(visits + 1)]
    travel = from_matrix([[30 * (abs(a - c) + abs(b - d)) for c, d in places] for a, b in places])
    work = [a_visit(f"v{i}", at=i, windows=[(rng.randint(8, 15) * HOUR, 17 * HOUR)]) for i in range(1, visits + 1)]
    return a_problem(*work, technicians=[a_technician(f"t{i}", home=i) for i in range(technicians)], travel=travel)


class Clock:
    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 100.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_a_time_limit_counts_from_its_making() -> None:
    clock = Clock()
    limit = TimeLimit(10, monotonic=clock)

    clock.now += 9.75
    assert not limit.reached(iterations=10**9)
    assert (limit.seconds_left(), limit.fraction(iterations=0)) == (0.25, 0.975)
    clock.now += 0.25
    assert limit.reached(iterations=0)
    clock.now += 5
    assert (limit.seconds_left(), limit.fraction(iterations=0)) == (0.0, 1.0)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_time_limit_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        TimeLimit(seconds)


def test_no_limit_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FirstOf()


def test_the_first_of_several_limits_counts() -> None:
    flag, limit = Cancelled(), IterationLimit(4)
    both = FirstOf(limit, flag)

    assert not both.reached(iterations=3)
    assert (both.fraction(iterations=3), both.seconds_left()) == (0.75, None)
    assert both.reached(iterations=4)
    flag.cancel()
    assert both.reached(iterations=0)
    assert both.seconds_left() == 0.0


def test_a_cancelled_search_returns_the_best_plan_it_has() -> None:
    flag, seen = Cancelled(), []

    def listen(progress: Progress) -> None:
        seen.append(progress)
        if progress.phase == "search":
            flag.cancel()

    problem = a_town(visits=60, technicians=9)
    plan = solve(problem, seed=1, stop=flag, progress=listen)

    assert [p.phase for p in seen] == ["construct", "search"]
    assert len(plan.unassigned) == seen[-1].unserved
    assert costs_of(problem, plan=plan).total == seen[-1].best_cost


def test_a_search_that_is_cancelled_ends_within_half_a_second() -> None:
    flag = Cancelled()
    ends: list[float] = []

    def cancel() -> None:
        ends.append(time.monotonic())
        flag.cancel()

    problem = a_town(visits=120, technicians=16)
    warm()
    timer = threading.Timer(1.0, cancel)
    timer.start()
    solve(problem, seed=1, stop=flag)
    took = time.monotonic() - ends[0]
    timer.join()

    # half a second on a machine that does nothing else
    assert took < 1.5


def test_costs_only_get_better_from_report_to_report() -> None:
    seen: list[Progress] = []

    solve(a_town(visits=30, technicians=5), seed=1, stop=IterationLimit(2_000), progress=seen.append)

    costs = [p.best_cost for p in seen]
    assert costs == sorted(costs, reverse=True)
    assert {"construct", "search"} <= {p.phase for p in seen}


def test_a_limit_that_is_over_at_once_still_gives_a_plan() -> None:
    problem = a_random_problem(5, visits=12, technicians=3)

    plan = solve(problem, seed=1, stop=TimeLimit(0))

    assert check(problem, plan=plan) == ()
