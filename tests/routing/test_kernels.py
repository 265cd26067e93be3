"""The compiled kernels say the same as the exact and slow way of timing a route."""

import itertools
from random import Random

import numpy as np
import pytest

from routing.check import check
from routing.engine.arrays import flat_of, part_of
from routing.engine.compiled import jit
from routing.engine.compiled.insertion import look
from routing.engine.compiled.timing import route_cost
from routing.engine.model import Net
from routing.engine.outline import longest_of, routes_with
from routing.engine.routes import Book
from routing.engine.solve import solve_certified
from routing.stop import IterationLimit
from tests.routing.builders import a_visit
from tests.routing.test_random_problems import a_random_problem
from tests.routing.test_stop_and_progress import a_town

NOTHING_FITS = 1 << 60


@pytest.mark.parametrize("breaks", [0, 1, 2])
def test_a_route_costs_what_the_exact_timing_says(breaks: int) -> None:
    compared = 0
    for seed in range(120):
        problem = a_random_problem(2000 * breaks + seed, visits=4, technicians=1, breaks=breaks)
        net = Net(problem)
        flat, book = flat_of(net), Book(net)
        for car in net.cars:
            able = [v for v in range(4) if car.index in net.fits_set[v]]
            for seq in itertools.permutations(able, min(3, len(able), car.max_visits)):
                way = book.way(car.index, seq)
                cost = route_cost(flat, car.index, np.array(seq or (0,), dtype=np.int32), len(seq))
                assert cost == (-1 if way is None else way.cost)
                compared += bool(seq) and way is not None
    assert compared > 40


@pytest.mark.parametrize("breaks", [0, 1, 2])
def test_the_cheapest_place_in_a_route_is_found(breaks: int) -> None:
    found = 0
    for seed in range(120):
        problem = a_random_problem(3000 * breaks + seed, visits=4, technicians=1, breaks=breaks)
        net = Net(problem)
        flat, book = flat_of(net), Book(net)
        for car in net.cars:
            able = [v for v in range(4) if car.index in net.fits_set[v]]
            for seq in itertools.permutations(able, min(2, len(able))):
                way = book.way(car.index, seq)
                if way is None:
                    continue
                seqs = [seq if c.index == car.index else () for c in net.cars]
                routes = routes_with(flat, seqs=seqs, longest=max(longest_of(flat), len(seq) + 1))
                for v in [v for v in able if v not in seq]:
                    look(flat, routes, v, car.index)
                    longer = [(*seq[:i], v, *seq[i:]) for i in range(len(seq) + 1)]
                    possible = [w.cost - way.cost for s in longer if (w := book.way(car.index, s)) is not None]
                    assert routes.added[v, car.index] == min(possible, default=NOTHING_FITS)
                    found += bool(possible)
    assert found > 25


def test_a_part_of_a_problem_costs_what_it_costs_in_the_whole() -> None:
    problem = a_random_problem(77, visits=9, technicians=3)
    flat = flat_of(Net(problem))
    visits, cars = [7, 2, 5], [1, 0]

    part = part_of(flat, visits=visits, cars=cars)

    for (i, c), (j, d) in itertools.product(enumerate(cars), enumerate(cars)):
        assert part.start[i] == flat.start[c]
        assert (part.fits[:, j] == flat.fits[visits, d]).all()
    for size, (i, c) in itertools.product(range(1, 3), enumerate(cars)):
        for seq in itertools.permutations(range(3), size):
            whole = np.array([visits[v] for v in seq], dtype=np.int32)
            here = route_cost(part, i, np.array(seq, dtype=np.int32), size)
            assert here == route_cost(flat, c, whole, size)


def test_a_large_day_is_cut_into_territories_and_stays_right() -> None:
    problem = a_town(visits=280, technicians=30)

    solution = solve_certified(problem, seed=2, stop=IterationLimit(900))

    assert check(problem, plan=solution.plan) == ()
    assert solution.plan.bound is None
    assert len(solution.plan.unassigned) < 200


def test_the_same_seed_and_limit_give_the_same_plan_whatever_the_threads_do() -> None:
    problem = a_town(visits=60, technicians=6)

    one, two = (solve_certified(problem, seed=4, stop=IterationLimit(2_500)) for _ in range(2))

    assert one == two


def test_without_a_compiler_the_plain_engine_plans_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "AVAILABLE", False)
    problem = a_town(visits=12, technicians=3)

    solution = solve_certified(problem, seed=1, stop=IterationLimit(100))

    assert solution.degraded
    assert solution.plan.bound is None
    assert check(problem, plan=solution.plan) == ()


def test_every_kind_of_rule_survives_a_longer_search() -> None:
    rng = Random(8)
    for _ in range(4):
        problem = a_random_problem(rng.randrange(10**6), visits=25, technicians=4)

        assert check(problem, plan=solve_certified(problem, seed=1, stop=IterationLimit(2_000)).plan) == ()


def test_a_visit_of_no_duration_at_home_does_not_hang_the_pricer() -> None:
    problem = a_random_problem(5, visits=0)
    visits = tuple(a_visit(f"z{i}", at=0, duration=0, windows=[(0, 10**5)], drop_cost=1_000) for i in range(12))
    problem = type(problem)(
        "zero", problem.locations, problem.technicians, visits, problem.travel, problem.horizon, weights=problem.weights
    )

    assert check(problem, plan=solve_certified(problem, seed=1, stop=IterationLimit(1_500)).plan) == ()
