"""The commands solve, check and explain files, and say in their exit code how it went."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from routing.__main__ import main
from routing.files import read_plan, read_problem, write_problem
from tests.routing.builders import a_problem, a_visit


@pytest.fixture
def problem_file(tmp_path: Path) -> Path:
    write_problem(a_problem(a_visit("served"), a_visit("left", skills={"gas": 1})), path=tmp_path / "p.json.gz")
    return tmp_path / "p.json.gz"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[dict[str, object]]]:
    code = main([str(a) for a in arguments])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_is_solved_checked_and_explained(problem_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = problem_file.with_name("plan.json")

    solved = run(capsys, "solve", problem_file, "--iterations", 20, "--out", out)
    checked = run(capsys, "check", problem_file, out)
    explained = run(capsys, "explain", problem_file, out)
    here = run(capsys, "explain", problem_file, out, "--visit", "served")

    assert (solved[0], solved[1][0]["cost"], solved[1][0]["unserved"]) == (0, 21_200, 1)
    assert (checked[0], checked[1][0]["violations"]) == (0, [])
    assert [(e["visit"], e["reason"], e["change"]) for e in explained[1]] == [("left", "no_skill", "add_skill")]
    assert here[1][0]["marginal_cost"] == 1200


def test_a_wrong_plan_is_an_exit_code_of_one(problem_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = problem_file.with_name("plan.json")
    run(capsys, "solve", problem_file, "--iterations", 5, "--out", out)
    out.write_text(out.read_text().replace('"leave":', '"leave":-'))

    assert run(capsys, "check", problem_file, out)[0] == 1
    assert run(capsys, "explain", problem_file, out)[0] == 1


def test_a_file_that_is_none_is_an_exit_code_of_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text("{}")

    assert run(capsys, "solve", tmp_path / "bad.json")[0] == 2
    assert run(capsys, "solve", tmp_path / "none.json")[0] == 2


def test_a_contradicting_problem_is_an_exit_code_of_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_problem(a_problem(a_visit(at=77)), path=tmp_path / "p.json")

    assert run(capsys, "solve", tmp_path / "p.json")[0] == 1


@pytest.mark.parametrize("module", ["routing.explain", "routing.repair", "routing.slots"])
def test_what_is_asked_where_pages_are_made_loads_neither_solver_nor_compiler(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(m.split('.')[0] in ('ortools', 'numba') for m in sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert done.returncode == 0


def test_a_plan_made_in_a_process_of_its_own_is_the_same(problem_file: Path) -> None:
    plans = []
    for name in ("one.json", "two.json"):
        out = problem_file.with_name(name)
        command = [sys.executable, "-m", "routing", "solve", str(problem_file), "--iterations", "30", "--out", str(out)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        plans.append(read_plan(out))

    assert plans[0] == plans[1]


@pytest.mark.parametrize("limits", [("--iterations", 10**9, "--seconds", 0), ("--iterations", 0, "--seconds", 600)])
def test_of_two_limits_the_first_one_counts(
    problem_file: Path, capsys: pytest.CaptureFixture[str], limits: tuple[object, ...]
) -> None:
    code, said = run(capsys, "solve", problem_file, *limits)

    assert (code, said[0]["problem"]) == (0, read_problem(problem_file).name)
