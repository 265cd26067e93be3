"""What the provider keeps: messages both ways, web hooks to be delivered, names of telephones. One SQLite file."""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TABLES = """
create table if not exists message (
    n integer primary key autoincrement, sid text not null unique, direction text not null, phone text not null,
    ours text not null, body text not null, status text not null, error_code integer, callback text,
    created_at real not null, updated_at real not null);
create index if not exists message_phone on message (phone, n);
create table if not exists hook (
    id integer primary key autoincrement, phone text not null, url text not null, fields text not null,
    due_at real not null, tries integer not null default 0);
create index if not exists hook_phone on hook (phone, id);
create table if not exists telephone (phone text primary key, name text not null, kind text not null);
create table if not exists stopped (phone text primary key);
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One text, to a telephone (`outbound-api`) or from it (`inbound`)."""

    n: int
    sid: str
    direction: str
    phone: str
    ours: str
    body: str
    status: str
    error_code: int | None
    callback: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_inbound(self) -> bool:
        """Return whether the telephone sent it."""
        return self.direction == "inbound"


@dataclass(frozen=True, slots=True)
class Hook:
    """A web hook that waits to be delivered."""

    id: int
    url: str
    fields: dict[str, str]
    tries: int


@dataclass(frozen=True, slots=True)
class Telephone:
    """A telephone that has a name or a message."""

    phone: str
    name: str
    kind: str
    last: Message | None


class Store:
    """The provider's file. Threads share one connection, one at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.executescript("pragma journal_mode = wal; pragma synchronous = normal;" + _TABLES)
        self.changed = threading.Condition()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def _tell(self) -> None:
        """Wake whoever waits for a text or for a web hook to deliver."""
        with self.changed:
            self.changed.notify_all()

    def add(
        self, *, direction: str, phone: str, ours: str, body: str, status: str, callback: str | None = None
    ) -> Message:
        """Keep a text and return it with its id."""
        sid, at = f"SM{secrets.token_hex(16)}", time.time()
        with self._writing() as db:
            db.execute(
                "insert into message (sid, direction, phone, ours, body, status, callback, created_at, updated_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (sid, direction, phone, ours, body, status, callback, at, at),
            )
        self._tell()
        return self.message(sid)

    def message(self, sid: str) -> Message:
        """Return a text.

        :raises KeyError: if there is none of that id.
        """
        found = self._messages("where sid = ?", (sid,))
        if not found:
            raise KeyError(sid)
        return found[0]

    def listed(self, *, to: str | None, sender: str | None, skip: int, most: int) -> list[Message]:
        """Return texts, newest first."""
        clauses, values = [], []
        if to is not None:
            clauses.append("((direction = 'outbound-api' and phone = ?) or (direction = 'inbound' and ours = ?))")
            values += [to, to]
        if sender is not None:
            clauses.append("((direction = 'outbound-api' and ours = ?) or (direction = 'inbound' and phone = ?))")
            values += [sender, sender]
        where = f"where {' and '.join(clauses)}" if clauses else ""
        return self._messages(f"{where} order by n desc limit ? offset ?", (*values, most, skip))

    def after(self, n: int, *, phone: str | None = None, most: int = 1000) -> list[Message]:
        """Return texts that came after the n-th, oldest first."""
        if phone is None:
            return self._messages("where n > ? order by n limit ?", (n, most))
        return self._messages("where n > ? and phone = ? order by n limit ?", (n, phone, most))

    def sent_to(self, phone: str) -> int:
        """Return how many texts a telephone was sent."""
        with self._lock:
            query = "select count(*) from message where phone = ? and direction = 'outbound-api'"
            return int(self._db.execute(query, (phone,)).fetchone()[0])

    def move(self, sid: str, *, status: str, error_code: int | None = None) -> None:
        """Change what became of a text."""
        with self._writing() as db:
            values = (status, error_code, time.time(), sid)
            db.execute("update message set status = ?, error_code = ?, updated_at = ? where sid = ?", values)

    def owe(self, *, phone: str, url: str, fields: dict[str, str], after_seconds: float = 0.0) -> None:
        """Keep a web hook until it is delivered."""
        with self._writing() as db:
            values = (phone, url, json.dumps(fields), time.time() + after_seconds)
            db.execute("insert into hook (phone, url, fields, due_at) values (?, ?, ?, ?)", values)
        self._tell()

    def next_hook(self, *, lane: int, lanes: int) -> Hook | None:
        """Return the oldest web hook that may be delivered now by a lane: a telephone's go by one, in order."""
        with self._lock:
            rows = self._db.execute(
                "select id, url, fields, tries, phone from hook h where due_at <= ?"
                " and not exists (select 1 from hook e where e.phone = h.phone and e.id < h.id) order by id",
                (time.time(),),
            ).fetchall()
        for hook_id, url, fields, tries, phone in rows:
            if int(phone[-4:]) % lanes == lane:
                return Hook(hook_id, url, json.loads(fields), tries)
        return None

    def delivered(self, hook: Hook) -> None:
        """Forget a web hook that was delivered, or that the other side does not want."""
        with self._writing() as db:
            db.execute("delete from hook where id = ?", (hook.id,))

    def postpone(self, hook: Hook, *, seconds: float) -> None:
        """Try a web hook again later."""
        with self._writing() as db:
            values = (time.time() + seconds, hook.tries + 1, hook.id)
            db.execute("update hook set due_at = ?, tries = ? where id = ?", values)

    def owed(self) -> int:
        """Return how many web hooks wait."""
        with self._lock:
            return int(self._db.execute("select count(*) from hook").fetchone()[0])

    def is_stopped(self, phone: str) -> bool:
        """Return whether a telephone's owner has told the carrier to stop us."""
        with self._lock:
            return self._db.execute("select 1 from stopped where phone = ?", (phone,)).fetchone() is not None

    def stop(self, phone: str, *, stopped: bool) -> None:
        """Keep that a telephone's owner wants no more, or wants them again."""
        with self._writing() as db:
            change = "insert or ignore into stopped values (?)" if stopped else "delete from stopped where phone = ?"
            db.execute(change, (phone,))

    def name(self, phone: str, *, name: str, kind: str) -> None:
        """Keep whose telephone it is, to be shown on the page."""
        with self._writing() as db:
            db.execute("insert or replace into telephone values (?, ?, ?)", (phone, name, kind))

    def telephones(self) -> list[Telephone]:
        """Return every telephone: those with messages first, the latest on top."""
        last = {
            message.phone: message
            for message in self._messages("where n in (select max(n) from message group by phone) order by n desc", ())
        }
        with self._lock:
            named = {row[0]: (row[1], row[2]) for row in self._db.execute("select * from telephone order by name")}
        found = [Telephone(phone, *named.get(phone, ("", "")), message) for phone, message in last.items()]
        return found + [Telephone(phone, *named[phone], None) for phone in named if phone not in last]

    def telephone(self, phone: str) -> Telephone:
        """Return one telephone, known or not."""
        with self._lock:
            row = self._db.execute("select name, kind from telephone where phone = ?", (phone,)).fetchone()
        name, kind = row or ("", "")
        return Telephone(phone, name, kind, None)

    def _messages(self, rest: str, values: Sequence[Any]) -> list[Message]:
        columns = "n, sid, direction, phone, ours, body, status, error_code, callback, created_at, updated_at"
        with self._lock:
            # `rest` is always written here, in this class; what comes from outside is in `values`.
            rows = self._db.execute(f"select {columns} from message {rest}", values).fetchall()  # noqa: S608
        return [_message(row) for row in rows]


def _message(row: Sequence[Any]) -> Message:
    n, sid, direction, phone, ours, body, status, error_code, callback, created_at, updated_at = row
    made, moved = _instant(created_at), _instant(updated_at)
    return Message(n, sid, direction, phone, ours, body, status, error_code, callback, made, moved)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
