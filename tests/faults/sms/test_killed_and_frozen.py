"""Faults 11 to 13 in short: sending processes are killed and frozen while the provider's replies get lost."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import func, select

from server.core import policies
from server.core.clock import SystemClock
from server.core.db import Database
from server.core.policies import BEGINNING, Policy
from server.sms import notices
from server.sms.models import OutboxMessage
from server.sms.status import MessageStatus
from server.sms.terms import MessageTerms
from tests.databases import MadeDatabase
from tests.integration.sms import builders
from tests.integration.sms.provider import Listener, Provider, listening, providing

ROOT = Path(__file__).parents[3]
AT_MOST_SECONDS = 120
TERMS = MessageTerms(reconcile_after=timedelta(seconds=1), first_back_off=timedelta(seconds=1))
"""Every waiting time is a setting: these run in a fraction of their real length."""

OPEN = (MessageStatus.WAITING, MessageStatus.SENDING)


class Workers:
    """Sending processes, started, killed and frozen at will."""

    def __init__(self, *arguments: str, freezing: float = 0.0) -> None:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sms.nursery", *arguments, str(freezing)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._commands, self._answers = self._nursery.stdin, self._nursery.stdout
        self.alive: list[int] = []

    def start(self, seed: int) -> int:
        self._commands.write(f"{seed}\n")
        self._commands.flush()
        self.alive.append(int(self._answers.readline()))
        return self.alive[-1]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.alive.remove(pid)

    def __enter__(self) -> Self:
        if self._answers.readline() != "ready\n":
            self.__exit__()
            pytest.fail("the processes could not be started")
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self.alive):
            self.kill(pid)
        self._commands.close()
        self._answers.close()
        self._nursery.wait(10)


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    owner = Database(committing_database.owner_url, pool_size=1)
    with owner.transaction() as session:
        row = session.scalars(select(Policy).where(Policy.name == "messages", Policy.valid_from == BEGINNING)).one()
        row.values = policies.write(TERMS)
    owner.dispose()
    database = Database(committing_database.url, pool_size=4)
    yield database
    database.dispose()


@contextmanager
def noticing(database: Database, listener: Listener) -> Iterator[None]:
    """Do with notices what the web hook does, while the test goes on."""
    stopping, seen = threading.Event(), 0

    def take() -> None:
        nonlocal seen
        while not stopping.is_set():
            with listener.arrived:
                listener.arrived.wait(0.1)
                fresh, seen = listener.got[seen:], len(listener.got)
            for path, form, _ in fresh:
                told = partial(
                    notices.take_notice,
                    message_id=int(path.rsplit("/", 1)[1]),
                    provider_id=form["MessageSid"],
                    state=form["MessageStatus"],
                    failure=None,
                    now=SystemClock().read(),
                )
                database.attempt(told, races=notices.RACES)

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(10)


def queue_all(database: Database, *, messages: int) -> Counter[tuple[str, str]]:
    """Queue the messages; some are alike to the letter. Return how often each text must arrive at each number."""
    expected: Counter[tuple[str, str]] = Counter()
    now = SystemClock().read()
    for number in range(messages):
        code = "000000" if number % 6 == 0 else f"{number:06d}"
        to = builders.phone(number % 6)
        with database.transaction() as session:
            builders.queue(session, to=to, parameters={"code": code, "minutes": 10}, now=now)
        text = f"Acme: your login code is {code}. It is valid for 10 minutes. Never tell it to anybody."
        expected[to, text] += 1
    return expected


def arrived(provider: Provider) -> Counter[tuple[str, str]]:
    return Counter((message.phone, message.body) for message in provider.line.store.after(0, most=10_000))


def wait_until_settled(database: Database) -> None:
    until = time.monotonic() + AT_MOST_SECONDS
    while not is_settled(database):
        assert time.monotonic() < until, "messages are still open"
        time.sleep(0.1)


def is_settled(database: Database) -> bool:
    query = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.status.in_(OPEN))
    with database.transaction() as session:
        return session.scalar(query) == 0


def thaw_until_settled(database: Database, workers: Workers, *, frozen_for: float) -> int:
    """Let every process that has frozen go on after so many seconds, until nothing is open; return how many did.

    That is longer than a message of unknown fate waits before it is looked up, so that others would take it over.
    """
    since: dict[int, float] = {}
    thaws, until = 0, time.monotonic() + AT_MOST_SECONDS
    while not is_settled(database) or since:
        assert time.monotonic() < until, "messages are still open"
        now = time.monotonic()
        for pid in workers.alive:
            if is_frozen(pid):
                since.setdefault(pid, now)
        for pid in [pid for pid, at in since.items() if now - at >= frozen_for]:
            del since[pid]
            os.kill(pid, signal.SIGCONT)
            thaws += 1
        time.sleep(0.05)
    return thaws


def is_frozen(pid: int) -> bool:
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "messages", "kills", "lost_notices"),
    [
        pytest.param(1, 60, 10, 0.5, id="seed 1, half the notices"),
        pytest.param(2, 60, 10, 1.0, id="seed 2, no notices"),
        *(pytest.param(seed, 600, 60, 0.5, id=f"long, seed {seed}", marks=pytest.mark.soak) for seed in (11, 12, 13)),
    ],
)
def test_sending_processes_may_be_killed_at_any_moment(
    database: Database,
    committing_database: MadeDatabase,
    tmp_path: Path,
    seed: int,
    messages: int,
    kills: int,
    lost_notices: float,
) -> None:
    generator = random.Random(seed)
    expected = queue_all(database, messages=messages)

    with (
        listening() as listener,
        noticing(database, listener),
        providing(tmp_path, listener.url) as provider,
        Workers(committing_database.url, provider.url, listener.url) as workers,
    ):
        provider.fail(
            lost_replies=0.08, errors_after_accept=0.07, reply_delay=0.05, lost_notices=lost_notices, seed=seed
        )
        for number in range(3):
            workers.start(seed * 1000 + number)
        for number in range(kills):
            time.sleep(generator.uniform(0.05, 0.35))
            workers.kill(generator.choice(workers.alive))
            workers.start(seed * 2000 + number)
        wait_until_settled(database)

        assert arrived(provider) == expected, (
            f"lost {expected - arrived(provider)}, double {arrived(provider) - expected}"
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "messages", "stops"),
    [
        pytest.param(3, 60, 4, id="seed 3"),
        *(pytest.param(seed, 600, 25, id=f"long, seed {seed}", marks=pytest.mark.soak) for seed in (14, 15, 16)),
    ],
)
def test_sending_processes_may_be_frozen_past_every_wait(
    database: Database, committing_database: MadeDatabase, tmp_path: Path, seed: int, messages: int, stops: int
) -> None:
    expected = queue_all(database, messages=messages)

    with (
        listening() as listener,
        noticing(database, listener),
        providing(tmp_path, listener.url) as provider,
        Workers(committing_database.url, provider.url, listener.url, freezing=0.15) as workers,
    ):
        provider.fail(lost_replies=0.08, errors_after_accept=0.07, reply_delay=0.05, lost_notices=1.0, seed=seed)
        for number in range(3):
            workers.start(seed * 1000 + number)
        thaws = thaw_until_settled(database, workers, frozen_for=TERMS.reconcile_after.total_seconds() * 1.6)
        assert thaws >= stops, "too few processes froze to show anything"

        assert arrived(provider) == expected, (
            f"lost {expected - arrived(provider)}, double {arrived(provider) - expected}"
        )
