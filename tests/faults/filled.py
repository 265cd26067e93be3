"""A filled database, what is in it, and what its tables are: for comparing before and after."""

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql

from server import listening, schema
from server.core.db import Database
from server.core.events import Actor, ActorKind, Via
from server.orders.imports import mapping as mappings
from server.orders.imports.load import Import, Outcome, import_tickets
from server.organisation.models import Region
from tests.api import world
from tests.builders.city_file import COLUMNS
from tests.builders.settings import settings_for
from tests.databases import MadeDatabase

BASE = "base"
KINDS = (
    ("Street Light Outages", "PWDx"),
    ("Sign Repair", "BTDT"),
    ("Plumbing", "ISD"),
    ("Watermain Break", "BWSC"),
)
BY = Actor(ActorKind.SYSTEM, None, Via.IMPORT)
NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
_FIRST = datetime(2015, 1, 1, 8)  # noqa: DTZ001 - a wall time of the file's zone


def ticket_row(number: int) -> tuple[str, ...]:
    """Return a row of the Boston layout that becomes a ticket of its own; every third one is closed."""
    opened = _FIRST + timedelta(minutes=number)
    kind, department = KINDS[number % len(KINDS)]
    closed = f"{opened + timedelta(days=2)}" if number % 3 == 0 else ""
    return (
        str(100_000_000 + number),
        str(opened),
        str(opened + timedelta(days=9)),
        closed,
        kind,
        department,
        f"{number} Example St",
        str(number),
        f"{42.3 + number % 1000 / 10_000:.4f}",
        f"{-71.0 - number % 777 / 10_000:.4f}",
        "True",
        "Twitter",
    )


def ticket_file(path: Path, count: int, *, first: int = 1) -> Path:
    """Write so many tickets into a CSV file, compressed if its name says so."""
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows(ticket_row(number) for number in range(first, first + count))
    return path


def fill(made: MadeDatabase, *, tickets: int, folder: Path) -> Outcome:
    """Put a small company with a month of work and so many imported tickets into a database at the newest revision."""
    database = Database(made.url, pool_size=1, info=listening.session_info(settings_for(made.url)))
    try:
        with database.transaction() as session:
            world.build(session)
            region = Region(name="Boston", time_zone="America/New_York")
            session.add(region)
            session.flush()
            order = Import(mappings.load("boston311"), region, "US", BY, NOW)
            return import_tickets(session, ticket_file(folder / "tickets.csv", tickets), order)
    finally:
        database.dispose()


def revisions() -> tuple[str, ...]:
    """Return every revision, oldest first, after the empty database."""
    script = ScriptDirectory.from_config(schema.configuration())
    return (BASE, *reversed([each.revision for each in script.walk_revisions()]))


def pairs() -> tuple[tuple[str, str], ...]:
    """Return every revision with the one before it, oldest first."""
    return tuple(pairwise(revisions()))


@dataclass(frozen=True, slots=True)
class Column:
    """A column as code of one revision knows it."""

    table: str
    name: str
    type: str
    written: bool
    """Whether statements may give it a value: the database computes the others."""


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection on which each statement is a transaction of its own."""
    return psycopg.connect(url, autocommit=True)


def columns(connection: psycopg.Connection[tuple[object, ...]]) -> list[Column]:
    """Return every column of the product's tables."""
    rows = connection.execute(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
        " a.attgenerated = '' and a.attidentity <> 'a' from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped"
        " and c.relname <> 'alembic_version' order by c.relname, a.attnum"
    )
    return [Column(str(table), str(name), str(kind), bool(written)) for table, name, kind, written in rows]


def keys(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, list[str]]:
    """Return the columns of every table's primary key."""
    rows = connection.execute(
        "select c.relname, array_agg(a.attname::text order by a.attnum) from pg_index i"
        " join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)"
        " where i.indisprimary and c.relnamespace = 'public'::regnamespace group by 1"
    )
    return {str(table): list(names) for table, names in rows if isinstance(names, list)}


def data(connection: psycopg.Connection[tuple[object, ...]]) -> dict[Column, tuple[int, int]]:
    """Return of every column how many rows there are, and a checksum over keys and values in any order."""
    found: dict[Column, tuple[int, int]] = {}
    known, by_key = columns(connection), keys(connection)
    for table in sorted({column.table for column in known}):
        own = [column for column in known if column.table == table]
        key = [sql.Identifier(name) for name in by_key[table]]
        sums = [
            sql.SQL("coalesce(sum(hashtextextended(row({})::text, 0)), 0)").format(
                sql.SQL(", ").join([*key, sql.Identifier(column.name)])
            )
            for column in own
        ]
        query = sql.SQL("select count(*), {} from {}").format(sql.SQL(", ").join(sums), sql.Identifier(table))
        ((rows, *totals),) = connection.execute(query).fetchall()
        found |= {column: (int(str(rows)), int(str(total))) for column, total in zip(own, totals, strict=True)}
    return found


_SHAPE = """
select 'column', c.relname::text, a.attname::text,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attidentity,
        pg_get_expr(d.adbin, d.adrelid))
from pg_attribute a
join pg_class c on c.oid = a.attrelid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'c')
    and a.attnum > 0 and not a.attisdropped
union all
select 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'public'::regnamespace and conname not like 'hurdle%'
union all
select 'index', tablename::text, indexname::text, indexdef from pg_indexes where schemaname = 'public'
union all
select 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid)
from pg_trigger where not tgisinternal and tgname not like 'hurdle%'
union all
select 'function', proname::text, oid::regprocedure::text, md5(prosrc)
from pg_proc where pronamespace = 'public'::regnamespace
union all
select 'type', t.typname::text, e.enumlabel::text, e.enumsortorder::text
from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = 'public'::regnamespace
union all
select 'right', table_name::text, grantee::text, string_agg(privilege_type, ' ' order by privilege_type)
from information_schema.role_table_grants where table_schema = 'public' group by 2, 3
"""


def shape(connection: psycopg.Connection[tuple[object, ...]]) -> frozenset[tuple[object, ...]]:
    """Return all there is but rows: columns, constraints, indexes, triggers, functions, types, who may do what."""
    return frozenset(connection.execute(_SHAPE).fetchall())
