"""Save a whole database into one file, and bring it back.

The file is a ``.tar.gz`` of the tables' rows in the text form of COPY with a manifest in front. It needs
no program of PostgreSQL's, reads the same on every later server, and goes into a database that was
migrated to the same revision.
"""

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
from psycopg import Connection, sql

from server.local import catalogue
from server.local.catalogue import Catalogue, Name, Table
from server.local.manifest import FILE_NAME, BackupDamaged, Manifest, SavedSequence, SavedTable, from_json

_REVISIONS = "alembic_version"
_CHUNK_BYTES = 1 << 18
_LONGEST_MANIFEST_BYTES = 16 << 20

SEEDED = frozenset({"policy"})
"""Tables that a migration fills by itself; a restore replaces what it put there."""

Rows = tuple[object, ...]


class NotRestored(Exception):
    """The backup does not fit this database; nothing was changed."""


def backup(url: str, file: Path) -> Manifest:
    """Save the database as it is at one instant, while others go on working, and return what was saved.

    The file appears when it is complete and can be read by its owner only. The role in the address must
    be allowed to read every table.

    :raises NotRestored: if the database was never migrated.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with _connected(url) as connection, tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            with connection.transaction():
                manifest = _save_rows(connection, Path(folder))
            _pack(manifest, Path(folder), draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(url: str, file: Path, *, replace: bool = False) -> Manifest:
    """Fill a migrated, empty database from a backup, wholly or not at all, and return what was brought back.

    The role in the address must own the tables. References are checked; triggers of ours do not fire,
    for what they would do is in the backup already.

    :param replace: whether what is in the database may be thrown away.
    :raises BackupDamaged: if the file is not what was written.
    :raises NotRestored: if the database is of another revision or not empty.
    """
    with _connected(url) as connection:
        with connection.transaction(), _opened(file) as archive:
            manifest = _first_member(archive)
            there = _checked(connection, manifest)
            _empty(connection, there, replace=replace)
            with _without_triggers(connection, there):
                for saved in manifest.tables:
                    _load(connection, archive, saved)
            for sequence in manifest.sequences:
                connection.execute(
                    "SELECT setval(%s::regclass, %s, %s)",
                    (sequence.sequence.identifier.as_string(connection), sequence.last_value, sequence.is_called),
                )
        connection.autocommit = True
        connection.execute("ANALYZE")
    return manifest


# -- saving ----------------------------------------------------------------------------------------


def _save_rows(connection: Connection[Rows], folder: Path) -> Manifest:
    there = _read(connection)
    for table in there.tables:
        # All of them first: a migration must not change one table between the copies of two.
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(table.name.identifier))
    return Manifest(
        revision=_revision(connection),
        tables=tuple(_save_table(connection, table, folder) for table in there.tables),
        sequences=tuple(_save_sequence(connection, sequence) for sequence in there.sequences),
    )


def _save_table(connection: Connection[Rows], table: Table, folder: Path) -> SavedTable:
    member = f"{table.name}.copy"
    digest = hashlib.sha256()
    with (folder / member).open("wb") as stream, connection.cursor() as cursor:
        with cursor.copy(_copy(table.name, table.columns, "TO STDOUT")) as rows:
            for chunk in rows:
                digest.update(chunk)
                stream.write(chunk)
        count = cursor.rowcount
    return SavedTable(
        schema=table.name.schema,
        name=table.name.name,
        columns=table.columns,
        member=member,
        rows=count,
        sha256=digest.hexdigest(),
    )


def _save_sequence(connection: Connection[Rows], sequence: Name) -> SavedSequence:
    row = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sequence.identifier)).fetchone()
    assert row is not None
    last_value, is_called = row
    return SavedSequence(
        schema=sequence.schema, name=sequence.name, last_value=int(str(last_value)), is_called=bool(is_called)
    )


def _pack(manifest: Manifest, folder: Path, draft: Path) -> None:
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as archive:
            described = manifest.to_json()
            head = tarfile.TarInfo(FILE_NAME)
            head.size = len(described)
            archive.addfile(head, io.BytesIO(described))
            for saved in manifest.tables:
                member = tarfile.TarInfo(saved.member)
                member.size = (folder / saved.member).stat().st_size
                with (folder / saved.member).open("rb") as rows:
                    archive.addfile(member, rows)
        stream.flush()
        os.fsync(stream.fileno())


# -- restoring -------------------------------------------------------------------------------------


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, mode="r|gz") as archive:
            yield archive
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BackupDamaged(f"{file} is damaged: {error}") from error


def _first_member(archive: tarfile.TarFile) -> Manifest:
    member = archive.next()
    if member is None or member.name != FILE_NAME or member.size > _LONGEST_MANIFEST_BYTES:
        raise BackupDamaged("the archive does not begin with a manifest")
    return from_json(_content(archive, member).read())


def _checked(connection: Connection[Rows], manifest: Manifest) -> Catalogue:
    revision = _revision(connection)
    if revision != manifest.revision:
        raise NotRestored(
            f"the backup is of revision {manifest.revision}, the database of {revision}: "
            f"migrate the database to {manifest.revision} first"
        )
    there = _read(connection)
    known = {table.name: frozenset(table.columns) for table in there.tables}
    saved = {table.table: frozenset(table.columns) for table in manifest.tables}
    if known != saved or len(saved) != len(manifest.tables):
        differing = ", ".join(sorted({str(name) for name, _columns in known.items() ^ saved.items()}))
        raise NotRestored(f"tables or columns of the backup are not those of the database: {differing}")
    return there


def _empty(connection: Connection[Rows], there: Catalogue, *, replace: bool) -> None:
    connection.execute("SET LOCAL lock_timeout = '10s'")
    names = sql.SQL(", ").join(table.name.identifier for table in there.tables)
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
    full = [
        str(table.name)
        for table in there.tables
        if table.name.name not in SEEDED
        and connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table.name.identifier)).fetchone()
    ]
    if full and not replace:
        raise NotRestored(f"the database is not empty: {', '.join(full)}")
    connection.execute(sql.SQL("TRUNCATE {}").format(names))


@contextmanager
def _without_triggers(connection: Connection[Rows], there: Catalogue) -> Iterator[None]:
    """Let rows come in without our triggers, and references on a circle be checked at the end."""
    late = [reference for reference in there.backward if not reference.is_deferrable]
    for trigger in there.triggers:
        _alter(connection, trigger.table, "DISABLE TRIGGER {}", trigger.name)
    for reference in late:
        _alter(connection, reference.table, "ALTER CONSTRAINT {} DEFERRABLE INITIALLY DEFERRED", reference.constraint)
    connection.execute("SET CONSTRAINTS ALL DEFERRED")
    yield
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for reference in late:
        _alter(connection, reference.table, "ALTER CONSTRAINT {} NOT DEFERRABLE", reference.constraint)
    for trigger in there.triggers:
        _alter(connection, trigger.table, "ENABLE TRIGGER {}", trigger.name)


def _alter(connection: Connection[Rows], table: Name, how: str, what: str) -> None:
    before, after = how.split("{}")
    connection.execute(
        sql.SQL("ALTER TABLE {} {} {} {}").format(
            table.identifier,
            sql.SQL(before),
            sql.Identifier(what),
            sql.SQL(after),
        )
    )


def _load(connection: Connection[Rows], archive: tarfile.TarFile, saved: SavedTable) -> None:
    member = archive.next()
    if member is None or member.name != saved.member:
        raise BackupDamaged(f"the archive lacks {saved.member}")
    rows = _content(archive, member)
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        try:
            with cursor.copy(_copy(saved.table, saved.columns, "FROM STDIN")) as into:
                while chunk := rows.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    into.write(chunk)
        except psycopg.DataError as error:
            raise BackupDamaged(f"{saved.member} does not fit its table: {error.sqlstate}") from None
        count = cursor.rowcount
    if digest.hexdigest() != saved.sha256 or count != saved.rows:
        raise BackupDamaged(f"{saved.member} is not what was saved: {count} rows of {saved.rows}")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    if content is None:
        raise BackupDamaged(f"{member.name} is not a file")
    return content


# -- both ------------------------------------------------------------------------------------------


@contextmanager
def _connected(url: str) -> Iterator[Connection[Rows]]:
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
        # What COPY writes must not depend on the habits of a server or a role.
        for setting in ("DateStyle = ISO", "IntervalStyle = postgres", "timezone = UTC", "statement_timeout = 0"):
            connection.execute(sql.SQL("SET " + setting))
        connection.commit()
        yield connection


def _read(connection: Connection[Rows]) -> Catalogue:
    return catalogue.read(connection, leave_out=frozenset({_REVISIONS}))


def _revision(connection: Connection[Rows]) -> str:
    if connection.execute("SELECT to_regclass(%s)", (_REVISIONS,)).fetchone() == (None,):
        raise NotRestored("the database was never migrated")
    rows = connection.execute(sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(_REVISIONS))).fetchall()
    return ",".join(sorted(str(row[0]) for row in rows))


def _copy(table: Name, columns: tuple[str, ...], how: str) -> sql.Composed:
    if not columns:
        return sql.SQL("COPY {} {}").format(table.identifier, sql.SQL(how))
    return sql.SQL("COPY {} ({}) {}").format(
        table.identifier,
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(how),
    )
