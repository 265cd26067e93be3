"""What the code of a revision asks of its tables, and clerks who ask it fifty times a second."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from server.local.cluster import APPLICATION
from tests.databases import MadeDatabase
from tests.faults import filled
from tests.faults.filled import Column

PACE_SECONDS = 0.02
"""Between two requests of the old code: fifty a second."""
CLERKS = 4


def old_requests(made: MadeDatabase) -> list[sql.Composed]:
    """Return what the code of this revision asks: it names every column it knows, and none that comes later.

    Of each table a list is read, and a row is written and inserted again with the values it has: that breaks where
    a new column must be given, an old one has gone, or a right was taken away, and changes nothing where it works.
    """
    with filled.connect(made.owner_url) as connection:
        known, keys = filled.columns(connection), filled.keys(connection)
        asked = []
        for table in sorted({column.table for column in known}):
            own = [column for column in known if column.table == table]
            asked.append(_list(table, own, keys[table]))
            if _may(connection, table, "insert"):
                asked.append(_insert(table, own, keys[table]))
            if _may(connection, table, "update"):
                asked.append(_update(table, own, keys[table]))
        return asked


def _may(connection: psycopg.Connection[tuple[object, ...]], table: str, right: str) -> bool:
    query = "select has_table_privilege(%s, quote_ident(%s), %s)"
    return connection.execute(query, (APPLICATION, table, right)).fetchone() == (True,)


def _named(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _list(table: str, own: list[Column], key: list[str]) -> sql.Composed:
    names = _named([column.name for column in own])
    return sql.SQL("select {} from {} order by {} limit 20").format(names, sql.Identifier(table), _named(key))


def _insert(table: str, own: list[Column], key: list[str]) -> sql.Composed:
    names = _named([column.name for column in own if column.written])
    return sql.SQL("insert into {0} ({1}) select {1} from {0} order by {2} limit 1 on conflict do nothing").format(
        sql.Identifier(table), names, _named(key)
    )


def _update(table: str, own: list[Column], key: list[str]) -> sql.Composed:
    written = [sql.Identifier(column.name) for column in own if column.written and column.name not in key]
    return sql.SQL("update {0} set {1} where ({2}) = (select {2} from {0} order by {2} limit 1)").format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.SQL("{0} = {0}").format(name) for name in written or [sql.Identifier(key[0])]),
        _named(key),
    )


def as_the_web_connects(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection with the time-outs of the product's own."""
    return psycopg.connect(url, autocommit=True, options="-c timezone=UTC -c lock_timeout=5s")


def tried_one_by_one(url: str, asked: list[sql.Composed]) -> list[str]:
    """Ask everything once and return what failed."""
    failed = []
    with as_the_web_connects(url) as connection:
        for statement in asked:
            try:
                connection.execute(statement)
            except psycopg.Error as error:
                failed.append(f"{error.sqlstate} {error} in {statement.as_string()}")
    return failed


class Work:
    """What clerks on the old code ask, how often, and how it went."""

    def __init__(self, url: str, asked: list[sql.Composed]) -> None:
        self._url, self._asked = url, asked
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLERKS)]
        self.done = 0
        self.slowest = 0.0
        self.failures: list[str] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, number: int) -> None:
        """Ask at fixed instants, whether or not the request before took long."""
        with as_the_web_connects(self._url) as connection:
            turn = number
            while not self._ended.wait(max(0.0, self._began + turn * PACE_SECONDS - time.monotonic())):
                statement = self._asked[turn % len(self._asked)]
                asked_at = time.monotonic()
                try:
                    connection.execute(statement).close()
                except psycopg.Error as error:
                    self.failures.append(f"{error.sqlstate} {error} in {statement.as_string()}")
                self.slowest = max(self.slowest, time.monotonic() - asked_at)
                self.done += 1
                turn += CLERKS


@contextmanager
def clerks(url: str, asked: list[sql.Composed]) -> Iterator[Work]:
    """Let clerks work with the old code for the length of a block."""
    work = Work(url, asked)
    work.start()
    try:
        yield work
    finally:
        work.end()
