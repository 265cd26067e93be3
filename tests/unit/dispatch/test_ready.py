"""When the solver process is ready to be asked: at once, or after it has compiled the search."""

import json
import queue

import pytest

from server.dispatch import engine
from server.dispatch.engine import Cancelled, SolverFailed, Watch

Told = list[dict[str, object] | None]


def ear_of(*said: dict[str, object], told: Told, wanted: bool = True) -> engine._Ear:
    lines: queue.Queue[bytes | None] = queue.Queue()
    for each in said:
        lines.put(json.dumps(each).encode())

    def report(progress: dict[str, object] | None) -> bool:
        told.append(progress)
        return wanted

    return engine._Ear(lines, Watch(report), look=60.0)


def test_a_process_that_is_loaded_is_ready() -> None:
    told: Told = []

    ear_of({"ready": True}, told=told).hear_ready(within=1.0, compiling=0.0)

    assert told == []


def test_a_process_that_compiles_first_says_so_and_is_given_longer() -> None:
    told: Told = []

    ear_of({"compiling": True}, {"ready": True}, told=told).hear_ready(within=1.0, compiling=1.0)

    assert told == [{"compiling": True}]


@pytest.mark.parametrize("said", [(), ({"compiling": True},)])
def test_a_process_that_never_gets_ready_is_given_up(said: tuple[dict[str, object], ...]) -> None:
    with pytest.raises(SolverFailed) as failed:
        ear_of(*said, told=[]).hear_ready(within=0.01, compiling=0.01)

    assert failed.value.code == "timed_out"


def test_nobody_waits_for_a_compilation_that_is_not_wanted_any_more() -> None:
    with pytest.raises(Cancelled):
        ear_of({"compiling": True}, {"ready": True}, told=[], wanted=False).hear_ready(within=1.0, compiling=1.0)
