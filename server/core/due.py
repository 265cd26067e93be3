"""What falls due: rows with a due instant, and the sweeps that find them when they are given `now`.

Nothing sleeps until an instant. A sweep can say when its next row falls due and can deal with what is
due; a ticker calls them. The same two questions let a rehearsal jump from one due instant to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from server.core.db import Database


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of thing that falls due.

    :param name: what metrics and logs call it.
    :param next_due: when the earliest waiting row falls due, or None if none waits.
    :param deal_with: handle at most a batch of what is due at an instant and return how many were handled. What
        it handled is not due any more; 0 means that nothing is left.
    """

    name: str
    next_due: Callable[[Session], datetime | None]
    deal_with: Callable[[Session, datetime], int]


def sweep_all(database: Database, sweeps: tuple[Sweep, ...], *, now: datetime) -> dict[str, int]:
    """Deal with everything due, a transaction a batch, and return how many rows each sweep handled.

    A sweep that fails does not hold up the others: its failure is raised after all were tried.

    :raises ExceptionGroup: with every failure.
    """
    handled: dict[str, int] = {}
    failures: list[Exception] = []
    for sweep in sweeps:
        handled[sweep.name] = 0
        try:
            while count := database.attempt(partial(_batch, sweep=sweep, now=now)):
                handled[sweep.name] += count
        except Exception as error:  # noqa: BLE001 - collected and raised below, so that one defect delays nothing else
            failures.append(error)
    if failures:
        raise ExceptionGroup("sweeps failed", failures)
    return handled


def _batch(session: Session, *, sweep: Sweep, now: datetime) -> int:
    return sweep.deal_with(session, now)


def next_due(session: Session, sweeps: tuple[Sweep, ...]) -> datetime | None:
    """Return the earliest instant at which any sweep has work."""
    instants = [at for sweep in sweeps if (at := sweep.next_due(session)) is not None]
    return min(instants, default=None)
