"""The bound: never above what the best plan costs, and proven by prices that anybody can add up."""

import itertools

import pytest

from routing.costs import costs_of
from routing.engine.solve import Solution, solve_certified
from routing.problem import Problem
from routing.stop import IterationLimit
from tests.routing.builders import HOUR, a_problem, a_shift, a_technician, a_visit
from tests.routing.test_random_problems import a_random_problem, brute_force
from tests.routing.test_stop_and_progress import a_town


def solved(problem: Problem, *, iterations: int = 3_000) -> Solution:
    return solve_certified(problem, seed=1, stop=IterationLimit(iterations))


@pytest.mark.parametrize("seed", range(100, 140))
def test_the_bound_is_at_most_the_cost_of_the_best_plan_there_is(seed: int) -> None:
    problem = a_random_problem(seed, visits=5)

    solution = solved(problem)

    best = brute_force(problem)
    assert solution.plan.bound is None or solution.plan.bound <= best
    assert costs_of(problem, plan=solution.plan).total == best


def test_without_any_possible_visit_there_is_no_bound() -> None:
    assert solved(a_problem(a_visit(windows=[]))).plan.bound is None


def test_the_cases_of_a_certificate_cover_every_number_of_visits_left_out() -> None:
    problem = a_town(visits=24, technicians=3)

    solution = solved(problem)

    assert solution.plan.certificate is not None
    cases = sorted((c.fewest, c.most) for c in solution.plan.certificate.cases)
    assert cases[0][0] == 0
    assert cases[-1][1] == 24
    assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(cases))
    assert (
        min(c.bound for c in solution.plan.certificate.cases) == solution.plan.bound == solution.plan.certificate.bound
    )


def test_the_prices_of_a_certificate_add_up_to_its_bound() -> None:
    problem = a_town(visits=24, technicians=3)

    solution = solved(problem)

    assert solution.plan.certificate is not None
    drops = sum(v.drop_cost for v in problem.visits)
    for case in solution.plan.certificate.cases:
        prices = [*case.visits, *case.cars, *(cut.price for cut in case.cuts)]
        assert min(prices) >= 0 >= max(case.least)
        fixed = drops + 24 * case.extra - sum(prices) - case.served * 24 + sum(case.least)
        ends = [fixed + (case.served - case.extra) * k for k in (case.fewest, case.most)]
        assert case.bound - 1 < min(ends) <= case.bound


def test_a_day_in_which_everybody_can_be_served_is_proven_perfect() -> None:
    problem = a_town(visits=14, technicians=3)

    solution = solved(problem, iterations=8_000)

    assert solution.plan.unassigned == ()
    assert solution.plan.bound == costs_of(problem, plan=solution.plan).total


def test_one_of_two_visits_at_the_same_minute_is_known_to_be_left_out() -> None:
    visits = [a_visit(f"v{i}", windows=[(9 * HOUR, 9 * HOUR)]) for i in range(2)]
    problem = a_problem(*visits, technicians=[a_technician(shifts=(a_shift(),))])

    assert solved(problem).plan.bound == 20_000 + 1_200
