"""Random small problems with every rule: whatever is solved passes the check; tiny ones are solved perfectly."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import check
from routing.costs import costs_of
from routing.engine.model import Net
from routing.engine.routes import Book
from routing.engine.schedule import schedule
from routing.engine.solve import solve
from routing.explain import draft_of, why_here, why_not
from routing.plan import Plan, Reason
from routing.problem import Break, Problem, Shift, Skill, Technician, Visit
from routing.stop import IterationLimit
from routing.travel import from_matrix
from routing.weights import Weights
from tests.routing.builders import HOUR, a_problem, a_technician, a_visit, line


def a_random_problem(seed: int, *, visits: int, technicians: int = 2, breaks: int = 2) -> Problem:
    """Draw a problem in which every rule may occur: holes, one-way streets, pins, breaks, wishes, due times."""
    rng = Random(seed)
    places = rng.randint(1, 6)
    rows = [
        [0 if i == j else rng.choice([rng.randint(0, 4000), None][: 1 + (rng.random() < 0.1)]) for j in range(places)]
        for i in range(places)
    ]
    people = tuple(_technician(rng, f"t{i}", places=places, breaks=breaks) for i in range(technicians))
    work = tuple(_visit(rng, f"v{i}", places=places, people=[t.id for t in people]) for i in range(visits))
    return a_problem(
        *work, technicians=people, travel=from_matrix(rows), weights=Weights(preferred_rank=rng.randint(0, 500))
    )


def _technician(rng: Random, name: str, *, places: int, breaks: int) -> Technician:
    shifts = []
    for day in range(rng.randint(0, 2)):
        start = day * 24 * HOUR + rng.randint(7, 9) * HOUR
        end = start + rng.randint(0, 8 * HOUR)
        pauses = [start + rng.randint(-600, 6 * HOUR) for _ in range(rng.randint(0, breaks))]
        rests = tuple(
            Break(max(0, p), max(0, p) + rng.choice([0, 0, 3600]), rng.choice([0, 900, 1800])) for p in pauses
        )
        ends = rng.choice([None, rng.randrange(places)]), rng.choice([None, rng.randrange(places)])
        shifts.append(Shift(start, end, rests, rng.choice([None, None, 0, 1, 3]), *ends))
    skills = tuple(
        Skill(s, rng.randint(0, 3), rng.choice([None, 20 * HOUR])) for s in ("gas", "ac") if rng.random() < 0.8
    )
    return Technician(name, rng.randrange(places), rng.randrange(places), skills, tuple(shifts))


def _visit(rng: Random, name: str, *, places: int, people: list[str]) -> Visit:
    opens = sorted(rng.randint(6 * HOUR, 38 * HOUR) for _ in range(2 * rng.randint(1, 2)))
    windows = [(a, b) for a, b in zip(opens[::2], opens[1::2], strict=True)]
    windows = [w for i, w in enumerate(windows) if i == 0 or w[0] > windows[i - 1][1]]
    if rng.random() < 0.3:
        windows = [(6 * HOUR, 40 * HOUR)]

    def some(chance: float) -> tuple[str, ...]:
        return tuple(p for p in people if rng.random() < 0.5) if rng.random() < chance else ()

    return a_visit(
        name,
        at=rng.randrange(places),
        windows=windows,
        duration=rng.choice([0, 600, 1800, 3600]),
        drop_cost=rng.choice([0, 500, 20_000, 10**9]),
        skills={"gas": rng.randint(0, 3)} if rng.random() < 0.3 else {},
        only=some(0.15),
        excluded=some(0.15),
        preferred=some(0.3),
        release=rng.randint(0, 30 * HOUR) if rng.random() < 0.15 else None,
        due=rng.randint(6 * HOUR, 30 * HOUR) if rng.random() < 0.3 else None,
        late_cost_per_hour=rng.choice([0, 100, 3601]),
        pinned_technician=rng.choice(people) if people and rng.random() < 0.1 else None,
        pinned_start=rng.randint(8 * HOUR, 30 * HOUR) if rng.random() < 0.1 else None,
    )


def solved(problem: Problem, *, iterations: int = 60) -> Plan:
    plan = solve(problem, seed=7, stop=IterationLimit(iterations))
    assert check(problem, plan=plan) == ()
    return plan


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 10**9), visits=st.integers(0, 9), technicians=st.integers(0, 3))
def test_every_plan_of_a_random_problem_keeps_all_rules_and_explains_itself(
    seed: int, visits: int, technicians: int
) -> None:
    problem = a_random_problem(seed, visits=visits, technicians=technicians)

    plan = solved(problem)

    draft = draft_of(Book(Net(problem)), plan=plan)
    assert draft.cost == costs_of(problem, plan=plan).total
    for u in plan.unassigned:
        assert why_not(problem, plan=plan, visit=u.visit).reason == u.reason
        assert u.reason in tuple(Reason)
    for stop in (s for r in plan.routes for s in r.stops):
        assert why_here(problem, plan=plan, visit=stop.visit).start == stop.start


def brute_force(problem: Problem) -> int:
    """Return the least cost over all assignments and orders, each timed by the exact schedule."""
    net = Net(problem)
    visits = range(len(problem.visits))
    best_of: list[dict[frozenset[int], int]] = []
    for car in net.cars:
        costs: dict[frozenset[int], int] = {frozenset(): 0}
        able = [v for v in visits if car.index in net.fits_set[v]]
        for size in range(1, min(len(able), car.max_visits) + 1):
            for seq in itertools.permutations(able, size):
                timed = schedule(net, car, seq)
                if timed is not None:
                    places = [car.origin, *[net.location[v] for v in seq], car.goal]
                    cost = timed.late + sum(net.travel[a][b] for a, b in itertools.pairwise(places))
                    cost += sum(net.wish[v].get(car.index, 0) for v in seq)
                    costs[frozenset(seq)] = min(cost, costs.get(frozenset(seq), cost))
        best_of.append(costs)
    reached: dict[frozenset[int], int] = {frozenset(): 0}
    for costs in best_of:
        longer: dict[frozenset[int], int] = {}
        for (done, a), (more, b) in itertools.product(reached.items(), costs.items()):
            if not done & more:
                longer[done | more] = min(a + b, longer.get(done | more, a + b))
        reached = longer
    return min(cost + sum(net.drop[v] for v in visits if v not in done) for done, cost in reached.items())


@pytest.mark.parametrize("seed", range(40))
def test_a_tiny_problem_is_solved_perfectly(seed: int) -> None:
    problem = a_random_problem(seed, visits=5)

    cost = costs_of(problem, plan=solved(problem, iterations=200)).total

    assert cost == brute_force(problem)


@pytest.mark.parametrize("breaks", [0, 1, 2])
def test_the_quick_tables_and_the_exact_timing_agree(breaks: int) -> None:
    agreed = 0
    for seed in range(150):
        problem = a_random_problem(1000 * breaks + seed, visits=4, technicians=1, breaks=breaks)
        net = Net(problem)
        book = Book(net)
        for car in net.cars:
            able = [v for v in range(4) if car.index in net.fits_set[v]]
            for seq in itertools.permutations(able, min(3, len(able), car.max_visits)):
                way, timed = book.way(car.index, seq), schedule(net, car, seq)
                assert not seq or (way is None) == (timed is None)
                agreed += bool(seq) and timed is not None
                for v in [] if way is None else [v for v in able if v not in seq]:
                    longer = [(*seq[:i], v, *seq[i:]) for i in range(len(seq) + 1)]
                    possible = [w.cost - way.cost for s in longer if (w := book.way(car.index, s)) is not None]
                    assert book.insertion(way, v)[0] == min(possible, default=book.insertion(way, v)[0])
                    assert (book.insertion(way, v)[1] < 0) == (not possible)
    assert agreed > 50


def test_the_same_seed_and_limit_give_the_same_plan() -> None:
    problem = a_random_problem(5, visits=25, technicians=4)

    plans = [solve(problem, seed=3, stop=IterationLimit(300)) for _ in range(2)]

    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "problem",
    [
        a_problem(travel=from_matrix([]), technicians=[]),
        a_problem(technicians=[]),
        a_problem(),
        a_problem(a_visit(), technicians=[]),
        a_problem(a_visit(), technicians=[a_technician(shifts=())]),
        a_problem(a_visit(windows=[])),
        a_problem(a_visit(windows=[(9 * HOUR, 9 * HOUR)], duration=0, drop_cost=0)),
        a_problem(*[a_visit(f"v{i}", windows=[(1, 1)], drop_cost=10**9) for i in range(5)]),
        a_problem(*[a_visit(f"v{i}", drop_cost=10**9) for i in range(30)]),
        a_problem(a_visit(late_cost_per_hour=10**9, due=0, drop_cost=10**12)),
        a_problem(a_visit(), travel=from_matrix([[None, None], [None, None]])),
        a_problem(a_visit(), travel=line(2, minutes=10**6)),
    ],
)
def test_an_odd_problem_is_answered_with_a_sound_plan(problem: Problem) -> None:
    plan = solved(problem)

    assert len(plan.unassigned) + sum(len(r.stops) for r in plan.routes) == len(problem.visits)
