"""`truckroll worker`: background work."""

import asyncio
import signal

import click
from sqlalchemy.engine import make_url

from server import worker as background
from server.commands.settings import settings_or_exit
from server.config import BadSettings, Settings
from server.core import collector
from server.core.clock import Clock, SystemClock
from server.core.db import Database
from server.core.simulation import SimulatedClock
from server.dispatch.solver_process import Spare
from server.listening import session_info
from server.sms.gateways import gateway_of
from server.sms.sender import Sender
from server.travel.choice import source_of
from server.travel.sources import Source
from server.web import logs


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
    source = _source_or_exit(settings)
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
        warm_up=0.0 if settings.simulated else 5.0,
    )
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    collector.spare()
    worker = background.Worker(database, clock, gateway, sender, source, Spare())
    asyncio.run(background.run(worker, _conninfo(settings.database_url), pace))


def _source_or_exit(settings: Settings) -> Source | None:
    try:
        return source_of(settings)
    except BadSettings as error:
        raise click.ClickException(str(error)) from error


def _conninfo(url: str) -> str:
    """Return an address of SQLAlchemy as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
