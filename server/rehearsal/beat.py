"""Simulated time: moved by the conductor alone, and the question whether everything has come to rest."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.core import due, jobs
from server.core.db import Database, is_gone
from server.core.simulation import Simulation
from server.listening import SWEEPS

T = TypeVar("T")

_HOUSEKEEPING = frozenset({"retention"})
"""Sweeps that nobody's day depends on: they ride along with the others, time does not stop for them."""
_PATIENCE_SECONDS = 90.0
_PAUSE_SECONDS = 0.1
_NOBODY_COMES_SECONDS = 0.1
_LEFT_UNDER_WAY_SECONDS = 2.0
_LOOKS_SECONDS = (0.002, 0.004, 0.006, 0.008, 0.01)
_STATE = (
    "select (select count(*) from procrastinate_jobs where status in ('todo', 'doing')),"
    " (select count(*) from outbox_message where status = 'waiting' and due_at <= %s),"
    " (select count(*) from outbox_message where status = 'sending'),"
    " (select count(*) from inbound_message where handled_at is null),"
    " (select string_agg(distinct task_name, ', ') from procrastinate_jobs where status in ('failed', 'aborted')),"
    " (select max(id) from message_notice)"
)


class JobFailed(RuntimeError):
    """A background job was given up: what it had to do is lost, and no balance can add up."""


class NotAtRest(RuntimeError):
    """Something was still going on after a long time; the text says how much of what."""


@dataclass(frozen=True, slots=True)
class Unrest:
    """What is still going on."""

    jobs: int
    messages: int
    sending: int
    texts: int
    provider: int

    @property
    def is_over(self) -> bool:
        """Return whether nothing goes on."""
        return not (self.jobs or self.messages or self.sending or self.texts or self.provider)

    @property
    def waits_for_a_sweep(self) -> bool:
        """Return whether nobody is going to send what is due: its job ran a moment too early."""
        return bool(self.messages) and not self.jobs

    @property
    def waits_for_time(self) -> bool:
        """Return whether all that is left was under way when its sender was killed: looked up some minutes later."""
        return bool(self.sending) and not (self.jobs or self.messages or self.texts or self.provider)


class Beat:
    """The conductor's hand on the clock: a connection of the owner, who alone may move it.

    ``now`` is the present instant, ``moves`` how often it was moved; ``notices`` grows with every message that the
    provider has brought to a telephone.
    """

    def __init__(self, owner_url: str, *, begins_at: datetime, provider_pending: Callable[[], int]) -> None:
        """Begin at an instant.

        :param provider_pending: how many web hooks the provider still has to deliver.
        """
        self._database = Database(owner_url, pool_size=1, name="truckroll conductor")
        self._url = owner_url
        self._eye: psycopg.Connection[tuple[Any, ...]] | None = None
        self._provider_pending = provider_pending
        self._sweeps = tuple(sweep for sweep in SWEEPS if sweep.name not in _HOUSEKEEPING)
        self.now = begins_at
        self.moves = 0
        self.notices = 0

    def next_due(self) -> datetime | None:
        """Return when the earliest waiting row of the product falls due."""
        return self.transaction(lambda session: due.next_due(session, self._sweeps))

    def move_to(self, instant: datetime, *, sweep: bool) -> None:
        """Make it later, and where something is due then, have it dealt with: in one transaction.

        :raises ValueError: if the instant is earlier than the present one.
        """
        if instant < self.now:
            raise ValueError("time does not run backwards")

        def work(session: Session) -> None:
            session.execute(update(Simulation).values(at=instant))
            if sweep:
                _enqueue_sweep(session)

        self.transaction(work)
        self.now = instant
        self.moves += 1

    def settle(self, *, within: float = 120.0) -> None:
        """Wait until no job waits or runs, no message is about to leave, no text is unread.

        A message that a killed sender left under way does not hold time up: only later is it looked up.

        :param within: seconds of real time without any change after which it is given up.
        :raises NotAtRest: then.
        :raises JobFailed: if a job was given up.
        """
        looks = 0
        last, since = None, time.monotonic()
        while not (unrest := self._unrest()).is_over:
            unchanged = time.monotonic() - since
            if unrest != last:
                last, since = unrest, time.monotonic()
            elif unrest.waits_for_time and unchanged > _LEFT_UNDER_WAY_SECONDS:
                return
            elif unrest.waits_for_a_sweep and unchanged > _NOBODY_COMES_SECONDS:
                self._sweep()
                last = None
            elif unchanged > within:
                raise NotAtRest(f"still going on after {within:g} s: {unrest}")
            time.sleep(_LOOKS_SECONDS[min(looks, len(_LOOKS_SECONDS) - 1)])
            looks += 1

    def _unrest(self) -> Unrest:
        found = self._in_database()
        if not found.is_over:
            return found
        # What the provider hands over is a row before it is off its books: so it is asked between two looks.
        provider = self._provider_pending()
        found = self._in_database()
        return replace(found, provider=provider)

    def _in_database(self) -> Unrest:
        waiting, messages, sending, texts, given_up, notices = self._look()
        if given_up is not None:
            raise JobFailed(f"given up: {given_up}; the worker's log says why")
        self.notices = notices or 0
        return Unrest(jobs=waiting, messages=messages, sending=sending, texts=texts, provider=0)

    def _look(self) -> tuple[Any, ...]:
        """Look at the state: thousands of times in a rehearsal, so past the mapper and without a transaction."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                if self._eye is None or self._eye.closed:
                    self._eye = psycopg.connect(self._url, autocommit=True, application_name="truckroll conductor")
                row = self._eye.execute(_STATE, (self.now,)).fetchone()
            except psycopg.OperationalError:
                if time.monotonic() > give_up_at:
                    raise
                self._blink()
                time.sleep(_PAUSE_SECONDS)
            else:
                assert row is not None
                return row

    def _blink(self) -> None:
        if self._eye is not None:
            self._eye.close()
            self._eye = None

    def _sweep(self) -> None:
        self.transaction(_enqueue_sweep)

    def transaction(self, work: Callable[[Session], T]) -> T:
        """Do something as the owner, again and again while PostgreSQL is being started again.

        :raises DBAPIError: if it stays away for a minute and a half.
        """
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return self._database.attempt(work)
            except DBAPIError as error:
                if not is_gone(error) or time.monotonic() > give_up_at:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """Leave the database."""
        self._blink()
        self._database.dispose()


def _enqueue_sweep(session: Session) -> None:
    jobs.enqueue(session, "sweep", lock="sweep", once="sweep")
