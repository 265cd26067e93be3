"""The process that keeps a house's processes alive: PostgreSQL, web, worker.

A process of its own, because a supervisor needs a main thread to itself while the test goes on. Arguments: the
folder, the port of the web server, settings as NAME=VALUE. It ends, and ends everything, when its parent ends.
"""

import math
import os
import sys
from pathlib import Path

from server.local.installation import Installation, Ports
from server.local.postgres import EmbeddedPostgres
from server.local.stopping import Patience
from server.local.supervisor import Supervisor

FOUNDED = "founded"
"""The file that the test makes when the company is there: from then on the product may start."""
_PATIENCE = Patience(longest_delay_seconds=1.0)
"""Every waiting time is a setting: what keeps dying is started again after a second rather than five."""
_PREPARING_SECONDS = 120
STALLED_SECONDS = 3.0
TICK_SECONDS = 0.2


def installation_of(folder: Path, *, web: int, extra: tuple[tuple[str, str], ...]) -> Installation:
    """Return the house of a folder: its own cluster with every safety on, its own port, the machine's time.

    There is no provider of text messages: nothing listens on the port that never listens.
    """
    return Installation(folder, EmbeddedPostgres(folder / "postgres"), Ports(web=web, provider=9), extra=extra)


def main() -> None:
    """Keep everything alive until the parent has gone or a signal says stop."""
    parent = os.getppid()
    folder, web, *settings = sys.argv[1:]
    extra = tuple((name, value) for name, _, value in (setting.partition("=") for setting in settings))
    house = installation_of(Path(folder), web=int(web), extra=extra)
    house.postgres.ensure_initialised()

    def is_left() -> bool:
        return os.getppid() != parent

    with Supervisor(log_folder=house.home / "log", patience=_PATIENCE) as supervisor:
        supervisor.start(house.database())
        supervisor.wait_for(
            "the company",
            lambda: is_left() or (house.home / FOUNDED).exists(),
            timeout_seconds=_PREPARING_SECONDS,
        )
        supervisor.start(house.web())
        supervisor.start(house.worker(tick=TICK_SECONDS, stalled=STALLED_SECONDS))
        supervisor.wait_for("the end", is_left, timeout_seconds=math.inf)


if __name__ == "__main__":
    main()
