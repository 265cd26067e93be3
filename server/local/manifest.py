"""What a backup says about itself: the first member of its archive."""

import json
from dataclasses import asdict, dataclass

from server.local.catalogue import Name

FORMAT = 1
FILE_NAME = "manifest.json"


class BackupDamaged(Exception):
    """The file is no backup of ours, or not every byte of it is as it was written."""


@dataclass(frozen=True, slots=True)
class SavedTable:
    """A table's rows as one member of the archive, in the text form of COPY."""

    schema: str
    name: str
    columns: tuple[str, ...]
    member: str
    rows: int
    sha256: str

    @property
    def table(self) -> Name:
        """The table's name."""
        return Name(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class SavedSequence:
    """Where a sequence stood."""

    schema: str
    name: str
    last_value: int
    is_called: bool

    @property
    def sequence(self) -> Name:
        """The sequence's name."""
        return Name(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The schema's revision, the tables in the order they are to be filled, and the sequences."""

    revision: str
    tables: tuple[SavedTable, ...]
    sequences: tuple[SavedSequence, ...]

    @property
    def rows(self) -> int:
        """How many rows the backup holds in all."""
        return sum(table.rows for table in self.tables)

    def to_json(self) -> bytes:
        """Return the manifest as it stands in the archive."""
        return json.dumps({"product": "truckroll", "format": FORMAT, **asdict(self)}, indent=1).encode()


def from_json(text: bytes) -> Manifest:
    """Read a manifest.

    :raises BackupDamaged: if it is not one of ours or of a later format.
    """
    try:
        told = json.loads(text)
        if told["product"] != "truckroll" or told["format"] != FORMAT:
            raise BackupDamaged(f"this is not a backup of truckroll in format {FORMAT}")
        return Manifest(
            revision=str(told["revision"]),
            tables=tuple(SavedTable(**table | {"columns": tuple(table["columns"])}) for table in told["tables"]),
            sequences=tuple(SavedSequence(**sequence) for sequence in told["sequences"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"the backup's manifest cannot be read: {error}") from None
