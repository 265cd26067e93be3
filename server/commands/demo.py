"""`truckroll demo`: a believable company on this machine, kept running until you stop it."""

import json
import shutil
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import select

from server import schema
from server.core.clock import SystemClock
from server.core.db import Database
from server.core.events import HANDLERS_KEY
from server.example.founding import found_demo
from server.listening import HANDLERS
from server.local.home import home, write_private
from server.local.installation import Installation, Ports
from server.local.instance import Instance
from server.local.postgres import EmbeddedPostgres
from server.local.supervisor import Supervisor, first_free_port
from server.organisation.models import Region

_LOGINS = "logins.json"


@click.command("demo")
@click.option("--reset", is_flag=True, help="Start over: forget everything the demo has.")
@click.option("--port", default=8000, show_default=True, help="First port to try.")
def demo_command(reset: bool, port: int) -> None:
    """Start a believable company on this machine."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    instance = Instance(folder)
    if not instance.claim():
        told = instance.found()
        where = f"at {told.address} (process {told.pid})" if told else "and is still starting"
        click.echo(f"The demo of this folder already runs {where}.")
        return
    try:
        _run(folder, instance, reset=reset, port=port)
    finally:
        instance.give_up()


def _run(folder: Path, instance: Instance, *, reset: bool, port: int) -> None:
    postgres = EmbeddedPostgres(folder / "postgres")
    if reset:
        postgres.remove()
        (folder / "provider.sqlite").unlink(missing_ok=True)
        (folder / _LOGINS).unlink(missing_ok=True)
        shutil.rmtree(folder / "log", ignore_errors=True)
    web = first_free_port(port)
    installation = Installation(folder, postgres, Ports(web, first_free_port(web + 1), first_free_port(web + 1000)))
    postgres.ensure_initialised()
    with Supervisor(log_folder=folder / "log", say=lambda text: click.echo(text, err=True)) as supervisor:
        supervisor.start(installation.database())
        supervisor.wait_for("PostgreSQL", postgres.answers, timeout_seconds=180)
        schema.upgrade(postgres.url(role="truckroll"))
        zone = _found(folder, postgres)
        installation = replace(installation, extra=(("TRUCKROLL_ZONE", zone),))
        for child in (installation.provider(), installation.web(), installation.worker()):
            supervisor.start(child)
        supervisor.wait_for("the web server", lambda: _answers(f"{installation.address}/readyz"), timeout_seconds=180)
        supervisor.wait_for("the provider", lambda: _answers(f"{installation.provider_address}/"), timeout_seconds=180)
        instance.announce(installation.address)
        _welcome(folder, installation)
        supervisor.run()


def _found(folder: Path, postgres: EmbeddedPostgres) -> str:
    """Make the company at the first start, with its log-ins where only this user can read them; return its zone."""
    database = Database(postgres.url(), pool_size=2, info={HANDLERS_KEY: HANDLERS})
    try:
        with database.transaction() as session:
            logins = found_demo(session, now=SystemClock().read())
            if logins:
                rows = [{"login": each.login, "password": each.password, "role": each.role.value} for each in logins]
                write_private(folder / _LOGINS, json.dumps(rows, indent=1) + "\n")
            return session.scalars(select(Region.time_zone).order_by(Region.id)).first() or "UTC"
    finally:
        database.dispose()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _welcome(folder: Path, installation: Installation) -> None:
    logins = json.loads((folder / _LOGINS).read_text(encoding="utf-8"))
    lines = [
        "",
        f"  Truckroll runs at  {installation.address}",
        f"  Its telephones at  {installation.provider_address}",
        "",
    ]
    width = max(len(row["login"]) for row in logins)
    lines += [f"  {row['login']:<{width}}  {row['password']}  {row['role'].replace('_', ' ')}" for row in logins]
    lines += ["", "  Ctrl-C stops it; the data stays in var/. `make demo RESET=1` starts over.", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
