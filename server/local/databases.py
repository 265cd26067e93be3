"""Make, fill from a template and drop databases on a PostgreSQL server."""

from psycopg import Connection, sql

from server.local.cluster import APPLICATION, OWNER


def create(
    connection: Connection[tuple[object, ...]], name: str, *, template: str | None = None, owner: str = OWNER
) -> None:
    """Make a database that belongs to the owner and that the application may connect to.

    With a template it is a copy of that database, which nobody may be connected to meanwhile.

    :raises psycopg.errors.DuplicateDatabase: if there is one of that name.
    """
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template or "template1")
        )
    )
    # Rights on a database are not copied with it.
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(APPLICATION))
    )


def drop(connection: Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database if it is there, throwing out whoever is connected to it."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def exists(connection: Connection[tuple[object, ...]], name: str) -> bool:
    """Tell whether the server has a database of that name."""
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None
