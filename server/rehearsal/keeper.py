"""The process that keeps a rehearsal's processes alive: PostgreSQL, provider, web, worker.

It is a process of its own because a supervisor needs a main thread without others beside it, and because the
conductor must go on while something is being started again. It ends when the conductor ends.
"""

import argparse
import math
import os
from dataclasses import dataclass
from pathlib import Path

from server.local.installation import Installation, Ports
from server.local.postgres import EmbeddedPostgres
from server.local.supervisor import Supervisor

_THROW_AWAY = "fsync = off\nfull_page_writes = off\n"
"""A commit reaches the operating system before it is acknowledged, so that no killed process loses one; only a crash
of the whole machine would, and such a rehearsal is played again."""
FOUNDED = "founded"
"""The file that the conductor makes when the company is there: from then on there is work to be done."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the company of a rehearsal works."""

    zone: str
    country: str
    currency: str


def installation_of(folder: Path, *, web: int, provider: int, place: Place) -> Installation:
    """Return the rehearsal of a folder: its own cluster, its own ports, simulated time."""
    return Installation(
        folder,
        EmbeddedPostgres(folder / "postgres"),
        Ports(web=web, provider=provider),
        simulated=True,
        extra=(
            ("TRUCKROLL_COMPANY", "Truckroll"),
            ("TRUCKROLL_ZONE", place.zone),
            ("TRUCKROLL_COUNTRY", place.country),
            ("TRUCKROLL_CURRENCY", place.currency),
        ),
    )


def keep(installation: Installation, *, tick: float, stalled: float) -> None:
    """Keep everything alive until the process that started us is gone, or a signal says stop."""
    conductor = os.getppid()
    folder = installation.home
    installation.postgres.ensure_initialised()
    with (installation.postgres.data_dir / "postgresql.conf").open("a", encoding="ascii") as settings:
        settings.write(_THROW_AWAY)
    with Supervisor(log_folder=folder / "log") as supervisor:
        supervisor.start(installation.database())
        # These take seconds to load and ask the database nothing before they are asked themselves.
        for child in (installation.provider(), installation.web()):
            supervisor.start(child)
        supervisor.wait_for(
            "the company", lambda: os.getppid() != conductor or (folder / FOUNDED).exists(), timeout_seconds=120
        )
        supervisor.start(installation.worker(tick=tick, stalled=stalled))
        # The supervisor looks after its children while it waits; this wait ends with the conductor.
        supervisor.wait_for("the end", lambda: os.getppid() != conductor, timeout_seconds=math.inf)


def main() -> None:
    """Read the command line of the conductor and keep."""
    parser = argparse.ArgumentParser(prog="server.rehearsal.keeper")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--web", type=int, required=True)
    parser.add_argument("--provider", type=int, required=True)
    parser.add_argument("--zone", required=True)
    parser.add_argument("--country", required=True)
    parser.add_argument("--currency", required=True)
    parser.add_argument("--tick", type=float, default=0.0)
    parser.add_argument("--stalled", type=float, default=3.0)
    told = parser.parse_args()
    place = Place(zone=told.zone, country=told.country, currency=told.currency)
    installation = installation_of(told.folder, web=told.web, provider=told.provider, place=place)
    keep(installation, tick=told.tick, stalled=told.stalled)


if __name__ == "__main__":
    main()
