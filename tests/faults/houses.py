"""A company in real processes, each of which may be killed: PostgreSQL, two web processes, worker."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

from server import schema
from server.core.clock import SystemClock
from server.core.db import Database
from server.local.child import Child, RunningChild
from server.local.installation import Installation
from server.organisation import logins, passwords
from server.organisation.models import Role
from tests import builders as a
from tests.faults import keeper

ROOT = Path(__file__).parents[2]
LOGIN, PASSWORD = "desk", "correct horse battery"
UP_SECONDS = 120.0
_STOP_SECONDS = 20.0
_PORTS = range(30_100, 32_700)
"""Below the range from which systems take the near end of connections, above that of rehearsals."""


@dataclass(frozen=True, slots=True)
class House:
    """A running company.

    :param token: opens the API for a dispatcher.
    :param region_id: where its customers live.
    :param keeper: the process that keeps the others alive.
    """

    installation: Installation
    token: str
    region_id: int
    keeper: int

    @property
    def address(self) -> str:
        """Return where the product is reached."""
        return self.installation.address

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request of the dispatcher carries."""
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}

    def is_ready(self) -> bool:
        """Ask on a new connection whether the product is ready."""
        return answers(f"{self.address}/readyz")

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection of the superuser to the company's database."""
        return self.installation.postgres.connect(database="truckroll")

    def processes(self, word: str) -> list[int]:
        """Return the process whose command line has a word (`gunicorn`, `worker`), and all it consists of."""
        (pid,) = (pid for pid in descendants(self.keeper, deep=False) if word in _words(pid))
        return [pid, *descendants(pid)]


def answers(address: str) -> bool:
    """Tell whether an address is answered well."""
    try:
        return requests.get(address, timeout=10).ok
    except requests.RequestException:
        return False


def until(ready: Callable[[], bool], what: str, *, seconds: float = UP_SECONDS, pause: float = 0.02) -> float:
    """Wait until something is so, and return how many seconds that took; fail after a while."""
    began = time.monotonic()
    while not ready():
        waited = time.monotonic() - began
        assert waited < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(pause)
    return time.monotonic() - began


def descendants(pid: int, *, deep: bool = True) -> list[int]:
    """Return the living children of a process, and theirs too unless told otherwise."""
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [each for child in children for each in (child, *(descendants(child) if deep else ()))]


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


@contextmanager
def house(folder: Path, **settings: str) -> Iterator[House]:
    """Found a company and let it run; at the end nothing of it runs."""
    web = _free_port()
    installation = keeper.installation_of(folder, web=web, extra=tuple(settings.items()))
    argv = [sys.executable, "-m", keeper.__name__, str(folder), str(web)]
    argv += [f"{name}={value}" for name, value in settings.items()]
    folder.mkdir(parents=True, exist_ok=True)
    running = RunningChild(
        Child("keeper", tuple(argv), stop_order=1, env={"PYTHONPATH": str(ROOT)}),
        log_file=folder / "log" / "keeper.log",
    )

    def came_up(ready: Callable[[], bool], what: str) -> None:
        def is_there() -> bool:
            assert not running.is_gone(), f"the keeper ended: {(folder / 'log' / 'keeper.log').read_text()}"
            return ready()

        until(is_there, what)

    try:
        came_up(installation.postgres.answers, "PostgreSQL")
        token, region_id = _found(installation)
        (folder / keeper.FOUNDED).touch()
        built = House(installation, token, region_id, running.pid)
        came_up(built.is_ready, "the web server")
        yield built
    finally:
        _leave(running)
        installation.postgres.stop()


def _leave(running: RunningChild) -> None:
    """End the keeper, which ends everything else in order; if it does not, the system does."""
    if not running.is_gone():
        running.ask()
    give_up_at = time.monotonic() + _STOP_SECONDS
    while not running.is_gone() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    running.kill()
    while not running.is_gone():
        time.sleep(0.05)


def _found(installation: Installation) -> tuple[str, int]:
    schema.upgrade(installation.postgres.url(role="truckroll"))
    database = Database(installation.postgres.url(), pool_size=1)
    now = SystemClock().read()
    try:
        with database.transaction() as session:
            region = a.a_region(session)
            desk = a.a_member_of_staff(
                session, Role.DISPATCHER, now=now, login=LOGIN, password_hash=passwords.hashed(PASSWORD, login=LOGIN)
            )
            _, token = logins.issue(session, staff_id=desk.id, label="tests", now=now)
            return token.text, region.id
    finally:
        database.dispose()


def _free_port() -> int:
    draw = random.SystemRandom()
    while True:
        port = draw.choice(_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            if trial.connect_ex(("127.0.0.1", port)) != 0:
                return port


def command(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start `truckroll` with arguments; whoever calls waits for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "server", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
