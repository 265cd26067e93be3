"""Recompute what must hold, from a rehearsal's folder or from a database alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from server.local.postgres import EmbeddedPostgres
from server.rehearsal import invariants, logs
from server.rehearsal.invariants import Violations
from server.rehearsal.witness import Witness

_OWNER = "truckroll"


class NotARehearsalsFolder(ValueError):
    """There is no kept rehearsal in that folder."""


def verify(place: str) -> list[Violations]:
    """Return what violates each invariant.

    :param place: the folder of a kept rehearsal, or the address of its database; without the folder there are no
        witnesses outside the product, and what needs them is left out.
    :raises NotARehearsalsFolder: if it is neither.
    """
    if "://" in place:
        with connected(place) as connection:
            return invariants.check(connection, witnessed=False)
    folder = Path(place)
    if not (folder / "postgres").is_dir():
        raise NotARehearsalsFolder(f"{place} is no folder of a rehearsal")
    with EmbeddedPostgres(folder / "postgres") as postgres, connected(postgres.url(role=_OWNER)) as connection:
        return check(connection, folder)


def check(connection: Connection, folder: Path) -> list[Violations]:
    """Return what violates each invariant of a rehearsal's database and folder."""
    witness = Witness(folder)
    witness.load(connection)
    found = invariants.check(connection, witnessed=True)
    return [
        *found,
        logs.look(logs.of(folder), connection=connection, secrets=witness.secrets(), texts=witness.texts()),
    ]


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Open a connection of the owner that changes nothing: all is rolled back."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
            connection.rollback()
    finally:
        engine.dispose()
