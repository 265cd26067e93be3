"""Background work: the job runner, the ticker that finds what is due, the rescue of stalled jobs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.conversation import reading
from server.core import clock, due, jobs
from server.core.clock import Clock
from server.core.db import Database, is_gone
from server.dispatch import plans
from server.dispatch.solver_process import Spare
from server.listening import SWEEPS
from server.sms.gateways import Gateway
from server.sms.sender import Sender
from server.travel.sources import Source

log = structlog.get_logger(__name__)

_THREADS = 4
_RETRIES = RetryStrategy(max_attempts=5, exponential_wait=2)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the worker looks, in seconds of real time. Tests and rehearsals look more often.

    :param tick: how often due rows are looked for; 0 leaves that to a conductor, who enqueues the sweep himself.
    :param poll: how long a freed lock may go unnoticed: the library wakes the worker for new jobs only.
    :param heartbeat: how often the worker says that it lives.
    :param finish: how long jobs that have begun may go on when the worker is told to stop.
    :param warm_up: how long after its start the worker loads a solver process for the first plan.
    :param stalled: how long after its worker's last sign of life a job counts as stalled and is done again.
    """

    tick: float = 1.0
    poll: float = 0.5
    heartbeat: float = 5.0
    stalled: float = 30.0
    finish: float = 10.0
    warm_up: float = 5.0


@dataclass(frozen=True, slots=True)
class Worker:
    """What jobs need: the database, the clock, the way out for messages, and who knows the streets.

    :param source: travel times better than each region's model, where the installation has them.
    :param spare: the solver process that waits for the next plan; without one each plan starts its own.
    """

    database: Database
    clock: Clock
    gateway: Gateway
    sender: Sender
    source: Source | None = None
    spare: Spare | None = None

    def solve(self, plan_id: int) -> None:
        """Compute a plan."""
        plans.solve(self.database, plan_id=plan_id, clock=self.clock, source=self.source, spare=self.spare)

    def send(self) -> None:
        """Send every message that is due."""
        self._at(lambda now: self.sender.send_due(now=now))

    def read(self, inbound_id: int) -> None:
        """Find out what an incoming text means, and do it."""
        self._at(
            lambda now: self.database.attempt(lambda session: reading.read(session, inbound_id=inbound_id, now=now))
        )

    def sweep(self) -> None:
        """Deal with everything that is due.

        A sweep is never tried again for itself: what it did not get to is still due, and the next one finds it. So a
        database that goes away in the middle is no failure of the sweep.
        """
        try:
            self._at(lambda now: due.sweep_all(self.database, SWEEPS, now=now))
        except DBAPIError as error:
            if not is_gone(error):
                raise
            log.warning("the database went away during a sweep; the next one goes on")

    def _at(self, work: Callable[[datetime], object]) -> None:
        with clock.reading(self.clock) as now:
            work(now)

    def is_something_due(self) -> bool:
        """Return whether any sweep has work at this instant."""
        now = self.clock.read()
        with self.database.transaction() as session:
            at = due.next_due(session, SWEEPS)
        return at is not None and at <= now

    def enqueue_sweep(self) -> None:
        """Write the job that deals with what is due, unless one waits already."""
        with self.database.transaction() as session:
            jobs.enqueue(session, "sweep", lock="sweep", once="sweep")


def runner(worker: Worker, conninfo: str) -> App:
    """Return the job runner with every task of the product registered under its name."""
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=_THREADS + 2))
    app.task(name="dispatch.solve", retry=RetryStrategy(max_attempts=2))(worker.solve)
    app.task(name="sms.send", retry=_RETRIES)(worker.send)
    app.task(name="conversation.read", retry=_RETRIES)(worker.read)
    app.task(name="sweep", retry=False)(worker.sweep)
    return app


async def run(worker: Worker, conninfo: str, pace: Pace) -> None:
    """Work until a signal says stop; jobs that have begun may finish.

    :raises ConnectionError: if the database goes away: the supervisor starts the worker again.
    """
    app = runner(worker, conninfo)
    async with app.open_async():
        company = [asyncio.create_task(_rescue(app, pace))]
        if worker.spare is not None:
            company.append(asyncio.create_task(_warm_up(worker.spare, pace)))
        if pace.tick > 0:
            company.append(asyncio.create_task(_tick(worker, pace)))
        working = asyncio.create_task(
            app.run_worker_async(
                concurrency=_THREADS,
                fetch_job_polling_interval=pace.poll,
                update_heartbeat_interval=pace.heartbeat,
                stalled_worker_timeout=pace.stalled,
                shutdown_graceful_timeout=pace.finish,
                delete_jobs="successful",
            )
        )
        # Whichever ends first ends all: a worker whose ticker has died would look alive and miss everything due.
        done, _ = await asyncio.wait([working, *company], return_when=asyncio.FIRST_COMPLETED)
        for task in company:
            task.cancel()
        if working not in done:
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        for task in done:
            task.result()


async def _warm_up(spare: Spare, pace: Pace) -> None:
    """Have a solver process ready for the first plan, once everything else had time to come up; end it at the end."""
    try:
        await asyncio.sleep(pace.warm_up)
        await asyncio.to_thread(spare.prepare)
        await asyncio.Event().wait()
    finally:
        spare.close()


async def _tick(worker: Worker, pace: Pace) -> None:
    while True:
        if await asyncio.to_thread(worker.is_something_due):
            await asyncio.to_thread(worker.enqueue_sweep)
        await asyncio.sleep(pace.tick)


async def _rescue(app: App, pace: Pace) -> None:
    """Put the jobs of dead workers back: every task of ours may be done again."""
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=pace.stalled):
            log.warning("stalled job is done again", job=job.id, task=job.task_name)
            await app.job_manager.retry_job(job)
        await asyncio.sleep(max(pace.stalled / 3, 0.5))


def busy(database: Database) -> int:
    """Return how many jobs wait or run."""
    with database.engine.connect() as connection:
        return int(
            connection.execute(
                text("select count(*) from procrastinate_jobs where status in ('todo', 'doing')")
            ).scalar_one()
        )


def quiet_libraries() -> None:
    """Keep libraries from logging what they were given."""
    for name in ("procrastinate", "twilio", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
