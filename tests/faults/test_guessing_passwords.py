"""Faults 46 and 47: whoever guesses passwords learns nothing, is slowed down, and starves nobody."""

import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from argon2 import extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, func, select, update
from sqlalchemy.orm import Session

from server.core.db import Database
from server.organisation import attempts, passwords
from server.organisation.models import LoginAttempt, Staff
from server.web import context
from tests.api import world
from tests.api.world import PASSWORD, Company
from tests.builders.clocks import StillClock
from tests.faults.houses import LOGIN, House, house
from tests.faults.houses import PASSWORD as DESK_PASSWORD

TOKENS = "/api/v1/tokens"
GUESSES = {"known": "dispatcher", "unknown": "nobody", "closed": "auditor"}
"""Whose password is guessed: somebody's, nobody's, and somebody's who has left."""


@pytest.fixture
def somebody_has_left(company: Company, session: Session) -> None:
    session.execute(update(Staff).where(Staff.login == GUESSES["closed"]).values(disabled_at=world.NOW))
    session.commit()


def guess(client: FlaskClient, login: str, *, number: int = 0, password: str = "wrong horse battery") -> Any:
    """Try a password from an address of its own."""
    body = {"login": login, "password": password, "label": "tests"}
    return client.post(TOKENS, json=body, environ_base={"REMOTE_ADDR": f"10.0.{number // 250}.{number % 250}"})


@dataclass(frozen=True, slots=True)
class Effort:
    """What the product did for a guess."""

    hashes: tuple[tuple[int, int, int, int, int], ...]
    """Of each: passes, KiB, lanes, length of the salt and of the hash."""
    statements: tuple[str, ...]


class Observer:
    """Notes every hash that is compared and every statement."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, connection: Connection) -> None:
        self._hashes: list[tuple[int, int, int, int, int]] = []
        self._statements: list[str] = []
        fits = passwords.fits

        def noted(password: str, stored: str) -> bool:
            cost = extract_parameters(stored)
            self._hashes.append((cost.time_cost, cost.memory_cost, cost.parallelism, cost.salt_len, cost.hash_len))
            return fits(password, stored)

        monkeypatch.setattr(passwords, "fits", noted)

        @event.listens_for(connection, "before_cursor_execute")
        def _note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            # Savepoints are what the test's own connection makes of transactions; each has a number in its name.
            if "SAVEPOINT" not in statement:
                self._statements.append(statement)

    def effort(self) -> Effort:
        """Return what was noted since the last call."""
        seen = Effort(tuple(self._hashes), tuple(self._statements))
        self._hashes.clear()
        self._statements.clear()
        return seen


def test_the_same_work_is_done_whether_or_not_somebody_has_that_login(
    client: FlaskClient,
    still_clock: StillClock,
    rolled_back: Connection,
    monkeypatch: pytest.MonkeyPatch,
    somebody_has_left: None,
) -> None:
    observer = Observer(monkeypatch, rolled_back)
    efforts: set[Effort] = set()
    for number in range(60):
        still_clock.move(attempts.WINDOW)
        observer.effort()
        answer = guess(client, list(GUESSES.values())[number % 3], number=number)
        efforts.add(observer.effort())
        assert (answer.status_code, answer.json["code"]) == (401, "auth.wrong_login")

    (effort,) = efforts
    assert effort.hashes == ((2, 19 * 1024, 1, 16, 32),)
    assert any("login_attempt" in statement for statement in effort.statements)


@pytest.mark.soak
def test_two_thousand_guesses_tell_by_their_time_nothing_about_who_exists(
    client: FlaskClient, still_clock: StillClock, somebody_has_left: None
) -> None:
    seed = 46
    chance = random.Random(seed)
    took: dict[str, list[float]] = {kind: [] for kind in GUESSES}
    for number in range(2_000):
        still_clock.move(attempts.WINDOW)
        kind = chance.choice(list(GUESSES))
        began = time.perf_counter()
        guess(client, GUESSES[kind], number=number)
        took[kind].append(time.perf_counter() - began)

    medians = {kind: statistics.median(times) for kind, times in took.items()}
    assert max(medians.values()) - min(medians.values()) < 0.005, f"seed {seed}: {medians}"


@pytest.mark.parametrize(
    ("before", "guesses"),
    [
        pytest.param(990, 40, id="forty more"),
        pytest.param(0, 2_000, id="two thousand", marks=pytest.mark.soak),
    ],
)
def test_a_thousand_failures_of_everybody_together_are_the_most_however_many_machines_guess_at_once(
    app_on_its_own: Flask, before: int, guesses: int
) -> None:
    database: Database = app_on_its_own.extensions[context.KEY].database
    with database.transaction() as session:
        session.add_all([LoginAttempt(key="password by all", at=world.NOW) for _ in range(before)])

    def is_let_through(number: int) -> bool:
        place = f"10.{number // 62_500}.{number // 250 % 250}.{number % 250}"
        one = attempts.attempt(attempts.PASSWORDS, name=f"login{number}", address=place, salt="s")
        try:
            with database.transaction() as session:
                attempts.begin(session, one, now=world.NOW)
        except attempts.TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as machines:
        let_through = sum(machines.map(is_let_through, range(guesses)))

    assert let_through == 1_000 - before


def test_a_third_password_at_once_is_sent_away_for_a_second_and_is_no_attempt(
    app_on_its_own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Database = app_on_its_own.extensions[context.KEY].database
    with database.transaction() as session:
        world.build(session)
    inside, go_on = threading.Semaphore(0), threading.Event()
    fits = passwords.fits

    def slowly(password: str, stored: str) -> bool:
        inside.release()
        assert go_on.wait(60)
        return fits(password, stored)

    monkeypatch.setattr(passwords, "fits", slowly)
    with ThreadPoolExecutor(12) as people:
        first = [
            people.submit(guess, app_on_its_own.test_client(), "dispatcher", number=n, password=PASSWORD)
            for n in range(2)
        ]
        assert all(inside.acquire(timeout=60) for _ in first)
        others = [
            people.submit(guess, app_on_its_own.test_client(), "dispatcher", number=n, password=PASSWORD)
            for n in range(2, 12)
        ]
        assert not wait(others, timeout=60).not_done
        assert not inside.acquire(blocking=False)
        go_on.set()

    sent_away = [each.result() for each in others]
    assert {(each.status_code, each.json["code"], each.headers["Retry-After"]) for each in sent_away} == {
        (503, "auth.busy", "1")
    }
    assert [each.result().status_code for each in first] == [201, 201]
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 0


# --- real processes ---------------------------------------------------------------------------------------------------

PEOPLE = 50
SECONDS = 20.0
MOST_MORE_KIB = 100 * 1024


@pytest.fixture
def company_behind_a_proxy(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "home", TRUCKROLL_PROXY_HOPS="1") as built:
        yield built


def log_in(built: House, number: int) -> int:
    """Log in from an address of one's own and return the answer's status."""
    body = {"login": LOGIN, "password": DESK_PASSWORD, "label": "tests"}
    headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
    answer = requests.post(f"{built.address}{TOKENS}", json=body, headers=headers, timeout=60)
    assert answer.status_code != 503 or answer.headers["Retry-After"] == "1"
    return answer.status_code


def resident_kib(pids: list[int]) -> int:
    """Return how much memory processes hold together."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_fifty_who_log_in_all_the_time_cost_no_memory_and_hold_nobody_up(company_behind_a_proxy: House) -> None:
    built = company_behind_a_proxy
    with ThreadPoolExecutor(PEOPLE) as people:
        # Every thread of every process has worked before it is measured.
        assert set(people.map(lambda _: built.is_ready(), range(4 * PEOPLE))) == {True}
    assert [log_in(built, number) for number in range(8)] == [201] * 8
    web = built.processes("gunicorn")
    before, peak = resident_kib(web), 0
    until = time.monotonic() + SECONDS
    took: list[float] = []

    def insist(number: int) -> Counter[int]:
        seen: Counter[int] = Counter()
        while time.monotonic() < until:
            seen[log_in(built, number)] += 1
        return seen

    with ThreadPoolExecutor(PEOPLE) as people:
        busy = [people.submit(insist, number) for number in range(PEOPLE)]
        with requests.Session() as line:
            while time.monotonic() < until:
                began = time.perf_counter()
                assert line.get(f"{built.address}/api/v1/me", headers=built.headers, timeout=60).status_code == 200
                took.append(time.perf_counter() - began)
                peak = max(peak, resident_kib(web))
                time.sleep(0.05)
        answers = sum((each.result() for each in busy), Counter())

    assert answers.keys() == {201, 503}
    assert peak - before < MOST_MORE_KIB, f"{before} KiB before, {peak} KiB at most"
    assert statistics.quantiles(took, n=20)[-1] < 0.5
