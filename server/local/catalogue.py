"""What there is in a database to be saved: tables in the order of their references, and sequences."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import LiteralString

from psycopg import Connection, sql


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """The name of a table or sequence within its schema."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The name, quoted for a statement."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the columns that hold data; what the database computes itself is not among them."""

    name: Name
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key from one table to another."""

    constraint: str
    table: Name
    to: Name
    is_deferrable: bool


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of our own that fires on a table; those behind foreign keys are not ours."""

    name: str
    table: Name


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables, each after those it refers to, and what hangs on them.

    ``backward`` are the references that no order can satisfy: they lie on a circle.
    """

    tables: tuple[Table, ...]
    backward: tuple[Reference, ...]
    triggers: tuple[Trigger, ...]
    sequences: tuple[Name, ...]


def read(connection: Connection[tuple[object, ...]], *, leave_out: frozenset[str]) -> Catalogue:
    """Read what there is, without the tables named in ``leave_out``."""
    columns: dict[Name, list[str]] = {}
    for schema, table, column in _rows(connection, _COLUMNS):
        if table not in leave_out:
            named = columns.setdefault(Name(schema, table), [])
            if column:
                named.append(column)
    references = [
        Reference(
            constraint=constraint, table=Name(schema, table), to=Name(to_schema, to_table), is_deferrable=bool(late)
        )
        for constraint, schema, table, to_schema, to_table, late in _rows(connection, _REFERENCES)
    ]
    order = in_order(sorted(columns), references)
    place = {name: index for index, name in enumerate(order)}
    return Catalogue(
        tables=tuple(Table(name=name, columns=tuple(columns[name])) for name in order),
        backward=tuple(
            reference
            for reference in references
            if reference.table in place and place.get(reference.to, -1) > place[reference.table]
        ),
        triggers=tuple(
            Trigger(name=trigger, table=Name(schema, table))
            for trigger, schema, table in _rows(connection, _TRIGGERS)
            if table not in leave_out
        ),
        sequences=tuple(Name(schema, name) for schema, name in _rows(connection, _SEQUENCES)),
    )


def in_order(tables: Sequence[Name], references: Sequence[Reference]) -> list[Name]:
    """Return the tables so that each comes after those it refers to, as far as circles allow.

    The order depends on the names alone, so that the same schema always gives the same one.
    """
    needed = {
        table: {reference.to for reference in references if reference.table == table} - {table} for table in tables
    }
    ordered: list[Name] = []
    while needed:
        ready = sorted(table for table, needs in needed.items() if not needs & needed.keys())
        chosen = ready or [min(_circle(needed))]
        ordered.extend(chosen)
        for table in chosen:
            del needed[table]
    return ordered


def _circle(needed: Mapping[Name, AbstractSet[Name]]) -> list[Name]:
    """Return tables that refer to each other in a circle, where every table waits for another."""
    path = [min(needed)]
    while True:
        following = min(needed[path[-1]] & needed.keys())
        if following in path:
            return path[path.index(following) :]
        path.append(following)


def _rows(connection: Connection[tuple[object, ...]], query: LiteralString) -> list[tuple[str, ...]]:
    return [tuple(str(value) if value is not None else "" for value in row) for row in connection.execute(query)]


_COLUMNS: LiteralString = """
SELECT n.nspname, c.relname, a.attname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, a.attnum
"""
_REFERENCES: LiteralString = """
SELECT k.conname, n.nspname, c.relname, fn.nspname, fc.relname, CASE WHEN k.condeferrable THEN 'yes' END
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class fc ON fc.oid = k.confrelid
JOIN pg_namespace fn ON fn.oid = fc.relnamespace
WHERE k.contype = 'f' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, k.conname
"""
_TRIGGERS: LiteralString = """
SELECT t.tgname, n.nspname, c.relname
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled = 'O' AND c.relkind = 'r'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, t.tgname
"""
_SEQUENCES: LiteralString = """
SELECT n.nspname, c.relname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
"""
