"""CSV files of strangers: streamed in bounded memory, every defect told with its row."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

FIELD_LIMIT = 64 * 1024
"""Characters of one field; a longer one is refused, not read."""
_LINE_LIMIT = 1024 * 1024
"""Bytes of one physical line: a line without end must not fill the memory."""
_TOTAL_LIMIT = 1024 * 1024 * 1024
"""Bytes of a file after decompression."""
ROW_LIMIT = 100_000
"""Rows of one file; more are imported in several files."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row, by a code that the edges translate.

    :param row: 1 is the first row after the header; 0 is the file as a whole.
    """

    row: int
    code: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is written: encoding, delimiter, the columns that must be there, and those that may be."""

    encoding: str
    delimiter: str
    columns: frozenset[str]
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row by the names of its columns."""

    number: int
    values: dict[str, str]


class FileRefused(Exception):
    """The file cannot be read at all, or not further; `error` says why and where."""

    def __init__(self, error: RowError) -> None:
        super().__init__(error.code)
        self.error = error


class Watch(Protocol):
    """Told how many bytes of the file, as it lies on the disk, have been read."""

    def __call__(self, position: int) -> None:
        """Take the position."""
        ...


def rows(path: Path, layout: Layout, *, watch: Watch | None = None) -> Iterator[Row | RowError]:
    """Yield each row of a file, or what is wrong with it; `.gz` is decompressed on the way.

    Memory stays flat whatever the file holds.

    :raises FileRefused: when reading further makes no sense: no header, absent columns, a line or field
        without end, too many rows or bytes, a damaged archive.
    """
    with path.open("rb") as raw:
        source: BinaryIO = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw  # type: ignore[assignment]
        reading = _Reading(source, layout)
        csv.field_size_limit(FIELD_LIMIT)
        records = csv.reader(reading.lines(), delimiter=layout.delimiter, strict=True)
        try:
            header = _header(records, reading)
            reading.at = 1
            for record in records:
                if watch is not None:
                    watch(raw.tell())
                yield _row(reading, header, record)
                reading.at += 1
        except csv.Error as error:
            raise FileRefused(RowError(reading.at, _code_of(error))) from error
        except (EOFError, OSError, zlib.error) as error:
            raise FileRefused(RowError(reading.at, "damaged_archive")) from error


def _code_of(error: csv.Error) -> str:
    """Return what the library means by the words of its only exception."""
    words = str(error)
    if "field larger" in words:
        return "field_too_long"
    return "broken_lines" if "new-line" in words else "broken_quotes"


def _header(records: Iterator[list[str]], reading: "_Reading") -> list[str]:
    layout = reading.layout
    header = [name.strip() for name in next(records, [])]
    if reading.undecodable:
        raise FileRefused(RowError(0, "wrong_encoding", value=layout.encoding))
    if not any(header):
        raise FileRefused(RowError(0, "no_header"))
    absent = sorted(layout.columns - set(header))
    if absent:
        raise FileRefused(RowError(0, "columns_absent", field=", ".join(absent), value=", ".join(header)[:200]))
    repeated = sorted({name for name in header if header.count(name) > 1} & (layout.columns | layout.optional))
    if repeated:
        raise FileRefused(RowError(0, "columns_repeated", field=", ".join(repeated)))
    return header


def _row(reading: "_Reading", header: list[str], record: list[str]) -> Row | RowError:
    number = reading.at
    if number > ROW_LIMIT:
        raise FileRefused(RowError(number, "too_many_rows", value=str(ROW_LIMIT)))
    if reading.undecodable:
        reading.undecodable = False
        return RowError(number, "wrong_encoding", value=reading.layout.encoding)
    if len(record) != len(header):
        return RowError(number, "ragged", value=f"{len(record)}/{len(header)}")
    if any("\x00" in value for value in record):
        return RowError(number, "nul_character")
    return Row(number, dict(zip(header, record, strict=True)))


class _Reading:
    """Decodes line by line, so that a defect can be told with its row, and counts what was decompressed."""

    def __init__(self, source: BinaryIO, layout: Layout) -> None:
        self.layout = layout
        self.at = 0
        """The row that is being read; 0 is the header."""
        self.undecodable = False
        self._source = io.BufferedReader(source, 256 * 1024) if isinstance(source, io.RawIOBase) else source
        self._total = 0

    def lines(self) -> Iterator[str]:
        """Yield decoded lines.

        :raises FileRefused: at a line without end, or when the file is too large.
        """
        first = True
        while line := self._source.readline(_LINE_LIMIT + 1):
            self._total += len(line)
            if len(line) > _LINE_LIMIT:
                raise FileRefused(RowError(self.at, "field_too_long"))
            if self._total > _TOTAL_LIMIT:
                raise FileRefused(RowError(self.at, "too_many_bytes"))
            if first:
                first = False
                if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise FileRefused(RowError(0, "wrong_encoding", value="UTF-16"))
                line = line.removeprefix(b"\xef\xbb\xbf")
            yield self._decoded(line)

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode(self.layout.encoding)
        except UnicodeDecodeError:
            self.undecodable = True
            return line.decode(self.layout.encoding, errors="replace")
