"""What a plan costs, part by part, and how long ways take."""

import pytest

from routing.costs import costs_of
from routing.travel import CrowModel, crow, from_matrix, great_circle_km
from routing.weights import Weights
from tests.routing.builders import HOUR, a_plan, a_problem, a_route, a_stop, a_visit


@pytest.mark.parametrize(
    ("due", "cost"), [(None, 0), (9 * HOUR, 0), (9 * HOUR - 1, 2), (8 * HOUR, 3601), (8 * HOUR - 1, 3603)]
)
def test_lateness_counts_from_the_second_after_due_and_is_rounded_up(due: int | None, cost: int) -> None:
    problem = a_problem(a_visit(due=due, late_cost_per_hour=3601))

    assert costs_of(problem, plan=a_plan(a_route(a_stop()))).lateness == cost


@pytest.mark.parametrize(
    ("wished", "cost"),
    [((), 0), (("ann",), 0), (("x", "ann"), 300), (("x", "y", "z", "p", "q", "ann"), 1200), (("x",), 1200)],
)
def test_a_wish_costs_by_its_rank_and_never_more_than_a_stranger(wished: tuple[str, ...], cost: int) -> None:
    problem = a_problem(a_visit(preferred=wished))

    assert costs_of(problem, plan=a_plan(a_route(a_stop()))).wishes == cost


def test_travel_is_weighted_and_what_is_left_out_costs_its_drop_cost() -> None:
    problem = a_problem(a_visit("v1"), a_visit("v2", drop_cost=70), weights=Weights(travel=3))

    costs = costs_of(problem, plan=a_plan(a_route(a_stop("v1")), out=["v2"]))

    assert (costs.travel, costs.travel_seconds, costs.dropped, costs.total) == (3600, 1200, 70, 3670)
    assert (costs.served, costs.unserved) == (1, 1)


def test_a_quarter_of_the_equator_is_known() -> None:
    assert great_circle_km([0, 0], [0, 90])[0, 1] == pytest.approx(10_007.557, abs=0.001)


def test_places_on_opposite_sides_of_the_earth_have_a_distance() -> None:
    assert great_circle_km([0, 0], [0, 180])[0, 1] == pytest.approx(20_015.115, abs=0.001)


def test_two_jobs_at_one_spot_still_cost_the_fixed_seconds_and_no_place_is_away_from_itself() -> None:
    travel = crow([(31.0, 121.0), (31.0, 121.0)], model=CrowModel(1.3, 30, 90))

    assert travel.matrix.tolist() == [[0, 90], [90, 0]]


@pytest.mark.parametrize("model", [CrowModel(1.3, 0, 0), CrowModel(float("nan"), 30, 0)])
def test_a_model_that_cannot_be_is_refused(model: CrowModel) -> None:
    with pytest.raises(ValueError, match="finite"):
        crow([(0, 0)], model=model)


def test_a_hole_in_the_matrix_is_no_way() -> None:
    travel = from_matrix([[0, None], [7, 0]])

    assert (travel.seconds(0, to=1), travel.seconds(1, to=0)) == (None, 7)


def test_the_matrix_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        from_matrix([[0]]).matrix[0, 0] = 5
