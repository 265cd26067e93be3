"""Where a rehearsal is played: a temporary folder with its own PostgreSQL, web, worker and provider."""

import random
import secrets
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
from sqlalchemy import select

from server import schema
from server.core.db import Database
from server.core.simulation import Simulation
from server.example import company
from server.example.company import Shape
from server.local.child import Child, RunningChild
from server.local.installation import Installation
from server.organisation import passwords
from server.organisation.models import Region
from server.rehearsal import keeper
from server.technicians.models import Technician

_OWNER = "truckroll"
_READY_SECONDS = 90.0
_LEAVE_SECONDS = 8.0
_LOOK_SECONDS = 0.05
_PORTS = range(20_000, 30_000)
"""Below the range from which systems take the near end of connections: a server that is started again finds its own."""


class StageNotReady(RuntimeError):
    """A process of the rehearsal did not come up; its log is in the folder that is named."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the worker of a rehearsal looks after time.

    :param tick: seconds of real time between its own looks for what is due; 0 leaves them to the conductor.
    :param stalled: seconds of real time after which a killed worker's jobs are done again.
    """

    tick: float = 0.0
    stalled: float = 3.0


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of the folder with database and logs.

    :param keep: asked at the end: whether it stays; after a failure it stays in any case.
    :param say: tells people where it is then.
    """

    keep: Callable[[], bool]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Founded:
    """The company as it was founded: what its people know of themselves.

    :param logins: password of every login.
    :param technicians: telephone and name of each.
    """

    region_id: int
    currency: str
    logins: dict[str, str]
    technicians: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A rehearsal's processes, running.

    :param company: who works there.
    """

    folder: Path
    installation: Installation
    company: Founded

    @property
    def address(self) -> str:
        """Return where the product is reached."""
        return self.installation.address

    @property
    def provider_address(self) -> str:
        """Return where the provider with its telephones is reached."""
        return self.installation.provider_address

    @property
    def owner_url(self) -> str:
        """Return the address of the database for its owner."""
        return self.installation.postgres.url(role=_OWNER)


@contextmanager
def stage(*, shape: Shape, country: str, seed: int, begins_at: datetime, pace: Pace, end: Ending) -> Iterator[Stage]:
    """Build a stage, and take it down at the end.

    :param country: in which telephone numbers without prefix are dialled.
    :raises StageNotReady: if a process does not come up.
    """
    folder = Path(tempfile.mkdtemp(prefix="truckroll-rehearsal-"))
    web, provider = _free_ports(2)
    place = keeper.Place(zone=shape.time_zone, country=country, currency=shape.currency)
    installation = keeper.installation_of(folder, web=web, provider=provider, place=place)
    argv = [sys.executable, "-m", keeper.__name__, str(folder), "--web", str(web), "--provider", str(provider)]
    argv += ["--zone", place.zone, "--country", place.country, "--currency", place.currency]
    argv += ["--tick", str(pace.tick), "--stalled", str(pace.stalled)]
    failed = True
    running = RunningChild(Child("keeper", tuple(argv), stop_order=1), log_file=folder / "log" / "keeper.log")
    try:
        _wait(running, installation.postgres.answers, "PostgreSQL", folder)
        founded = _found(installation, shape=shape, seed=seed, begins_at=begins_at)
        (folder / keeper.FOUNDED).touch()
        _wait(running, lambda: _answers(f"{installation.address}/readyz"), "the web server", folder)
        _wait(running, lambda: _answers(f"{installation.provider_address}/"), "the provider", folder)
        yield Stage(folder, installation, founded)
        failed = False
    finally:
        _leave(running)
        installation.postgres.tidy()
        if not failed and not end.keep():
            shutil.rmtree(folder)
        elif failed:
            end.say(f"It failed; database and logs are in {folder}")


def _found(installation: Installation, *, shape: Shape, seed: int, begins_at: datetime) -> Founded:
    """Migrate, make the company, and write the mark: from then on this database lives on simulated time."""
    owner = installation.postgres.url(role=_OWNER)
    schema.upgrade(owner)
    database = Database(owner, pool_size=1, name="truckroll conductor")
    try:
        with database.transaction() as session:
            logins = company.found(
                session,
                shape=shape,
                seed=seed,
                now=begins_at,
                hash_password=passwords.renewed,
                password=lambda: secrets.token_urlsafe(15),
            )
            session.add(Simulation(id=1, at=begins_at))
            return Founded(
                region_id=session.scalars(select(Region.id)).one(),
                currency=shape.currency,
                logins={each.login: each.password for each in logins},
                technicians=tuple(
                    (one.phone, one.name) for one in session.scalars(select(Technician).order_by(Technician.id))
                ),
            )
    finally:
        database.dispose()


def _wait(running: RunningChild, ready: Callable[[], bool], what: str, folder: Path) -> None:
    give_up_at = time.monotonic() + _READY_SECONDS
    while not ready():
        if running.is_gone() or time.monotonic() >= give_up_at:
            raise StageNotReady(f"{what} did not come up: see {folder / 'log'}")
        time.sleep(_LOOK_SECONDS)


def _leave(running: RunningChild) -> None:
    """End the keeper, which ends everything else in order."""
    if not running.is_gone():
        running.ask()
    give_up_at = time.monotonic() + _LEAVE_SECONDS
    while not running.is_gone() and time.monotonic() < give_up_at:
        time.sleep(_LOOK_SECONDS)
    running.kill()
    while not running.is_gone():
        time.sleep(_LOOK_SECONDS)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def _free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens, drawn at random: two rehearsals that start together must not collide."""
    found: list[int] = []
    draw = random.SystemRandom()
    while len(found) < count:
        port = draw.choice(_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
