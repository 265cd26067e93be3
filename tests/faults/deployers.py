"""Deployers in processes of their own, who can be stopped at a chosen place of a migration and killed there.

Run as a program it is their nursery: everything is imported once, and each deployer is a fork of it. A line on its
standard input starts one and is answered with his process id; he leaves a file that tells how he ended. They die
with the nursery.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from server import schema
from tests.databases import DatabaseServer, MadeDatabase
from tests.faults import filled
from tests.faults.houses import ROOT, until

DEPLOYER_SECONDS = 300.0
_PR_SET_PDEATHSIG = 1
AT_THE_END = "end"
"""Where a deployer is stopped: at the n-th change of the schema, or when he has asked for all to be committed."""

_HURDLES = """
create schema hurdle;
-- It waits without asking for a lock, so that no time-out of the deployer's ends it.
create function hurdle.stop(here boolean) returns void language plpgsql as $$
begin
    while here and not pg_try_advisory_xact_lock_shared(7000) loop
        perform pg_sleep(0.01);
    end loop;
end $$;
create function hurdle.at_end() returns trigger language plpgsql as $$
begin
    perform hurdle.stop(current_setting('hurdle.at', true) = 'end');
    return null;
end $$;
create constraint trigger hurdle after insert or update or delete on alembic_version
    deferrable initially deferred for each row execute function hurdle.at_end();
create function hurdle.at_change() returns event_trigger language plpgsql as $$
declare
    seen int := coalesce(nullif(current_setting('hurdle.seen', true), ''), '0')::int + 1;
begin
    perform set_config('hurdle.seen', seen::text, false);
    perform hurdle.stop(current_setting('hurdle.at', true) = seen::text);
end $$;
"""


def build_hurdles(server: DatabaseServer, made: MadeDatabase) -> None:
    """Let a deployer with `hurdle.at` among his settings stop there for as long as the hurdle is up."""
    with filled.connect(made.owner_url) as owner:
        owner.execute(_HURDLES)
    admin = make_url(server.admin).set(database=made.name).render_as_string(hide_password=False)
    with filled.connect(admin) as superuser:
        superuser.execute("create event trigger hurdle on ddl_command_end execute function hurdle.at_change()")


@dataclass(frozen=True, slots=True)
class Order:
    """What a deployer is to do.

    :param settings: what his connection brings along.
    :param verdict: the file in which he leaves how he ended: nothing if all went well.
    """

    url: str
    revision: str
    settings: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Deployer:
    """A process that migrates."""

    pid: int
    verdict: Path

    def has_ended(self) -> bool:
        """Tell whether the process has gone."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        """Kill him, if he lives, and wait until he has gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        until(self.has_ended, "the deployer is gone")

    def wait(self) -> str:
        """Wait until he has ended; return what went wrong, and nothing if all went well."""
        until(self.has_ended, "the deployer has ended", seconds=DEPLOYER_SECONDS)
        return self.verdict.read_text()


class Nursery:
    """Where deployers come from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def deployer(self, made: MadeDatabase, revision: str = "head", *, settings: str = "") -> Deployer:
        """Start a deployer."""
        verdict = self._folder / f"deployer-{next(self._numbers)}"
        order = Order(made.owner_url, revision, settings, str(verdict))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return Deployer(int(self._process.stdout.readline()), verdict)

    def close(self) -> None:
        """End the nursery, and with it whoever is left."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """Keep a nursery for the length of a block."""
    opened = Nursery(folder)
    try:
        yield opened
    finally:
        opened.close()


def is_killed_at(nursery: Nursery, made: MadeDatabase, revision: str, stop: str) -> bool:
    """Start a deployer and kill him where he stops; tell whether he came there, and did not get through before."""
    with filled.connect(made.owner_url) as bar:
        bar.execute("select pg_advisory_lock(7000)")
        deployer = nursery.deployer(made, revision, settings=f"-c hurdle.at={stop}")

        def has_stopped() -> bool:
            query = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
            return deployer.has_ended() or bar.execute(query).fetchone() is not None

        try:
            until(has_stopped, "the deployer stops or gets through", seconds=DEPLOYER_SECONDS)
            killed = not deployer.has_ended()
        finally:
            deployer.kill()
    assert killed or deployer.wait() == ""
    with filled.connect(made.owner_url) as connection:
        until(lambda: is_alone(connection), "the database has noticed")
    return killed


def is_alone(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Tell whether nobody else is connected to a connection's database."""
    others = (
        "select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
        " and pid <> pg_backend_pid()"
    )
    return connection.execute(others).fetchone() == (0,)


def _migrate(order: Order) -> None:
    """In the deployer: migrate, and leave how it ended."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ["PGOPTIONS"] = order.settings
    told = ""
    try:
        schema.upgrade(order.url, order.revision)
    except BaseException:  # noqa: BLE001 - told to the test, which fails of it
        told = traceback.format_exc()
    Path(order.verdict).write_text(told)
    os._exit(0)


def main() -> None:
    """Fork a deployer for every line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _migrate(Order(**json.loads(line)))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
