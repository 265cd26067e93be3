"""The kernels are compiled once: by `warm`, and for one signature each."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from routing.engine import compiled
from routing.engine.compiled import jit
from routing.engine.solve import solve
from routing.engine.warm import warm
from routing.stop import IterationLimit
from tests.routing.test_stop_and_progress import a_town

pytestmark = pytest.mark.skipif(not jit.AVAILABLE, reason="without numba nothing is compiled")


def signatures() -> dict[str, int]:
    """How often each kernel was compiled or loaded."""
    found = {}
    for module in pkgutil.iter_modules(compiled.__path__):
        for name, value in vars(importlib.import_module(f"{compiled.__name__}.{module.name}")).items():
            if hasattr(value, "nopython_signatures"):
                found[name] = len(value.nopython_signatures)
    return found


def test_after_warming_a_search_compiles_nothing_more() -> None:
    assert warm()
    before = signatures()
    assert sum(before.values()) > 20

    solve(a_town(visits=30, technicians=4), seed=2, stop=IterationLimit(2_000))

    assert signatures() == before


ASKED = """
import importlib, pkgutil
import routing.engine as engine
from routing.engine.warm import warm

warm()
for module in pkgutil.iter_modules(engine.__path__):
    if not module.ispkg:
        for name, value in vars(importlib.import_module(f"routing.engine.{module.name}")).items():
            if hasattr(value, "nopython_signatures") and not value.nopython_signatures:
                print(name)
"""


def test_warming_calls_every_kernel_that_a_search_can_call() -> None:
    root = Path(compiled.__path__[0]).parents[2]
    asked = subprocess.run([sys.executable, "-c", ASKED], cwd=root, capture_output=True, text=True, check=True)

    assert asked.stdout.split() == []


def test_no_kernel_is_compiled_once_more_for_a_constant_or_the_width_of_an_integer() -> None:
    assert warm()

    assert {name: count for name, count in signatures().items() if count > 1} == {}


def test_what_was_compiled_is_noted_for_the_next_process() -> None:
    assert warm()

    assert jit.is_kept()


def test_another_state_of_the_kernels_has_a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    assert not jit.is_kept()
    jit.kept()
    assert jit.is_kept()
    assert [folder.parent for folder in tmp_path.iterdir()] == [tmp_path]
