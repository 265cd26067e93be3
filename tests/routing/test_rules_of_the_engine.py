"""For each rule a tiny problem in which it bites, and the same one in which it is lifted."""

from dataclasses import replace

import pytest

from routing.check import check
from routing.costs import costs_of
from routing.engine.solve import solve
from routing.plan import Plan, Reason
from routing.problem import Break, Problem, Skill, Technician
from routing.stop import IterationLimit
from routing.travel import from_matrix
from tests.routing.builders import HOUR, a_problem, a_shift, a_technician, a_visit, line, lunch


def solved(problem: Problem, *, iterations: int = 40) -> Plan:
    plan = solve(problem, seed=1, stop=IterationLimit(iterations))
    assert check(problem, plan=plan) == ()
    return plan


def reasons(problem: Problem) -> dict[str, str]:
    return {u.visit: str(u.reason) for u in solved(problem).unassigned}


def shift_of(**more: object) -> tuple[Technician, ...]:
    return (a_technician(shifts=(a_shift(**more),)),)  # type: ignore[arg-type]


BITES_AND_LIFTED = {
    "a higher skill level is needed": (
        a_problem(a_visit(skills={"gas": 2}), technicians=[a_technician(skills={"gas": 1})]),
        a_problem(a_visit(skills={"gas": 2}), technicians=[a_technician(skills={"gas": 2})]),
        Reason.NO_SKILL,
    ),
    "a certificate has run out": (
        a_problem(
            a_visit(skills={"gas": 1}), technicians=[Technician("ann", 0, 0, (Skill("gas", 1, 61_199),), (a_shift(),))]
        ),
        a_problem(
            a_visit(skills={"gas": 1}), technicians=[Technician("ann", 0, 0, (Skill("gas", 1, 61_200),), (a_shift(),))]
        ),
        Reason.NO_SKILL,
    ),
    "only somebody else may come": (
        a_problem(a_visit(only=("bob",))),
        a_problem(a_visit(only=("bob", "ann"))),
        Reason.NOT_ALLOWED,
    ),
    "the technician is excluded": (a_problem(a_visit(excluded=("ann",))), a_problem(a_visit()), Reason.EXCLUDED),
    "the visit is pinned to somebody else": (
        a_problem(a_visit(pinned_technician="bob")),
        a_problem(a_visit(pinned_technician="ann")),
        Reason.NOT_ALLOWED,
    ),
    "the pinned start cannot be reached": (
        a_problem(a_visit(pinned_start=8 * HOUR + 599)),
        a_problem(a_visit(pinned_start=8 * HOUR + 600)),
        Reason.TOO_LONG,
    ),
    "no shift meets the window": (
        a_problem(a_visit(windows=[(18 * HOUR, 20 * HOUR)])),
        a_problem(
            a_visit(windows=[(18 * HOUR, 20 * HOUR), (30 * HOUR, 30 * HOUR + 600)]), technicians=shift_of(end=32 * HOUR)
        ),
        Reason.NO_SHIFT_IN_WINDOW,
    ),
    "the release leaves no window": (
        a_problem(a_visit(windows=[(9 * HOUR, 10 * HOUR)], release=10 * HOUR + 1)),
        a_problem(a_visit(windows=[(9 * HOUR, 10 * HOUR)], release=10 * HOUR)),
        Reason.NO_WINDOW,
    ),
    "a window of one second is missed by one": (
        a_problem(a_visit(windows=[(8 * HOUR + 599, 8 * HOUR + 599)])),
        a_problem(a_visit(windows=[(8 * HOUR + 600, 8 * HOUR + 600)])),
        Reason.TOO_LONG,
    ),
    "the shift is a second too short": (
        a_problem(a_visit(), technicians=shift_of(start=9 * HOUR, end=9 * HOUR + HOUR + 1199)),
        a_problem(a_visit(), technicians=shift_of(start=9 * HOUR, end=9 * HOUR + HOUR + 1200)),
        Reason.TOO_LONG,
    ),
    "nobody may do a single visit": (
        a_problem(a_visit(), technicians=shift_of(max_visits=0)),
        a_problem(a_visit(), technicians=shift_of(max_visits=1)),
        Reason.FULL,
    ),
    "there is no way": (
        a_problem(a_visit(), travel=from_matrix([[0, 600], [None, 0]])),
        a_problem(a_visit(), travel=from_matrix([[0, 600], [9000, 0]])),
        Reason.UNREACHABLE,
    ),
    "the break leaves no room": (
        a_problem(a_visit(duration=8 * HOUR), technicians=shift_of(breaks=(lunch(duration=HOUR),))),
        a_problem(a_visit(duration=8 * HOUR), technicians=shift_of(breaks=(lunch(8 * HOUR, 8 * HOUR, 1800),))),
        Reason.TOO_LONG,
    ),
    "the shift begins too far away": (
        a_problem(a_visit(at=1, windows=[(8 * HOUR, 8 * HOUR)]), technicians=shift_of(start_location=0)),
        a_problem(a_visit(at=1, windows=[(8 * HOUR, 8 * HOUR)]), technicians=shift_of(start_location=1)),
        Reason.TOO_LONG,
    ),
    "the shift ends too far away": (
        a_problem(a_visit(at=1, drop_cost=50_000), travel=line(60), technicians=shift_of(end_location=50)),
        a_problem(a_visit(at=1, drop_cost=50_000), travel=line(60), technicians=shift_of(end_location=40)),
        Reason.TOO_LONG,
    ),
    "the way costs more than the visit is worth": (
        a_problem(a_visit(drop_cost=1200)),
        a_problem(a_visit(drop_cost=1201)),
        Reason.NOT_WORTH_IT,
    ),
}


@pytest.mark.parametrize("name", BITES_AND_LIFTED)
def test_a_rule_that_bites_leaves_the_visit_out_with_its_reason(name: str) -> None:
    problem, _, reason = BITES_AND_LIFTED[name]

    assert reasons(problem) == {"v1": reason}


@pytest.mark.parametrize("name", BITES_AND_LIFTED)
def test_where_the_rule_is_lifted_the_visit_is_served(name: str) -> None:
    _, problem, _ = BITES_AND_LIFTED[name]

    assert reasons(problem) == {}


def test_the_most_visits_of_a_shift_are_not_exceeded() -> None:
    visits = [a_visit(f"v{i}") for i in range(3)]

    assert list(reasons(a_problem(*visits, technicians=shift_of(max_visits=2))).values()) == [Reason.FULL]
    assert reasons(a_problem(*visits, technicians=shift_of(max_visits=3))) == {}


def test_two_visits_at_the_same_minute_need_two_technicians() -> None:
    visits = [a_visit(f"v{i}", windows=[(9 * HOUR, 9 * HOUR)]) for i in range(2)]

    assert list(reasons(a_problem(*visits)).values()) == [Reason.CAPACITY]
    assert reasons(a_problem(*visits, technicians=[a_technician("ann"), a_technician("bob")])) == {}


def test_a_hole_between_two_windows_is_waited_out() -> None:
    early = a_visit("early", windows=[(9 * HOUR, 9 * HOUR)], duration=2 * HOUR)
    holed = a_visit("holed", windows=[(8 * HOUR, 8 * HOUR + 900), (14 * HOUR, 15 * HOUR)])

    plan = solved(a_problem(early, replace(holed, duration=HOUR)))

    assert {s.visit: s.start for s in plan.routes[0].stops} == {"early": 9 * HOUR, "holed": 14 * HOUR}


@pytest.mark.parametrize(
    "breaks",
    [
        (lunch(8 * HOUR, 8 * HOUR),),
        (lunch(8 * HOUR + 300, 8 * HOUR + 300),),
        (lunch(16 * HOUR, 16 * HOUR),),
        (lunch(), Break(15 * HOUR, 16 * HOUR, 900)),
        (Break(9 * HOUR, 16 * HOUR, 900), Break(9 * HOUR, 16 * HOUR, 1800), Break(9 * HOUR, 16 * HOUR, 300)),
    ],
    ids=["before leaving", "on the way", "after coming back", "two", "three of one window"],
)
def test_breaks_are_kept_wherever_they_fall(breaks: tuple[Break, ...]) -> None:
    visits = [a_visit(f"v{i}", at=i) for i in range(1, 5)]

    plan = solved(a_problem(*visits, technicians=shift_of(breaks=breaks)))

    assert plan.unassigned == ()
    assert len(plan.routes[0].breaks) == len(breaks)


def test_a_late_start_costs_by_the_hour_and_the_urgent_visit_comes_first() -> None:
    urgent = a_visit("urgent", at=2, due=9 * HOUR, late_cost_per_hour=36_000)
    other = a_visit("other", at=1)

    plan = solved(a_problem(urgent, other))

    assert [s.visit for s in plan.routes[0].stops] == ["urgent", "other"]
    assert costs_of(a_problem(urgent, other), plan=plan).lateness == 0


def test_without_a_due_time_the_nearer_visit_may_come_first_at_the_same_cost() -> None:
    problem = a_problem(a_visit("far", at=2), a_visit("near", at=1))

    assert costs_of(problem, plan=solved(problem)).total == 2400


def test_a_preferred_technician_comes_although_another_is_nearer() -> None:
    people = [a_technician("near", home=1), a_technician("wanted", home=2)]

    chosen = solved(a_problem(a_visit(at=1, preferred=("wanted",)), technicians=people)).routes[0].technician
    without = solved(a_problem(a_visit(at=1), technicians=people)).routes[0].technician

    assert (chosen, without) == ("near", "near")  # twenty minutes there and back cost as much as the wish
    nearer = a_problem(a_visit(at=1, preferred=("wanted",)), travel=line(6, minutes=9), technicians=people)
    assert solved(nearer).routes[0].technician == "wanted"


def test_a_detour_through_a_third_place_may_be_shorter_than_the_way() -> None:
    travel = from_matrix([[0, 100, 5000], [100, 0, 100], [5000, 100, 0]])
    problem = a_problem(a_visit("a", at=1), a_visit("b", at=2), travel=travel)

    assert costs_of(problem, plan=solved(problem)).total == 5200


def test_one_way_streets_decide_the_order() -> None:
    travel = from_matrix([[0, 100, 900], [900, 0, 100], [100, 900, 0]])
    problem = a_problem(a_visit("a", at=1), a_visit("b", at=2), travel=travel)

    plan = solved(problem)

    assert [s.visit for s in plan.routes[0].stops] == ["a", "b"]
    assert costs_of(problem, plan=plan).total == 300
