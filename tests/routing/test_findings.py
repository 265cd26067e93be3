"""Wrong input is named before it is solved."""

from dataclasses import replace
from datetime import datetime

import pytest

from routing.engine.solve import solve
from routing.findings import InvalidProblem
from routing.problem import Location, Problem, Shift, TimeWindow
from routing.stop import IterationLimit
from routing.travel import from_matrix
from routing.weights import Weights
from tests.routing.builders import HOUR, a_problem, a_shift, a_technician, a_visit, lunch

GOOD = a_problem(a_visit())

ERRORS: dict[str, Problem] = {
    "duplicate_id": a_problem(a_visit("v1"), a_visit("v1")),
    "unknown_location": a_problem(a_visit(at=6)),
    "negative_time": a_problem(a_visit(duration=-1)),
    "negative_cost": a_problem(a_visit(drop_cost=-1)),
    "too_large": a_problem(a_visit(drop_cost=10**13)),
    "negative_level": a_problem(a_visit(skills={"gas": -1})),
    "negative_count": a_problem(technicians=[a_technician(shifts=(a_shift(max_visits=-1),))]),
    "ends_before_start": a_problem(a_visit(windows=[(5, 4)])),
    "windows_not_sorted": a_problem(a_visit(windows=[(5, 9), (9, 12)])),
    "matrix_shape": replace(GOOD, travel=from_matrix([[0, 1], [1, 0]])),
    "bad_coordinates": replace(GOOD, locations=(*GOOD.locations[:5], Location("x", 91.0, 0.0))),
    "naive_origin": replace(GOOD, origin=datetime(2026, 1, 1)),  # noqa: DTZ001 - the mistake that is looked for
}

WARNINGS: dict[str, Problem] = {
    "no_technician": a_problem(a_visit(), technicians=[]),
    "no_shift": a_problem(technicians=[a_technician(shifts=())]),
    "zero_duration": a_problem(a_visit(duration=0)),
    "no_window": a_problem(a_visit(windows=[])),
    "skill_nobody_has": a_problem(a_visit(skills={"gas": 1})),
    "window_outside_every_shift": a_problem(a_visit(windows=[(17 * HOUR, 19 * HOUR)])),
    "unknown_technician": a_problem(a_visit(excluded=("eve",))),
    "pin_outside_windows": a_problem(a_visit(pinned_start=9 * HOUR, windows=[(10 * HOUR, 11 * HOUR)])),
    "break_outside_shift": a_problem(
        technicians=[a_technician(shifts=(a_shift(breaks=(lunch(16 * HOUR + 1, 17 * HOUR),)),))]
    ),
}


def test_a_good_problem_has_no_finding() -> None:
    assert GOOD.findings() == ()


@pytest.mark.parametrize("code", ERRORS)
def test_a_contradiction_is_an_error_and_is_not_solved(code: str) -> None:
    assert (code, "error") in {(f.code, f.severity) for f in ERRORS[code].findings()}

    with pytest.raises(InvalidProblem) as refused:
        solve(ERRORS[code], seed=1, stop=IterationLimit(1))

    assert code in {f.code for f in refused.value.findings}


@pytest.mark.parametrize("code", WARNINGS)
def test_work_that_will_be_left_out_is_a_warning_and_is_solved(code: str) -> None:
    assert (code, "warning") in {(f.code, f.severity) for f in WARNINGS[code].findings()}

    solve(WARNINGS[code], seed=1, stop=IterationLimit(1))


@pytest.mark.parametrize(
    ("problem", "place"),
    [
        (a_problem(a_visit("a"), a_visit("b", at=-1)), "visits[1].location"),
        (a_problem(technicians=[a_technician(home=9, end=0)]), "technicians[0].start"),
        (
            a_problem(technicians=[a_technician(shifts=(Shift(5, 9, start_location=7),))]),
            "technicians[0].shifts[0].start_location",
        ),
        (a_problem(travel=from_matrix([[0, -1], [1, 0]])), "travel"),
        (replace(GOOD, weights=Weights(travel=-1)), "weights.travel"),
        (replace(GOOD, horizon=-1), "horizon"),
        (a_problem(replace(a_visit(), windows=(TimeWindow(-1, 5),))), "visits[0].windows[0].start"),
    ],
)
def test_the_place_of_a_finding_is_a_path(problem: Problem, place: str) -> None:
    assert place in {f.place for f in problem.findings()}


def test_errors_come_before_warnings() -> None:
    found = a_problem(a_visit("z", duration=0), a_visit("z", at=7)).findings()

    assert [f.severity for f in found] == sorted((f.severity for f in found), key=lambda s: s != "error")


def test_a_ragged_matrix_does_not_pass_for_a_square_one() -> None:
    assert not from_matrix([[0, 1], [1]]).is_square()
    assert not from_matrix([[0], [1]]).is_square()
