"""A running day is put right."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import check
from routing.costs import costs_of
from routing.engine.model import Net
from routing.engine.routes import Book
from routing.engine.solve import solve
from routing.plan import Plan
from routing.problem import Problem
from routing.repair import Move, Repair, Retimed, Seat, repair
from routing.stop import Cancelled, IterationLimit
from tests.routing.builders import HOUR, a_plan, a_problem, a_route, a_shift, a_stop, a_technician, a_visit
from tests.routing.test_random_problems import a_random_problem

ANN, BOB = Seat("ann", 0), Seat("bob", 0)
NINE = 9 * HOUR


def put_right(problem: Problem, plan: Plan, *, most_moves: int = 2) -> tuple[Repair, ...]:
    return repair(problem, plan=plan, most_moves=most_moves, stop=IterationLimit(100))


# -- nothing moves without need -----------------------------------------------------------------------


def test_a_day_without_a_change_stays_as_it_is() -> None:
    problem = a_problem(a_visit("v1"), a_visit("v2", at=2))
    plan = a_plan(a_route(a_stop("v1", start=8 * HOUR + 600), a_stop("v2", start=9 * HOUR + 1_200)))

    (only,) = put_right(problem, plan)

    assert (only.moves, only.retimed, only.taken_in) == ((), (), ())


def test_urgent_work_that_fits_moves_nobody() -> None:
    problem = a_problem(a_visit("v1", windows=[(NINE, NINE)]), a_visit("urgent", at=2))
    plan = a_plan(a_route(a_stop("v1")))

    (only,) = put_right(problem, plan)

    assert (only.moves, only.taken_in) == ((), ("urgent",))


def test_what_begins_at_another_minute_is_named() -> None:
    problem = a_problem(a_visit("v1", at=2, duration=HOUR), a_visit("urgent", at=2, windows=[(8 * HOUR, NINE)]))
    plan = a_plan(a_route(a_stop("v1", start=8 * HOUR + 1_200)))

    (only,) = put_right(problem, plan)

    assert only.retimed == (Retimed("v1", 8 * HOUR + 1_200, NINE + 1_200),)


# -- what each move buys -----------------------------------------------------------------------------------


def test_a_dispatcher_sees_what_a_move_buys() -> None:
    tight = [(NINE, NINE)]
    gas = a_technician("ann", skills={"gas": 1})
    problem = a_problem(
        a_visit("old", windows=tight),
        a_visit("urgent", windows=tight, skills={"gas": 1}, drop_cost=90_000),
        technicians=[gas, a_technician("bob", home=3)],
    )
    plan = a_plan(a_route(a_stop("old")))

    keeping, moving = put_right(problem, plan)

    assert (keeping.moves, keeping.taken_in, [out.visit for out in keeping.plan.unassigned]) == ((), (), ["urgent"])
    assert (moving.moves, moving.taken_in) == ((Move("old", ANN, BOB),), ("urgent",))
    assert keeping.cost - moving.cost == 90_000 - 2 * 2 * 600


def test_without_moves_allowed_only_keeping_is_offered() -> None:
    tight = [(NINE, NINE)]
    problem = a_problem(
        a_visit("old", windows=tight), a_visit("urgent", windows=tight, drop_cost=90_000), technicians=[a_technician()]
    )

    (only,) = put_right(problem, a_plan(a_route(a_stop("old"))), most_moves=0)

    assert only.moves == ()


def test_where_nobody_else_is_free_the_cheaper_work_is_given_up() -> None:
    tight = [(NINE, NINE)]
    problem = a_problem(a_visit("old", windows=tight), a_visit("urgent", windows=tight, drop_cost=90_000))

    keeping, moving = put_right(problem, a_plan(a_route(a_stop("old"))))

    assert keeping.moves == ()
    assert moving.moves == (Move("old", ANN, None),)
    assert moving.taken_in == ("urgent",)


def test_what_is_pinned_never_moves() -> None:
    tight = [(NINE, NINE)]
    begun = a_visit("old", pinned_technician="ann", pinned_start=NINE, drop_cost=10**9)
    problem = a_problem(
        begun,
        a_visit("urgent", windows=tight, only=("ann",), drop_cost=90_000),
        technicians=[a_technician("ann"), a_technician("bob")],
    )

    (only,) = put_right(problem, a_plan(a_route(a_stop("old"))), most_moves=5)

    assert (only.moves, [out.visit for out in only.plan.unassigned]) == ((), ["urgent"])


# -- forced -----------------------------------------------------------------------------------------------


def test_the_work_of_somebody_ill_goes_to_those_who_have_time() -> None:
    problem = a_problem(
        a_visit("v1"), a_visit("v2", at=2), technicians=[a_technician("ann", shifts=()), a_technician("bob")]
    )
    plan = a_plan(a_route(a_stop("v1", start=NINE), a_stop("v2", start=11 * HOUR)))

    first = put_right(problem, plan)[0]

    assert first.moves == (Move("v1", ANN, BOB), Move("v2", ANN, BOB))
    assert first.plan.unassigned == ()


def test_somebody_who_is_no_longer_there_is_left_aside() -> None:
    problem = a_problem(a_visit("v1"), technicians=[a_technician("bob")])

    (only,) = put_right(problem, a_plan(a_route(a_stop("v1"), a_stop("called off", start=11 * HOUR))))

    assert only.moves == (Move("v1", ANN, BOB),)


def test_of_a_day_that_begins_too_late_the_cheapest_visit_goes() -> None:
    late = a_technician(shifts=(a_shift(start=15 * HOUR),))
    problem = a_problem(a_visit("v1"), a_visit("dear", drop_cost=50_000), technicians=[late])
    plan = a_plan(a_route(a_stop("v1", start=NINE), a_stop("dear", start=10 * HOUR)))

    (only,) = put_right(problem, plan)

    assert [out.visit for out in only.plan.unassigned] == ["v1"]
    assert only.moves == (Move("v1", ANN, None),)


def test_a_cancelled_search_still_gives_the_first_repair() -> None:
    stop = Cancelled()
    stop.cancel()
    tight = [(NINE, NINE)]
    problem = a_problem(a_visit("old", windows=tight), a_visit("urgent", windows=tight, drop_cost=90_000))

    (only,) = repair(problem, plan=a_plan(a_route(a_stop("old"))), most_moves=3, stop=stop)

    assert only.moves == ()


# -- random days ---------------------------------------------------------------------------------------------


def a_changed_day(seed: int, *, visits: int = 6, technicians: int = 3) -> tuple[Problem, Plan] | None:
    """Draw a plan, and the day as it is after something has happened to it."""
    before = a_random_problem(seed, visits=visits, technicians=technicians)
    if any(finding.severity == "error" for finding in before.findings()):
        return None
    plan = solve(replace(before, visits=before.visits[1:]), seed=1, stop=IterationLimit(50))
    chance = Random(seed)
    people = list(before.technicians)
    index = chance.randrange(len(people))
    what = chance.choice(("ill", "late", "nothing"))
    if what == "ill":
        people[index] = replace(people[index], shifts=())
    elif what == "late":
        shifts = tuple(
            replace(s, start=min(s.end, s.start + chance.randint(0, 3 * HOUR))) for s in people[index].shifts
        )
        people[index] = replace(people[index], shifts=shifts)
    return replace(before, technicians=tuple(people)), plan


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_every_repair_keeps_all_rules_and_says_all_it_changes(seed: int) -> None:
    day = a_changed_day(seed)
    if day is None:
        return
    problem, plan = day

    found = put_right(problem, plan, most_moves=3)

    forced = len(found[0].moves)
    was = {s.visit: (r.technician, r.shift) for r in plan.routes for s in r.stops}
    for each in found:
        assert check(problem, plan=each.plan) == ()
        assert each.cost == costs_of(problem, plan=each.plan).total
        assert len(each.moves) <= forced + 3
        now = {s.visit: (r.technician, r.shift) for r in each.plan.routes for s in r.stops}
        assert {move.visit for move in each.moves} == {v for v in was if now.get(v) != was[v]}
        assert set(each.taken_in) == set(now) - set(was)
    costs = [each.cost for each in found]
    assert costs == sorted(set(costs), reverse=True)


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_small_days_are_put_right_nearly_as_well_as_trying_everything_does(moves: int) -> None:
    drawn = [a_changed_day(seed, visits=4, technicians=2) for seed in range(120)]
    days = [day for day in drawn if day is not None]
    perfect = 0
    for problem, plan in days:
        found = put_right(problem, plan, most_moves=moves)
        best = by_trying(problem, plan, most=len(found[0].moves) + moves)
        assert found[-1].cost >= best
        perfect += found[-1].cost == best

    assert perfect >= 0.95 * len(days), f"{perfect} of {len(days)}"


def by_trying(problem: Problem, plan: Plan, *, most: int) -> int:
    """Return the least cost of all plans that move at most so many visits."""
    book = Book(Net(problem))
    net = book.net
    names = [technician.id for technician in problem.technicians]
    seats = {(names[car.technician], car.shift): car.index for car in net.cars}
    number = {visit.id: v for v, visit in enumerate(net.visits)}
    home = {number[s.visit]: seats.get((r.technician, r.shift), -2) for r in plan.routes for s in r.stops}
    best = None
    for places in itertools.product(*[(-1, *net.fits[v]) for v in range(len(net.visits))]):
        if sum(home[v] != places[v] for v in home) > most:
            continue
        cost = sum(net.drop[v] for v, car in enumerate(places) if car < 0)
        for car in set(places) - {-1}:
            routes = _routes(book, car, [v for v, place in enumerate(places) if place == car])
            cheapest = min(routes, default=None)
            cost = cost + cheapest if cheapest is not None and cost is not None else None
            if cost is None:
                break
        if cost is not None and (best is None or cost < best):
            best = cost
    assert best is not None
    return best


def _routes(book: Book, car: int, visits: Sequence[int]) -> Iterator[int]:
    for seq in itertools.permutations(visits):
        way = book.way(car, seq)
        if way is not None:
            yield way.cost
