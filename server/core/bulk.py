"""Many rows at once: identities reserved first, then one COPY; ten times faster than statements."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy import Function, Select, Table, func, select
from sqlalchemy.orm import Session

from server.core.db import Base


def table_of(kind: type[Base]) -> Table:
    """Return the table of a mapped class."""
    return cast(Table, kind.__table__)


def reserve_ids(session: Session, kind: type[Base], count: int) -> list[int]:
    """Return as many new identities of a table as are asked for, ascending."""
    if count == 0:
        return []
    return list(session.scalars(select(_next_id(kind)).select_from(func.generate_series(1, count).alias())))


def reserve_each(session: Session, *kinds: type[Base]) -> tuple[int, ...]:
    """Return one new identity of each of several tables, asked for at once.

    Rows that refer to each other can then be written in one flush, without waiting for the identity of each.
    """
    return tuple(session.execute(_one_of_each(kinds)).one())


@cache
def _one_of_each(kinds: tuple[type[Base], ...]) -> Select[Any]:
    return select(*(_next_id(kind) for kind in kinds))


def _next_id(kind: type[Base]) -> Function[Any]:
    return func.nextval(func.pg_get_serial_sequence(table_of(kind).name, "id"))


def copy_in(session: Session, kind: type[Base], rows: Iterable[Mapping[str, Any]]) -> int:
    """Add rows in the session's transaction and return how many they were.

    Every row names the same columns. Values are converted as by a statement; Python-side defaults are not
    applied, so every column that must not be empty is named. Constraints are checked as ever.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    session.flush()
    connection = session.connection()
    table, names = table_of(kind), list(first)
    dialect = connection.dialect
    processors = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    preparer = dialect.identifier_preparer
    columns = ", ".join(preparer.quote(name) for name in names)
    count = 0
    driver = cast(Any, connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(f"copy {preparer.format_table(table)} ({columns}) from stdin") as copy:
        for row in _with(first, rows):
            values = [row[name] for name in names]
            copy.write_row([p(v) if p and v is not None else v for p, v in zip(processors, values, strict=True)])
            count += 1
    return count


def _with(first: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    yield first
    yield from others
