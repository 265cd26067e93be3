"""Tests whose needs are not met are told of, and do not count as passed where it matters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
TESTS = """
import pytest
@pytest.mark.shared
def test_tickets(): pass
@pytest.mark.soak
def test_for_hours(): pass
def test_plain(): pass
"""


def run(folder: Path, *arguments: str, ci: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_some.py").write_text(TESTS)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRUCKROLL_", "PYTEST_"))}
    settings = ("-q", "-p", "tests.conftest", "-c", str(CHECKOUT / "pyproject.toml"))
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, *arguments, str(folder / "test_some.py")],
        cwd=CHECKOUT,
        env=environment | {"CI": ci, "TRUCKROLL_SHARED": str(folder / "absent")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "in parallel"])
def test_a_test_left_out_is_told_with_its_remedy(tmp_path: Path, workers: tuple[str, ...]):
    done = run(tmp_path, *workers, ci="")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 x shared: needs the shared folder - set TRUCKROLL_SHARED to that folder" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_under_ci_a_test_left_out_is_a_failure(tmp_path: Path):
    done = run(tmp_path, ci="true")

    assert done.returncode == 1
    assert "test_tickets was skipped, which CI does not allow: Skipped: needs the shared folder" in done.stdout
    assert "1 passed" in done.stdout


def test_a_soak_runs_only_when_asked_for(tmp_path: Path):
    done = run(tmp_path, "-m", "soak", ci="")

    assert "1 passed" in done.stdout
