"""The database: declarative base, column types, and transactions."""

import random
import select
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, sessionmaker
from sqlalchemy.sql.elements import conv

from server.core.errors import Unavailable

T = TypeVar("T")

Json = dict[str, Any]
"""A JSON object as a column; what is in it is described where the column is."""

_RETRIED = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the whole transaction is tried again (fault 31)."""
_GONE = ("08", "57P")
"""Classes of states that tell of a connection lost, of a server that stops or is not ready."""
_ATTEMPTS = 3


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant; a naive one is refused before it reaches the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC.

        :raises ValueError: if it is naive.
        """
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC, whatever zone the connection speaks."""
        return value.astimezone(UTC) if value is not None else None


class Seconds(TypeDecorator[timedelta]):
    """A duration, kept as whole seconds."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Return whole seconds."""
        return None if value is None else round(value.total_seconds())

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Return the duration."""
        return None if value is None else timedelta(seconds=value)


def _values(members: type[StrEnum]) -> list[str]:
    return [member.value for member in members]


@event.listens_for(Table, "after_parent_attach")
def _name_checks_of_enums(table: Table, _: object) -> None:
    """Name the CHECK of an enum by its column: two columns of one enum in a table would share a name otherwise."""
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint) and getattr(constraint, "_type_bound", False):
            (column,) = constraint.columns
            constraint.name = conv(f"ck_{table.name}_{column.name}_known")


class Base(DeclarativeBase):
    """The base of every table: named constraints, aware times, bigint identities, enums as checked text."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy as it stands
        datetime: UtcDateTime(),
        timedelta: Seconds(),
        int: BigInteger(),
        str: String(),
        Json: JSONB(none_as_null=True),
        StrEnum: Enum(StrEnum, native_enum=False, create_constraint=True, length=40, values_callable=_values),
    }


class Identified:
    """A table whose rows are known by a bigint identity."""

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)


class Versioned:
    """A table whose rows carry a version for If-Match; every UPDATE through the mapper raises it and checks it."""

    version: Mapped[int] = mapped_column(Integer, nullable=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - it is given the class
        """Tell the mapper which column counts."""
        return {"version_id_col": cls.version}


KEPT = "kept"
"""Under which the sessions of one database share what was read from rows that are never changed (policies)."""


class Database:
    """An engine with the one way to open a transaction.

    :param url: a PostgreSQL address; the role in it decides what may be done.
    :param info: what sessions carry along (the event handlers of the composition root).
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, name: str = "truckroll", info: dict[str, Any] | None = None
    ) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            # The connection that was used last knows most statements by heart.
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args={
                "application_name": name,
                "options": "-c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s",
                "connect_timeout": 10,
            },
        )
        event.listen(self.engine, "connect", _remember_statements)
        event.listen(self.engine, "checkout", _demand_alive)
        info = {**(info or {}), KEPT: {}}
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, info=info)
        event.listen(self._sessions, "loaded_as_persistent", _hold)
        event.listen(self._sessions, "pending_to_persistent", _hold)
        self._readers = sessionmaker(
            self.engine.execution_options(isolation_level="AUTOCOMMIT"), autoflush=False, info=info
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session, commit at the end, roll back on any exception."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """Open a session that only looks, a statement at a time, each seeing what is committed by then.

        It spares the two round trips of a transaction, for what every request asks: who is this, what time is it.
        """
        with self._readers() as session:
            yield session

    def attempt(self, work: Callable[[Session], T], *, races: Collection[str] = ()) -> T:
        """Do work in a transaction; try the whole again after a deadlock or serialization failure.

        :param races: names of unique constraints that it violates only if somebody else was a moment faster: tried
            again it finds what he has written.
        :raises Unavailable: if it failed three times.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if sqlstate(error) not in _RETRIED and violated(error) not in races:
                    raise
                if attempt == _ATTEMPTS:
                    raise Unavailable from error
                time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _hold(session: Session, row: object) -> None:
    """Let a session keep what it has read: by default a row that nobody refers to any more is read again.

    Several packages listen to one event, and each asks for the ticket's customer, place and technician.
    """
    session.info.setdefault(_HELD, []).append(row)


_HELD = "held rows"

_MOST_REMEMBERED = 1_000
"""Statements that a connection keeps prepared: there are some hundreds, and with the library's hundred they would push
each other out, which costs more than preparing nothing."""


def _remember_statements(connection: Any, _record: Any) -> None:
    connection.prepared_max = _MOST_REMEMBERED


def _demand_alive(connection: Any, _record: Any, _proxy: Any) -> None:
    """Refuse a pooled connection whose server has hung up; the pool then opens new ones (fault 68).

    On an idle connection there is nothing to read. Whatever is there, an end or last words, says that PostgreSQL has
    stopped: asking the socket finds the same as a question to the server, without a round trip for every checkout.

    :raises InvalidatePoolError: if it hung up.
    """
    if connection.closed or _is_readable(connection.pgconn.socket):
        raise InvalidatePoolError


def _is_readable(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def sqlstate(error: DBAPIError) -> str:
    """Return PostgreSQL's five-letter code of a failure, empty where there is none."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def is_gone(error: DBAPIError) -> bool:
    """Return whether the server, rather than the statement, is the trouble: it stops, is down, or comes up again."""
    if error.connection_invalidated:
        return True
    return isinstance(error, OperationalError) and (not sqlstate(error) or sqlstate(error).startswith(_GONE))


def violated(error: DBAPIError) -> str:
    """Return the name of the constraint that a statement violated, empty where there is none."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or "")
