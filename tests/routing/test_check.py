"""The check finds every broken rule, each alone, and is silent about a right plan."""

import pytest

from routing.check import check
from routing.plan import Plan, Unassigned
from routing.problem import Problem, Skill, Technician
from routing.travel import from_matrix
from tests.routing.builders import (
    DAY,
    HOUR,
    a_plan,
    a_problem,
    a_route,
    a_shift,
    a_stop,
    a_technician,
    a_visit,
    line,
    lunch,
    pause,
)

NOON = 12 * HOUR
WITH_LUNCH = a_problem(a_visit(), technicians=[a_technician(shifts=(a_shift(breaks=(lunch(),)),))])
TWO = a_problem(a_visit("v1"), a_visit("v2", at=2))

RIGHT: dict[str, tuple[Problem, Plan]] = {
    "one visit": (a_problem(a_visit()), a_plan(a_route(a_stop()))),
    "nothing served, all listed": (TWO, a_plan(out=["v1", "v2"])),
    "an empty route": (a_problem(), a_plan(a_route())),
    "lunch after the service": (WITH_LUNCH, a_plan(a_route(a_stop(), breaks=(pause(NOON),)))),
    "lunch after coming back": (WITH_LUNCH, a_plan(a_route(a_stop(), back=10 * HOUR + 600, breaks=(pause(NOON),)))),
    "lunch before leaving": (
        WITH_LUNCH,
        a_plan(a_route(a_stop(start=13 * HOUR), leave=13 * HOUR - 600, breaks=(pause(11 * HOUR),))),
    ),
    "lunch on the way": (
        WITH_LUNCH,
        a_plan(a_route(a_stop(start=NOON + 600), leave=NOON - HOUR, breaks=(pause(NOON - HOUR + 300),))),
    ),
    "a bound below the cost": (a_problem(a_visit()), a_plan(a_route(a_stop()), bound=1200)),
    "a pinned start outside the windows": (
        a_problem(a_visit(pinned_start=9 * HOUR, windows=[(10 * HOUR, 11 * HOUR)])),
        a_plan(a_route(a_stop())),
    ),
}

ONE = a_problem(a_visit())
WRONG: dict[str, tuple[str, Problem, Plan]] = {
    "another problem": ("other_problem", ONE, a_plan(a_route(a_stop()), problem="other")),
    "half seconds": ("not_whole_seconds", ONE, a_plan(a_route(a_stop(start=9.5 * HOUR)), out=[])),  # type: ignore[arg-type]
    "a truth value for a shift": ("not_whole_seconds", ONE, a_plan(a_route(a_stop(), shift=False))),
    "somebody unknown": ("unknown_technician", ONE, a_plan(a_route(a_stop(), technician="eve"))),
    "a shift too many": ("unknown_shift", ONE, a_plan(a_route(a_stop(), shift=1))),
    "a shift counted from the end": ("unknown_shift", ONE, a_plan(a_route(a_stop(), shift=-1))),
    "an unknown visit": ("unknown_visit", ONE, a_plan(a_route(a_stop(), a_stop("v9", start=11 * HOUR)))),
    "one shift in two routes": (
        "shift_used_twice",
        TWO,
        a_plan(a_route(a_stop("v1")), a_route(a_stop("v2", start=11 * HOUR))),
    ),
    "one visit twice": ("served_twice", ONE, a_plan(a_route(a_stop(), a_stop(start=10 * HOUR)))),
    "leaving a second early": ("leaves_before_shift", ONE, a_plan(a_route(a_stop(), leave=DAY[0] - 1))),
    "back a second late": ("back_after_shift", ONE, a_plan(a_route(a_stop(), back=DAY[1] + 1))),
    "one visit too many": (
        "too_many_visits",
        a_problem(a_visit(), technicians=[a_technician(shifts=(a_shift(max_visits=0),))]),
        a_plan(a_route(a_stop())),
    ),
    "a level too low": (
        "lacks_skill",
        a_problem(a_visit(skills={"gas": 2}), technicians=[a_technician(skills={"gas": 1})]),
        a_plan(a_route(a_stop())),
    ),
    "an expired certificate": (
        "lacks_skill",
        a_problem(
            a_visit(skills={"gas": 1}), technicians=[Technician("ann", 0, 0, (Skill("gas", 1, 9),), (a_shift(),))]
        ),
        a_plan(a_route(a_stop())),
    ),
    "not on the list": ("not_allowed", a_problem(a_visit(only=("bob",))), a_plan(a_route(a_stop()))),
    "excluded": ("excluded", a_problem(a_visit(excluded=("ann",))), a_plan(a_route(a_stop()))),
    "pinned elsewhere": ("pinned_to_another", a_problem(a_visit(pinned_technician="bob")), a_plan(a_route(a_stop()))),
    "not at the promised second": (
        "not_at_pinned_start",
        a_problem(a_visit(pinned_start=9 * HOUR + 1)),
        a_plan(a_route(a_stop())),
    ),
    "before the window": (
        "outside_windows",
        a_problem(a_visit(windows=[(9 * HOUR + 1, 10 * HOUR)])),
        a_plan(a_route(a_stop())),
    ),
    "in the hole between windows": (
        "outside_windows",
        a_problem(a_visit(windows=[(8 * HOUR, 9 * HOUR - 1), (9 * HOUR + 1, 10 * HOUR)])),
        a_plan(a_route(a_stop())),
    ),
    "a visit without windows": ("outside_windows", a_problem(a_visit(windows=[])), a_plan(a_route(a_stop()))),
    "before the release": ("before_release", a_problem(a_visit(release=9 * HOUR + 1)), a_plan(a_route(a_stop()))),
    "a short service": ("wrong_duration", ONE, a_plan(a_route(a_stop(duration=HOUR - 1)))),
    "served before arrival": ("starts_before_arrival", ONE, a_plan(a_route(a_stop(arrive=9 * HOUR + 1)))),
    "faster than the way": ("arrives_too_early", ONE, a_plan(a_route(a_stop(arrive=DAY[0] + 599)))),
    "back faster than the way": ("no_time_for_the_way", ONE, a_plan(a_route(a_stop(), back=10 * HOUR + 599))),
    "two services at once": (
        "no_time_for_the_way",
        a_problem(a_visit("v1"), a_visit("v2")),
        a_plan(a_route(a_stop("v1"), a_stop("v2", start=9 * HOUR + 1800))),
    ),
    "no way there": (
        "unreachable",
        a_problem(a_visit(), travel=from_matrix([[0, None], [1, 0]])),
        a_plan(a_route(a_stop())),
    ),
    "no way back": (
        "unreachable",
        a_problem(a_visit(), travel=from_matrix([[0, 1], [None, 0]])),
        a_plan(a_route(a_stop())),
    ),
    "no lunch": ("wrong_number_of_breaks", WITH_LUNCH, a_plan(a_route(a_stop()))),
    "a break nobody asked for": ("wrong_number_of_breaks", ONE, a_plan(a_route(a_stop(), breaks=(pause(NOON),)))),
    "a short lunch": ("wrong_break_duration", WITH_LUNCH, a_plan(a_route(a_stop(), breaks=(pause(NOON, HOUR - 1),)))),
    "lunch a second late": (
        "break_outside_window",
        WITH_LUNCH,
        a_plan(a_route(a_stop(), breaks=(pause(13 * HOUR + 1),))),
    ),
    "lunch after the shift": (
        "break_outside_shift",
        a_problem(a_visit(), technicians=[a_technician(shifts=(a_shift(breaks=(lunch(16 * HOUR, 17 * HOUR),)),))]),
        a_plan(a_route(a_stop(), breaks=(pause(16 * HOUR + 1),))),
    ),
    "lunch during a service": (
        "break_during_service",
        WITH_LUNCH,
        a_plan(a_route(a_stop(start=10 * HOUR + 1), breaks=(pause(11 * HOUR),))),
    ),
    "two breaks at once": (
        "two_breaks_at_once",
        a_problem(a_visit(), technicians=[a_technician(shifts=(a_shift(breaks=(lunch(), lunch())),))]),
        a_plan(a_route(a_stop(), breaks=(pause(11 * HOUR), pause(NOON - 1)))),
    ),
    "a break that eats the way": (
        "no_time_for_the_way",
        WITH_LUNCH,
        a_plan(a_route(a_stop(start=NOON + 599), leave=11 * HOUR, breaks=(pause(11 * HOUR),))),
    ),
    "breaks without work": ("breaks_without_work", WITH_LUNCH, a_plan(a_route(breaks=(pause(NOON),)), out=["v1"])),
    "a visit forgotten": ("missing_without_reason", TWO, a_plan(a_route(a_stop()))),
    "a served visit listed": ("listed_but_served_or_unknown", ONE, a_plan(a_route(a_stop()), out=["v1"])),
    "a visit listed twice": ("listed_twice", ONE, a_plan(out=["v1", "v1"])),
    "no reason": ("no_reason", ONE, Plan("test", (), (Unassigned("v1", ""),))),
    "a bound above the cost": ("bound_above_cost", ONE, a_plan(a_route(a_stop()), bound=1201)),
    "a bound that is no number": ("bound_not_a_number", ONE, a_plan(a_route(a_stop()), bound=float("nan"))),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_plan_has_no_violation(name: str) -> None:
    problem, plan = RIGHT[name]

    assert check(problem, plan=plan) == ()


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_rule_is_named(name: str) -> None:
    code, problem, plan = WRONG[name]

    assert code in {v.code for v in check(problem, plan=plan)}


@pytest.mark.parametrize("name", WRONG)
def test_the_other_rules_are_not_blamed(name: str) -> None:
    code, problem, plan = WRONG[name]
    follow = {
        "not_whole_seconds": {"other_problem"},
        "unknown_visit": {"listed_but_served_or_unknown"},
        "unknown_technician": set(),
        "no_time_for_the_way": {"arrives_too_early"},
        "served_twice": {"arrives_too_early", "no_time_for_the_way"},
        "wrong_break_duration": set(),
        "arrives_too_early": set(),
    }
    allowed = {code} | follow.get(code, set())

    assert {v.code for v in check(problem, plan=plan)} <= allowed


def test_the_place_of_a_violation_is_a_path_into_the_plan() -> None:
    plan = a_plan(a_route(a_stop("v1"), a_stop("v2", start=11 * HOUR, duration=60)))

    (violation,) = check(TWO, plan=plan)

    assert (violation.code, violation.place) == ("wrong_duration", "routes[0].stops[1]")


def test_the_end_of_a_shift_elsewhere_is_where_the_way_back_leads() -> None:
    shifts = (a_shift(end_location=5, end=9 * HOUR + HOUR + 2400),)
    problem = a_problem(a_visit(), travel=line(6), technicians=[a_technician(shifts=shifts)])

    late = check(problem, plan=a_plan(a_route(a_stop(), back=10 * HOUR + 2399)))

    assert {v.code for v in late} == {"no_time_for_the_way"}
    assert check(problem, plan=a_plan(a_route(a_stop(), back=10 * HOUR + 2400))) == ()
