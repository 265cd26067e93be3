"""Fault 68: PostgreSQL is killed again and again under load, and nothing that was acknowledged is lost or doubled."""

import os
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from server.core.clock import SystemClock
from server.organisation import attempts
from tests.faults.houses import House, descendants, house, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of PostgreSQL in /proc"),
]

REPORTERS = 4
BETWEEN_KILLS = 12
"""So many reports are acknowledged after every recovery before the next kill."""
GREEN_IN_A_ROW = 8
"""Two processes answer: as many green answers on new connections come from both."""
WAYS = ("the postmaster", "all of PostgreSQL", "one connection's process")


class Reporters:
    """People at the desk who type reports all day, and press the button again when no answer comes."""

    def __init__(self, company: House) -> None:
        self._company = company
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._type, args=(number,)) for number in range(REPORTERS)]
        self.acknowledged: dict[str, int] = {}
        self.answers: Counter[str] = Counter()
        self.strange: list[str] = []

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let them work for the length of a block; each ends with a report that was acknowledged."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in self._threads:
                thread.join(120)
        assert not any(thread.is_alive() for thread in self._threads)

    def _type(self, reporter: int) -> None:
        with requests.Session() as line:
            for number in range(1_000_000):
                if self._stopping.is_set():
                    return
                self._report(line, f"{reporter}-{number}")

    def _report(self, line: requests.Session, name: str) -> None:
        """Send a report under its key until it is acknowledged."""
        while True:
            answer = self._sent(line, name)
            if answer is None or answer.status_code == 503:
                # Whether it was taken in is unknown: the same key again finds out.
                self._stopping.wait(0.05)
                continue
            if answer.status_code != 201:
                self.strange.append(f"{answer.status_code} {answer.text[:300]}")
                return
            self.acknowledged[name] = answer.json()["ticket"]["id"]
            return

    def _sent(self, line: requests.Session, name: str) -> requests.Response | None:
        headers = self._company.headers | {"Idempotency-Key": f"report-{name}"}
        try:
            answer = line.post(
                f"{self._company.address}/api/v1/tickets", json=self._body(name), headers=headers, timeout=60
            )
        except requests.RequestException:
            self.answers["none"] += 1
            return None
        self.answers[str(answer.status_code) + answer.headers.get("Idempotent-Replay", "")] += 1
        return answer

    def _body(self, name: str) -> dict[str, Any]:
        return {
            "customer": {"name": f"Customer {name}"},
            "site": {
                "address": f"{name} Mill Lane",
                "position": {"lat": 31.22, "lon": 121.42},
                "position_trusted": True,
                "zone": "urban",
                "region_id": self._company.region_id,
            },
            "work_type": "patrol",
            "product_category": "pump",
            "channel": "phone",
            "description": f"Report {name}",
            "contact_name": "Miller",
            "contact_phone": "+12025550170",
        }


def kill(company: House, way: str, chance: random.Random) -> None:
    """Send SIGKILL."""
    postmaster = company.installation.postgres.postmaster()
    assert postmaster is not None
    victims = [postmaster, *descendants(postmaster)]
    if way == "the postmaster":
        victims = [postmaster]
    if way == "one connection's process":
        with company.connect() as connection:
            found = connection.execute("select pid from pg_stat_activity where application_name = 'truckroll web'")
            victims = [chance.choice(sorted(int(str(pid)) for (pid,) in found))]
    for victim in victims:
        # Some notice by themselves that the postmaster has gone, and are faster.
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)


def demand_red_while_down(company: House) -> None:
    """Ask whether the product is ready at a moment at which the database is certainly down."""
    postgres = company.installation.postgres
    while not postgres.is_running():
        ready = company.is_ready()
        if postgres.is_running():
            return  # it came up while we asked
        assert not ready, "the product says it is ready without its database"


def is_green(company: House) -> bool:
    return all(company.is_ready() for _ in range(GREEN_IN_A_ROW))


def leave_something_due(company: House) -> None:
    """Leave a row that the worker forgets as soon as he looks."""
    old = SystemClock().read() - attempts.WINDOW - timedelta(minutes=1)
    with company.connect() as connection:
        connection.execute("insert into login_attempt (key, at) values ('due', %s)", (old,))


def has_worker_worked(company: House) -> bool:
    """Tell whether nothing that is due is left."""
    with company.connect() as connection:
        return connection.execute("select 1 from login_attempt where key = 'due'").fetchone() is None


@pytest.mark.parametrize(
    ("seed", "kills", "healthy_within"),
    [
        pytest.param(68, 3, 60.0, id="three kills"),
        pytest.param(6810, 10, 5.0, id="ten kills", marks=pytest.mark.soak),
    ],
)
def test_no_acknowledged_report_is_lost_or_doubled_when_the_database_is_killed_again_and_again(
    tmp_path: Path, seed: int, kills: int, healthy_within: float
) -> None:
    chance = random.Random(seed)
    waits: list[float] = []
    with house(tmp_path / "home") as company:
        postgres = company.installation.postgres
        reporters = Reporters(company)
        with reporters.working():
            for number in range(kills):
                enough = len(reporters.acknowledged) + BETWEEN_KILLS
                until(lambda enough=enough: len(reporters.acknowledged) >= enough, f"work goes on, seed {seed}")

                way = WAYS[number % len(WAYS)]
                kill(company, way, chance)

                if way != "one connection's process":
                    until(lambda: not postgres.is_running() or postgres.answers(), "PostgreSQL is gone or back")
                    demand_red_while_down(company)
                until(postgres.answers, "PostgreSQL is started again")
                waits.append(until(lambda: is_green(company), "the product is ready again"))
                leave_something_due(company)
        until(lambda: has_worker_worked(company), "the worker works again")

        with company.connect() as connection:
            stored = connection.execute(
                "select r.text, r.ticket_id from ticket_report r join ticket t on t.id = r.ticket_id"
            ).fetchall()
            begun = connection.execute(
                "select subject_id, count(*) from domain_event where kind = 'ticket.register' group by 1"
            ).fetchall()

    assert reporters.strange == [], f"seed {seed}"
    assert sorted(stored) == sorted((f"Report {name}", ticket) for name, ticket in reporters.acknowledged.items())
    assert sorted(begun) == sorted((ticket, 1) for ticket in reporters.acknowledged.values()), f"seed {seed}"
    assert reporters.answers["503"] + reporters.answers["none"] > 0, "the kills hit nobody: they show nothing"
    assert max(waits) <= healthy_within, f"ready again after {[round(wait, 1) for wait in waits]} s, seed {seed}"
