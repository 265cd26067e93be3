"""Who may send a message: session advisory locks, all on one connection of its own per sending process.

The lock of a row lives exactly as long as the process that took it, or as its connection: a killed process leaves
its rows free at once, a frozen one keeps them, and one whose connection has broken must abandon them
(faults.md section 4, rule 2).
"""

import threading
from dataclasses import dataclass
from typing import Any

import psycopg

_NAMESPACE = 0x534D53
"""Keeps our keys apart from other advisory locks of the product."""
_PROBE = (1 << 40) - 1
_CONNECT_SECONDS = 10


def key_of(message_id: int) -> int:
    """Return the key of a message's advisory lock; 0 stands for the job that sends."""
    return (_NAMESPACE << 40) | message_id


class BehindPooler(RuntimeError):
    """The database is reached through a pooler that shares connections: session locks mean nothing there.

    Give the worker an address that leads to PostgreSQL itself, or to a pooler in session mode.
    """


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one message, as long as the connection lives that it was taken on."""

    message_id: int
    connection_number: int


class Ownership:
    """The rows that this process is sending. Threads may share it.

    :param conninfo: where PostgreSQL is, as libpq reads it.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._mutex = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._number = 0
        self._owned: set[int] = set()

    def claim(self, message_id: int) -> Claim | None:
        """Take the lock of a message, or return None if this or another process holds it.

        :raises psycopg.OperationalError: if the database cannot be reached.
        """
        with self._mutex:
            # The same connection is given its own lock again: what this process holds, it must know itself.
            if message_id in self._owned and self._lives():
                return None
            taken = self._ask("select pg_try_advisory_lock(%s)", key_of(message_id))
            if not taken:
                return None
            self._owned.add(message_id)
            return Claim(message_id, self._number)

    def holds(self, claim: Claim) -> bool:
        """Return whether a claim is still good: the connection it was taken on lives."""
        with self._mutex:
            return claim.connection_number == self._number and self._lives()

    def release(self, claim: Claim) -> None:
        """Give a lock back; one that was lost with its connection is gone already."""
        with self._mutex:
            if claim.connection_number != self._number or claim.message_id not in self._owned:
                return
            self._owned.discard(claim.message_id)
            try:
                self._ask("select pg_advisory_unlock(%s)", key_of(claim.message_id))
            except psycopg.OperationalError:
                self._forget()

    def close(self) -> None:
        """Give every lock back."""
        with self._mutex:
            self._forget()

    def _ask(self, query: str, key: int) -> bool:
        connection = self._open()
        try:
            row = connection.execute(query, (key,)).fetchone()
        except psycopg.OperationalError:
            self._forget()
            raise
        return bool(row and row[0])

    def _lives(self) -> bool:
        """Ask the connection; what it held is forgotten if it does not answer."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("select 1")
        except psycopg.OperationalError:
            self._forget()
            return False
        return True

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = self._connect()
            self._number += 1
            if self._number == 1:
                self._refuse_pooler(self._connection)
        return self._connection

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self._conninfo,
            autocommit=True,
            application_name="truckroll sender",
            connect_timeout=_CONNECT_SECONDS,
            keepalives_idle=30,
            options="-c idle_session_timeout=0 -c lock_timeout=5s",
        )

    def _refuse_pooler(self, connection: psycopg.Connection[Any]) -> None:
        """Find out whether a second connection is stopped by the first one's lock, as two sessions must be.

        :raises BehindPooler: otherwise.
        """
        connection.execute("select pg_advisory_lock(%s)", (key_of(_PROBE),))
        try:
            with self._connect() as other:
                row = other.execute("select pg_try_advisory_lock(%s)", (key_of(_PROBE),)).fetchone()
        finally:
            connection.execute("select pg_advisory_unlock(%s)", (key_of(_PROBE),))
        if row and row[0]:
            self._forget()
            raise BehindPooler

    def _forget(self) -> None:
        self._owned.clear()
        connection, self._connection = self._connection, None
        self._number += 1
        if connection is not None:
            connection.close()
