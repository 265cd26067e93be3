"""`truckroll web`, `worker`, `fake-twilio`: the long-running processes."""

import asyncio
import os
import signal
import sys

import click
from sqlalchemy.engine import make_url

from server import worker as background
from server.config import BadSettings, Settings, from_environment
from server.core.clock import Clock, SystemClock
from server.core.db import Database
from server.core.simulation import SimulatedClock
from server.listening import session_info
from server.sms.fake_twilio import serve as serve_fake_twilio
from server.sms.gateways import gateway_of
from server.sms.sender import Sender
from server.web import logs


def settings_or_exit() -> Settings:
    """Read the settings, or say in one sentence what is missing.

    :raises click.ClickException: with that sentence.
    """
    try:
        return from_environment()
    except BadSettings as error:
        raise click.ClickException(str(error)) from error


@click.command("web")
@click.option("--bind", default="127.0.0.1:8000", show_default=True)
@click.option("--processes", default=2, show_default=True)
@click.option("--threads", default=8, show_default=True)
def web_command(bind: str, processes: int, threads: int) -> None:
    """Serve pages, API and web hooks."""
    settings = settings_or_exit()
    patience = 5
    if settings.demo or settings.simulated:
        _loopback_only(bind)
        # Ctrl-C of a demo ends all its processes within six seconds, this one among them.
        patience = 1
    arguments = ["-c", "python:server.web.gunicorn_conf", "-b", bind, "-w", str(processes), "--threads", str(threads)]
    arguments += ["--graceful-timeout", str(patience)]
    # The server replaces this process, so that a signal to it is a signal to the server.
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments, "server.app:create_app()"])  # noqa: S606


def _loopback_only(bind: str) -> None:
    if not bind.startswith(("127.0.0.1:", "[::1]:")):
        raise click.ClickException("A demo or rehearsal is served on 127.0.0.1 only: use --bind 127.0.0.1:PORT.")


@click.command("worker")
@click.option(
    "--tick", default=1.0, show_default=True, help="Seconds between looks for what is due; 0: a conductor says when."
)
@click.option(
    "--stalled", default=30.0, show_default=True, help="Seconds after which a dead worker's jobs are done again."
)
def worker_command(tick: float, stalled: float) -> None:
    """Do background work."""
    settings = settings_or_exit()
    logs.configure()
    background.quiet_libraries()
    database = Database(settings.database_url, pool_size=6, name="truckroll worker", info=session_info(settings))
    clock: Clock = SimulatedClock(database.engine) if settings.simulated else SystemClock()
    gateway = gateway_of(settings)
    sender = Sender(database=database, gateway=gateway, conninfo=_conninfo(settings.database_url), settings=settings)
    pace = background.Pace(
        tick=tick,
        poll=0.2 if settings.simulated else 0.5,
        heartbeat=max(stalled / 6, 0.5),
        stalled=stalled,
        finish=1.5 if settings.demo else 10.0,
    )
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asyncio.run(
        background.run(background.Worker(database, clock, gateway, sender), _conninfo(settings.database_url), pace)
    )


def _conninfo(url: str) -> str:
    """Return an address of SQLAlchemy as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@click.command("fake-twilio")
@click.option("--port", required=True, type=int)
@click.option(
    "--file", "store", required=True, type=click.Path(dir_okay=False), help="Where the provider keeps its messages."
)
def fake_twilio_command(port: int, store: str) -> None:
    """Be the local provider of text messages (127.0.0.1 only), with its page of telephones."""
    settings = settings_or_exit()
    if not settings.twilio.is_local:
        raise click.ClickException("The local provider does not run beside a real gateway: unset TRUCKROLL_TWILIO_API.")
    serve_fake_twilio(port=port, store=store, twilio=settings.twilio, public_url=settings.public_url)
