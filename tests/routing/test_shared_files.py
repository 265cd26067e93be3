"""The measured files: quickly solved, and the referee of the bench agrees with every number."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from routing.check import check
from routing.costs import costs_of
from routing.engine.solve import solve
from routing.files import read_problem, write_plan
from routing.stop import TimeLimit
from tests.needs import shared_folder

pytestmark = pytest.mark.shared


def bench() -> Path:
    folder = shared_folder()
    assert folder is not None
    return folder / "bench"


def referee() -> ModuleType:
    spec = importlib.util.spec_from_file_location("referee", bench() / "referee.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# What plain OR-Tools reached in 30 s on the first; on the second a generous limit for three seconds.
@pytest.mark.parametrize(("name", "at_most"), [("core-50x7-1", 125_000), ("rich-150x9-1", 450_000)])
def test_three_seconds_give_a_plan_the_referee_accepts_at_the_cost_we_say(
    name: str, at_most: int, tmp_path: Path
) -> None:
    file = bench() / "instances" / f"{name}.json.gz"
    problem = read_problem(file)

    plan = solve(problem, seed=1, stop=TimeLimit(3))

    write_plan(plan, path=tmp_path / "plan.json")
    judged = referee().judge(referee().load(file), json.loads((tmp_path / "plan.json").read_text()))
    assert check(problem, plan=plan) == ()
    assert judged["violations"] == []
    assert judged["cost"] == costs_of(problem, plan=plan).total
    assert judged["cost"] <= at_most


@pytest.mark.parametrize("name", ["core-200x28-1", "rich-150x9-2"])
def test_travel_times_are_the_referee_s_to_the_second(name: str) -> None:
    file = bench() / "instances" / f"{name}.json.gz"

    assert read_problem(file).travel.matrix.tolist() == referee().durations(referee().load(file))


def test_every_measured_file_is_free_of_errors() -> None:
    for file in sorted((bench() / "instances").glob("*.json.gz")):
        assert [f for f in read_problem(file).findings() if f.severity == "error"] == []
