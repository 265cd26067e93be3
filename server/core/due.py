"""What falls due: rows with a due instant, and the sweeps that find them when they are given `now`.

Nothing sleeps until an instant. A sweep can say when its next row falls due and can deal with what is
due; a ticker calls them. The same two questions let a rehearsal jump from one due instant to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.core.db import Database, is_gone


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of thing that falls due.

    :param name: what metrics and logs call it.
    :param earliest: asks for the instant that decides when the earliest waiting row falls due; NULL if none waits.
    :param after: how long after that instant it falls due.
    :param deal_with: handle at most a batch of what is due at an instant and return how many were handled. What
        it handled is not due any more; 0 means that nothing is left.
    """

    name: str
    earliest: Select[Any]
    deal_with: Callable[[Session, datetime], int]
    after: timedelta = timedelta(0)

    def next_due(self, session: Session) -> datetime | None:
        """Return when the earliest waiting row falls due, or None if none waits."""
        return next_due(session, (self,))


def sweep_all(database: Database, sweeps: tuple[Sweep, ...], *, now: datetime) -> dict[str, int]:
    """Deal with everything due, a transaction a batch, and return how many rows each sweep handled.

    One statement says which sweeps have work; they are asked again as long as one of them handled something, because
    what one does may make something due for another. A sweep that fails does not hold up the others: its failure is
    raised after all were tried. A database that has gone away ends them all.

    :raises ExceptionGroup: with every failure.
    :raises DBAPIError: if the database is gone; what was not dealt with is still due.
    """
    handled = {sweep.name: 0 for sweep in sweeps}
    failures: dict[str, Exception] = {}
    while True:
        with database.glance() as session:
            waiting = [sweep for sweep in _due(session, sweeps, now=now) if sweep.name not in failures]
        before = sum(handled.values())
        for sweep in waiting:
            try:
                while count := database.attempt(partial(_batch, sweep=sweep, now=now)):
                    handled[sweep.name] += count
            except Exception as error:
                # Collected and raised below, so that one defect delays nothing else.
                if isinstance(error, DBAPIError) and is_gone(error):
                    raise
                failures[sweep.name] = error
        if sum(handled.values()) == before:
            break
    if failures:
        raise ExceptionGroup("sweeps failed", list(failures.values()))
    return handled


def _batch(session: Session, *, sweep: Sweep, now: datetime) -> int:
    return sweep.deal_with(session, now)


def next_due(session: Session, sweeps: tuple[Sweep, ...]) -> datetime | None:
    """Return the earliest instant at which any sweep has work: one statement for all, for it is asked every second."""
    return min((at for at in _instants(session, sweeps) if at is not None), default=None)


def _due(session: Session, sweeps: tuple[Sweep, ...], *, now: datetime) -> list[Sweep]:
    instants = _instants(session, sweeps)
    return [sweep for sweep, at in zip(sweeps, instants, strict=True) if at is not None and at <= now]


def _instants(session: Session, sweeps: tuple[Sweep, ...]) -> list[datetime | None]:
    """Return when the earliest waiting row of each sweep falls due."""
    found = session.execute(_earliest(sweeps)).one()
    return [None if at is None else at + sweep.after for at, sweep in zip(found, sweeps, strict=True)]


@cache
def _earliest(sweeps: tuple[Sweep, ...]) -> Select[*tuple[Any, ...]]:
    return select(*(sweep.earliest.scalar_subquery().label(f"sweep_{place}") for place, sweep in enumerate(sweeps)))
