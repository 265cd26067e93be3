"""What proves a bound is checked from the rules alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from routing import proof
from routing.certificate import Case, Certificate, CutPrice
from routing.check import check
from routing.engine import solve as search
from routing.files import read_plan, write_plan
from routing.plan import Plan
from routing.problem import Problem
from routing.proof import FEW
from routing.stop import IterationLimit
from routing.violation import Violation
from tests.routing.builders import HOUR, a_plan, a_problem, a_route, a_shift, a_stop, a_technician, a_visit, lunch
from tests.routing.test_random_problems import a_random_problem
from tests.routing.test_stop_and_progress import a_town

SERVED = a_problem(a_visit("v1"))
"""One visit, 20 minutes of driving, worth 20,000."""


def a_case(**other: Any) -> Case:
    """Prove that the one visit costs 1,200 at the least: its price is all that it is worth, less that."""
    usual: dict[str, Any] = {
        "fewest": 0,
        "most": 1,
        "bound": 1_200,
        "extra": 0,
        "served": 0.0,
        "visits": (18_800.0,),
        "cars": (0.0,),
        "cuts": (),
        "least": (0.0,),
    }
    return Case(**usual | other)


def proven(*cases: Case) -> Plan:
    plan = a_plan(a_route(a_stop("v1", start=9 * HOUR)), bound=1_200)
    return replace(plan, certificate=Certificate(cases))


def codes(plan: Plan, problem: Problem = SERVED) -> list[str]:
    return [violation.code for violation in check(problem, plan=plan)]


def test_prices_that_add_up_prove_a_bound() -> None:
    assert codes(proven(a_case())) == []


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (proven(a_case(bound=1_199)), "bound_not_proven"),
        (proven(a_case(visits=(18_801.0,))), "prices_do_not_add_up"),
        (proven(a_case(visits=(18_799.0,), bound=1_200, least=(0.0,))), "route_cheaper_than_priced"),
        (proven(a_case(visits=(18_799.0,), bound=1_200, least=(-1.0,))), None),
        (proven(a_case(visits=(-1.0,))), "price_of_the_wrong_sign"),
        (proven(a_case(least=(1.0,))), "price_of_the_wrong_sign"),
        (proven(a_case(visits=(float("nan"),))), "price_not_a_number"),
        (proven(a_case(visits=(1.0, 2.0))), "other_problem"),
        (proven(a_case(cuts=(CutPrice((0, 0, 0), (), 1.0),))), "no_cut"),
        (proven(a_case(fewest=1)), "case_missing"),
        (proven(a_case(most=0)), "case_missing"),
        (proven(), "case_missing"),
        (proven(a_case(most=0), a_case(fewest=1, bound=900)), "bound_not_proven"),
        (proven(a_case(extra=5_000, visits=(23_800.0,), most=0), a_case(fewest=1)), None),
    ],
)
def test_each_way_to_claim_too_much_is_named(plan: Plan, code: str | None) -> None:
    assert codes(plan) == ([] if code is None else [code]) or code in codes(plan)
    assert bool(codes(plan)) is (code is not None)


def test_a_cut_is_crossed_by_every_second_of_its_visits_until_it_is_forgotten() -> None:
    visits = [a_visit(f"v{i}", at=1, duration=60, drop_cost=1_000) for i in range(4)]
    problem = a_problem(*visits)
    free = {"visits": (0.0,) * 4, "cars": (0.0,), "fewest": 0, "most": 4, "bound": 0}
    # Serving all four costs 1,200 and saves 4,000; with the cut remembered everywhere it is crossed once.
    everywhere = CutPrice((0, 1, 2), (0, 1, 2, 3), 500.0)
    plan = search.solve(problem, seed=1, stop=IterationLimit(300))

    def claims(cut: CutPrice, least: float) -> list[str]:
        case = a_case(**free, cuts=(cut,), least=(least,))
        return [v.code for v in check(problem, plan=replace(plan, bound=0, certificate=Certificate((case,))))]

    assert claims(everywhere, -2_300.0) == []
    assert claims(everywhere, -2_299.0) == ["route_cheaper_than_priced"]
    # Forgotten at the fourth, it is escaped by going there in between: 0, 3, 1 crosses nothing, and 2 makes it once.
    nowhere = CutPrice((0, 1, 2), (), 500.0)
    assert claims(nowhere, -2_300.0) == []


def test_breaks_count_when_a_shift_is_priced_again() -> None:
    people = [a_technician(shifts=(a_shift(8 * HOUR, 10 * HOUR + 1_200, breaks=(lunch(8 * HOUR, 9 * HOUR),)),))]
    both = [a_visit("v1", duration=HOUR), a_visit("v2", duration=HOUR)]
    problem = a_problem(*both, technicians=people)
    plan = search.solve(problem, seed=1, stop=IterationLimit(300))
    # The break leaves time for one of them only: nobody can do both, so that no route gains more than one.
    case = a_case(most=2, visits=(0.0, 0.0), bound=0, least=(-18_800.0,))

    assert check(problem, plan=replace(plan, bound=0, certificate=Certificate((case,)))) == ()
    without = replace(problem, technicians=(a_technician(shifts=(a_shift(8 * HOUR, 10 * HOUR + 1_200),)),))
    plan = search.solve(without, seed=1, stop=IterationLimit(300))
    found = check(without, plan=replace(plan, bound=0, certificate=Certificate((case,))))
    assert [violation.code for violation in found] == ["route_cheaper_than_priced"]


@pytest.mark.parametrize("seed", range(200, 260))
def test_what_the_search_proves_is_borne_out_by_the_rules(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = a_random_problem(seed, visits=FEW, technicians=3)
    if any(finding.severity == "error" for finding in problem.findings()):
        return
    against: list[Violation] = []

    def proof_violations(problem: Problem, plan: Plan) -> list[Violation]:
        against.extend(proof.proof_violations(problem, plan))
        return against

    monkeypatch.setattr(search, "proof_violations", proof_violations)
    plan = search.solve(problem, seed=1, stop=IterationLimit(2_000))

    assert against == []
    assert (plan.bound is None) is (plan.certificate is None)
    assert check(problem, plan=plan) == ()


def test_a_bound_that_the_rules_do_not_bear_out_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "proof_violations", lambda *_: [Violation("prices_do_not_add_up", "certificate")])

    plan = search.solve(a_town(visits=24, technicians=3), seed=1, stop=IterationLimit(3_000))

    assert (plan.bound, plan.certificate) == (None, None)


def test_a_proof_goes_through_a_file_and_still_passes(tmp_path: Path) -> None:
    problem = a_town(visits=24, technicians=3)
    plan = search.solve(problem, seed=1, stop=IterationLimit(3_000))

    write_plan(plan, path=tmp_path / "plan.json")

    assert plan.certificate is not None
    assert read_plan(tmp_path / "plan.json") == plan
    assert check(problem, plan=read_plan(tmp_path / "plan.json")) == ()
