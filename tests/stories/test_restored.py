"""A backup brought back elsewhere: another folder, another server, the same rows, and a product that works on them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import requests
from psycopg import sql

from server.core.db import Database
from server.core.events import HANDLERS_KEY
from server.example.founding import found_demo
from server.listening import HANDLERS
from server.local.installation import Installation, Ports
from server.local.postgres import EmbeddedPostgres
from server.local.supervisor import first_free_port

pytestmark = pytest.mark.slow

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
_PATIENCE_SECONDS = 120


def truckroll(*arguments: str, home: Path) -> str:
    """Run a command on the embedded database of a folder, as an operator does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE")}
    done = subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        env=environment | {"TRUCKROLL_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def counts(postgres: EmbeddedPostgres) -> dict[str, int]:
    """Return how many rows every table has."""
    with psycopg.connect(postgres.url(role="truckroll").replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        ).fetchall()
        return {
            name: connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(name))).fetchone()[0]
            for (name,) in tables
        }


@contextmanager
def web(home: Path, postgres: EmbeddedPostgres) -> Iterator[str]:
    """Serve the product on a database that runs, and yield its address."""
    port = first_free_port(19_000 + os.getpid() % 1_000)
    installation = Installation(home, postgres, Ports(port, port + 1))
    child = installation.web()
    with (home / "web.log").open("wb") as log:
        process = subprocess.Popen(
            child.argv, env=os.environ | dict(child.env), stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield installation.address
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ready(address: str) -> int:
    """Return what the product says about itself once it listens."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return requests.get(f"{address}/readyz", timeout=30).status_code
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < give_up_at
            time.sleep(0.1)


def test_a_company_is_brought_back_into_a_fresh_folder_and_goes_on_working(tmp_path: Path) -> None:
    home, elsewhere, file = tmp_path / "home", tmp_path / "elsewhere", tmp_path / "company.tar.gz"
    truckroll("db", "upgrade", home=home)
    with EmbeddedPostgres(home / "postgres") as postgres:
        database = Database(postgres.url(), info={HANDLERS_KEY: HANDLERS})
        with database.transaction() as session:
            logins = found_demo(session, now=NOW)
        database.dispose()
        before = counts(postgres)
    assert before["ticket"] > 10
    assert before["domain_event"] > 10

    truckroll("db", "backup", str(file), home=home)
    truckroll("db", "upgrade", home=elsewhere)
    truckroll("db", "restore", str(file), home=elsewhere)

    with EmbeddedPostgres(elsewhere / "postgres") as postgres:
        assert counts(postgres) == before
        with web(elsewhere, postgres) as address:
            assert ready(address) == 200
            desk = next(each for each in logins if each.login == "dispatcher")
            told = requests.post(
                f"{address}/api/v1/tokens",
                json={"login": desk.login, "password": desk.password, "label": "after the restore"},
                headers={"Idempotency-Key": "once"},
                timeout=30,
            )
            assert told.status_code == 201, told.text
            bearer = {"Authorization": f"Bearer {told.json()['token']}"}
            assert requests.get(f"{address}/api/v1/tickets", headers=bearer, timeout=30).json()["items"] != []
