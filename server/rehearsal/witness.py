"""What the conductor and the provider saw, kept outside the product: what its rows are compared with."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

_REPORTED = "reported.jsonl"
_SECRETS = "secrets_of_people.jsonl"
_PROVIDER = "provider.sqlite"
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Witness:
    """The notes of a rehearsal in its folder; written before the deed, so that no crash can lose a note."""

    folder: Path

    def reported(self, source: str, key: str) -> None:
        """Note that somebody reports something; the same again is the same report."""
        self._note(_REPORTED, {"source": source, "key": key})

    def secret(self, value: str) -> None:
        """Note something that must never stand in a log."""
        self._note(_SECRETS, {"value": value})

    def secrets(self) -> list[str]:
        """Return what must never stand in a log."""
        return [str(row["value"]) for row in self._notes(_SECRETS)]

    def reports(self) -> list[tuple[str, str]]:
        """Return source and key of every report that was made."""
        return list(dict.fromkeys((str(row["source"]), str(row["key"])) for row in self._notes(_REPORTED)))

    def _note(self, name: str, row: dict[str, str]) -> None:
        file = self.folder / name
        with file.open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(row) + "\n")
        file.chmod(0o600)

    def _notes(self, name: str) -> Iterator[dict[str, object]]:
        file = self.folder / name
        if file.exists():
            with file.open(encoding="utf-8") as notes:
                yield from map(json.loads, notes)

    def load(self, connection: Connection) -> None:
        """Put what the witnesses saw into temporary tables of a connection, to be compared there."""
        connection.execute(text("create temporary table reported (source text not null, key text not null)"))
        _fill(
            connection,
            "insert into reported values (:source, :key)",
            [{"source": source, "key": key} for source, key in self.reports()],
        )
        connection.execute(
            text(
                "create temporary table provider_message (sid text not null, direction text not null, outbox_id bigint)"
            )
        )
        _fill(connection, "insert into provider_message values (:sid, :direction, :outbox_id)", self._provider())

    def _provider(self) -> list[dict[str, object]]:
        with sqlite3.connect(f"file:{self.folder / _PROVIDER}?mode=ro", uri=True) as file:
            rows = file.execute("select sid, direction, callback from message order by n").fetchall()
        return [
            {
                "sid": sid,
                "direction": "in" if direction == "inbound" else "out",
                "outbox_id": int(callback.rsplit("/", 1)[-1]) if callback else None,
            }
            for sid, direction, callback in rows
        ]

    def texts(self) -> Iterator[str]:
        """Return every text that the provider has seen, both ways: codes and links in them are secrets."""
        with sqlite3.connect(f"file:{self.folder / _PROVIDER}?mode=ro", uri=True) as file:
            yield from (str(row[0]) for row in file.execute("select body from message"))

    @property
    def is_there(self) -> bool:
        """Return whether there are notes in the folder at all."""
        return (self.folder / _REPORTED).exists() and (self.folder / _PROVIDER).exists()


def _fill(connection: Connection, statement: str, rows: Iterable[dict[str, object]]) -> None:
    made = list(rows)
    for start in range(0, len(made), _BATCH):
        connection.execute(text(statement), made[start : start + _BATCH])
