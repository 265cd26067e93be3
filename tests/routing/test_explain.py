"""Why here, why not, and what would have to change."""

from dataclasses import replace

import pytest

from routing.changes import ChangeKind
from routing.engine.solve import solve
from routing.explain import UnknownVisit, why_here, why_not
from routing.plan import Plan, Reason
from routing.problem import Problem
from routing.stop import IterationLimit
from tests.routing.builders import HOUR, a_problem, a_shift, a_technician, a_visit


def solved(problem: Problem) -> Plan:
    return solve(problem, seed=1, stop=IterationLimit(30))


def change_of(problem: Problem) -> tuple[str, dict[str, str | int]]:
    plan = solved(problem)
    why = why_not(problem, plan=plan, visit=plan.unassigned[0].visit)
    assert why.change is not None
    return why.change.kind, dict(why.change.as_details())


def test_a_missing_skill_is_named_and_would_let_the_visit_in() -> None:
    problem = a_problem(a_visit(skills={"gas": 2}), technicians=[a_technician(skills={"gas": 1})])

    kind, details = change_of(problem)

    assert kind == ChangeKind.ADD_SKILL
    assert (details["change_skill"], details["change_level"], details["change_cost"]) == ("gas", 2, 1200)
    assert dict(solved(problem).unassigned[0].details)["has"] == 1


def test_a_later_end_of_the_shift_is_proposed_to_the_second() -> None:
    shift = a_shift(9 * HOUR, 10 * HOUR)

    kind, details = change_of(a_problem(a_visit(), technicians=[a_technician(shifts=(shift,))]))

    assert (kind, details["change_seconds"]) == (ChangeKind.LENGTHEN_SHIFT, 1200)


def test_another_time_is_proposed_where_the_window_is_what_keeps_the_visit_out() -> None:
    kind, details = change_of(a_problem(a_visit(windows=[(3 * HOUR, 4 * HOUR)])))

    assert (kind, details["change_start"]) == (ChangeKind.WIDEN_WINDOW, 8 * HOUR + 600)


def test_the_visit_that_would_be_displaced_is_named_with_what_it_costs() -> None:
    window = [(9 * HOUR, 9 * HOUR)]
    dear, cheap = a_visit("dear", windows=window), a_visit("cheap", windows=window, drop_cost=19_000)
    problem = a_problem(
        replace(dear, pinned_start=None), cheap, technicians=[a_technician(shifts=(a_shift(8 * HOUR, 11 * HOUR),))]
    )

    plan = solved(problem)
    why = why_not(problem, plan=plan, visit="cheap")

    assert why.reason == Reason.CAPACITY
    assert why.change is not None
    changes = dict(why.change.as_details())
    assert changes["change"] in (ChangeKind.WIDEN_WINDOW, ChangeKind.DISPLACE)


def test_the_reason_is_the_rule_of_the_candidate_that_came_nearest() -> None:
    people = [a_technician("ann"), a_technician("bob", skills={"gas": 1}, shifts=(a_shift(9 * HOUR, 9 * HOUR + 600),))]

    (left_out,) = solved(a_problem(a_visit(skills={"gas": 1}), technicians=people)).unassigned

    assert (left_out.reason, dict(left_out.details)["technician"]) == (Reason.TOO_LONG, "bob")


def test_a_served_visit_is_compared_with_every_technician() -> None:
    people = [a_technician("ann", home=0), a_technician("bob", home=5), a_technician("cid", shifts=())]
    problem = a_problem(a_visit(at=1, excluded=("dan",)), technicians=[*people, a_technician("dan")])

    why = why_here(problem, plan=solved(problem), visit="v1")

    assert (why.technician, why.marginal_cost) == ("ann", 1200)
    told = {c.technician: (c.rule, c.extra_cost) for c in why.alternatives}
    assert told == {"ann": (None, 1200), "bob": (None, 4800), "dan": (Reason.EXCLUDED, None)}
    assert [c.technician for c in why.alternatives] == ["ann", "bob", "dan"]


def test_a_question_about_the_wrong_visit_is_refused() -> None:
    problem = a_problem(a_visit("served"), a_visit("left", windows=[]))
    plan = solved(problem)

    with pytest.raises(UnknownVisit):
        why_here(problem, plan=plan, visit="left")
    with pytest.raises(UnknownVisit):
        why_not(problem, plan=plan, visit="served")
