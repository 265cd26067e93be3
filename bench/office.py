"""A product to be measured: its own PostgreSQL with its usual settings, two web processes, a company."""

import logging
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests

from server import schema
from server.core.clock import SystemClock
from server.core.db import Database
from server.example import company
from server.example.company import Shape
from server.local.child import Child, RunningChild
from server.local.installation import Installation, Ports
from server.local.postgres import EmbeddedPostgres
from server.organisation import passwords
from server.organisation.models import Region

_READY_SECONDS = 60.0
_LEAVE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Office:
    """The product, running.

    :param region_id: of the one region of its company.
    :param passwords: of every log-in.
    """

    installation: Installation
    region_id: int
    passwords: dict[str, str]
    now: datetime

    @property
    def owner_url(self) -> str:
        """Return the address of the database for its owner."""
        return self.installation.postgres.url(role="truckroll")

    def token(self, login: str) -> str:
        """Log somebody in and return the token for the API."""
        answer = requests.post(
            f"{self.installation.address}/api/v1/tokens",
            json={"login": login, "password": self.passwords[login], "label": "bench"},
            headers={"Idempotency-Key": secrets.token_hex(8)},
            timeout=20,
        )
        answer.raise_for_status()
        return str(answer.json()["token"])


@contextmanager
def office() -> Iterator[Office]:
    """Start a product in a temporary folder on durable settings, and end it."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="truckroll-bench-")))
        web, provider = _free_port(), _free_port()
        postgres = EmbeddedPostgres(folder / "postgres")
        installation = Installation(folder, postgres, Ports(web=web, provider=provider))
        postgres.ensure_initialised()
        end.enter_context(_running(installation.database(), folder, postgres.answers))
        now = SystemClock().read()
        region_id, words = _found(installation, now)
        ready = f"{installation.address}/readyz"
        end.enter_context(_running(installation.web(), folder, lambda: _answers(ready)))
        yield Office(installation, region_id, words, now)


@contextmanager
def _running(child: Child, folder: Path, ready: Callable[[], bool]) -> Iterator[None]:
    process = RunningChild(child, log_file=folder / "log" / f"{child.name}.log")
    try:
        give_up_at = time.monotonic() + _READY_SECONDS
        while not ready():
            if process.is_gone() or time.monotonic() > give_up_at:
                raise RuntimeError(f"{child.name} did not come up")
            time.sleep(0.05)
        yield
    finally:
        process.ask()
        give_up_at = time.monotonic() + _LEAVE_SECONDS
        while not process.is_gone() and time.monotonic() < give_up_at:
            time.sleep(0.05)
        process.kill()


def _found(installation: Installation, now: datetime) -> tuple[int, dict[str, str]]:
    owner = installation.postgres.url(role="truckroll")
    schema.upgrade(owner)
    database = Database(owner, pool_size=1, name="truckroll bench")
    try:
        with database.transaction() as session:
            logins = company.found(
                session,
                shape=Shape(time_zone="America/New_York", currency="USD"),
                seed=1,
                now=now,
                hash_password=passwords.renewed,
                password=lambda: secrets.token_urlsafe(15),
            )
            region_id = session.query(Region.id).scalar()
            return int(region_id), {each.login: each.password for each in logins}
    finally:
        database.dispose()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
