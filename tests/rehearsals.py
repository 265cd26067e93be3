"""A small rehearsal for tests, played once for each test process that asks for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from server.rehearsal.balance import Balance
from server.rehearsal.rehearsing import Order, rehearsal

DAY = date(2026, 3, 24)
"""Close to the end of its month, so that the month is closed soon; its seven days do not reach into the next one."""


@dataclass(frozen=True, slots=True)
class Played:
    """A rehearsal that has been played and still stands."""

    folder: Path
    owner_url: str
    superuser_url: str
    balance: Balance


@contextmanager
def played(order: Order) -> Iterator[Played]:
    """Play a rehearsal, and hand out what stands at its end."""
    with rehearsal(order, say=lambda _: None) as (stage, balance):
        yield Played(
            folder=stage.folder,
            owner_url=stage.owner_url,
            superuser_url=stage.installation.postgres.url(role="postgres"),
            balance=balance,
        )


def balance_of(order: Order) -> Balance:
    """Play a rehearsal and return its balance, wherever it is called: in a process of its own as well."""
    with played(order) as rehearsal:
        return rehearsal.balance
