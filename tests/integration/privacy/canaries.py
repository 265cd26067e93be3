"""Canaries: words that stand nowhere else, and the places in a database where they sit."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

MARK = "kanari"
PHONES = ("+12025550171", "+12025550172", "+12025550173")
"""The customer's three telephones: on file, at intake, after a correction."""
LAT, LON = 31.234567, 121.456789
"""Where he lives, to the metre."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A column in which something was found, and how often."""

    table: str
    column: str
    rows: int


def canary(name: str) -> str:
    """Return a word for one field."""
    return f"{MARK}-{name}"


def needles(*more: str) -> tuple[str, ...]:
    """Return what is looked for: the mark of every canary, and the digits of every telephone."""
    return (MARK, *(phone[1:] for phone in PHONES), *more)


def columns(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[str, str]]:
    """Return every column of every table that can hold words, by the database's own catalogue."""
    rows = connection.execute(
        "select c.table_name, c.column_name from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'public' and t.table_type = 'BASE TABLE'"
        " and c.data_type in ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'bytea', 'USER-DEFINED')"
        " order by 1, 2"
    )
    return [(str(table), str(column)) for table, column in rows]


def sights(url: str, *wanted: str) -> list[Sight]:
    """Return where any of the words sits, in any column of any table."""
    address = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address) as connection:
        return [sight for sight in _look(connection, wanted or needles()) if sight.rows]


def _look(connection: psycopg.Connection[tuple[object, ...]], wanted: tuple[str, ...]) -> Iterator[Sight]:
    for table, column in columns(connection):
        query = sql.SQL("select count(*) from {} where {}::text ~ %s").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        row = connection.execute(query, ("|".join(wanted),)).fetchone()
        yield Sight(table, column, int(str(row[0])) if row else 0)


def broken_references(url: str) -> list[str]:
    """Return every foreign key with a row that refers to nothing, found by looking and not by trusting."""
    address = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "select conname, conrelid::regclass::text, confrelid::regclass::text,"
            " (select array_agg(a.attname order by k.n) from unnest(conkey) with ordinality k (att, n)"
            "   join pg_attribute a on a.attrelid = conrelid and a.attnum = k.att),"
            " (select array_agg(a.attname order by k.n) from unnest(confkey) with ordinality k (att, n)"
            "   join pg_attribute a on a.attrelid = confrelid and a.attnum = k.att)"
            " from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace"
        ).fetchall()
        return [str(row[0]) for row in found if _is_broken(connection, row)]


def _is_broken(connection: psycopg.Connection[tuple[object, ...]], row: tuple[object, ...]) -> bool:
    _, child, parent, own, other = row
    assert isinstance(own, list)
    assert isinstance(other, list)
    same = sql.SQL(" and ").join(
        sql.SQL("p.{} = c.{}").format(sql.Identifier(b), sql.Identifier(a)) for a, b in zip(own, other, strict=True)
    )
    given = sql.SQL(" and ").join(sql.SQL("c.{} is not null").format(sql.Identifier(name)) for name in own)
    query = sql.SQL("select exists (select from {} c where {} and not exists (select from {} p where {}))").format(
        sql.Identifier(str(child).strip('"')), given, sql.Identifier(str(parent).strip('"')), same
    )
    answer = connection.execute(query).fetchone()
    return answer is not None and bool(answer[0])
