"""Web, worker and PostgreSQL are killed again and again while a day is played, and it still balances."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.rehearsal.rehearsing import Order, rehearsal
from tests.rehearsals import DAY

VICTIMS = {"worker": b"server\0worker", "web": b"gunicorn", "PostgreSQL": b"bin/postgres"}
_BETWEEN_SECONDS = 6.0
_ROUNDS = 3


@pytest.mark.slow
def test_a_day_on_which_every_process_is_killed_three_times_balances() -> None:
    told: list[str] = []
    with (
        killing(told) as killed,
        rehearsal(Order(tickets=None, day=DAY, count=20, seed=5), say=told.append) as (_, balance),
    ):
        assert {each.name: each.named for each in balance.violations if each.count} == {}
        assert balance.adds_up

    # A quick machine may be done before the last round; once each is the least that shows anything.
    assert set(killed) == set(VICTIMS)


@contextmanager
def killing(told: list[str]) -> Iterator[Counter[str]]:
    """Kill the processes of the rehearsal, one after another, until its days are over."""
    over, killed = threading.Event(), Counter[str]()

    def kill() -> None:
        for victim in [*VICTIMS] * _ROUNDS:
            if over.wait(_BETWEEN_SECONDS) or any("the days are over" in text for text in told):
                return
            folder = next((text.rsplit(" ", 1)[-1] for text in told if "it plays in" in text), None)
            if folder is not None and (pid := child_of_keeper(folder, VICTIMS[victim])) is not None:
                os.kill(pid, signal.SIGKILL)
                killed[victim] += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def child_of_keeper(folder: str, words: bytes) -> int | None:
    """Return the child of the rehearsal's keeper whose command line has these words."""
    lines = list(running())
    keepers = {pid for pid, line in lines if b"server.rehearsal.keeper" in line and folder.encode() in line}
    return next((pid for pid, line in lines if words in line and parent_of(pid) in keepers), None)


def running() -> Iterator[tuple[int, bytes]]:
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                yield int(each.name), (each / "cmdline").read_bytes()
            except OSError:
                continue


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0
