"""The schema: every table of the product, its migrations, and what the application's role may do to it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, MetaData, create_engine, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

import server.callbacks.models
import server.conversation.models
import server.core.simulation
import server.customers.models
import server.dispatch.models
import server.orders.models
import server.orders.visit_models
import server.organisation.models
import server.parts.models
import server.privacy.models
import server.settlement.models
import server.sms.models
import server.technicians.models
import server.travel.models
import server.web.models  # noqa: F401 - the tables of every package stand in the metadata once they are imported
from server.core import policies
from server.core.db import Base
from server.terms import ALL_TERMS

APP_ROLE = "truckroll_app"

APPEND_ONLY = frozenset(
    {
        "domain_event",
        "policy",
        "ticket_report",
        "correction",
        "warranty_judgement",
        "check_in",
        "message_notice",
        "callback_attempt",
        "payment",
    }
)
"""History and money: the application adds rows and never changes or deletes one."""
READ_ONLY = frozenset({"simulation", "alembic_version"})
"""The application looks and does not touch: simulated time is moved by the conductor alone."""

_MIGRATION_LOCK = 7_205_759_403_792_793
"""Key of the advisory lock that lets one deployer migrate at a time."""


class SchemaDrift(RuntimeError):
    """The models and the migrated database differ; the text lists the differences."""


class TableInUse(RuntimeError):
    """At every try somebody used a table for longer than a migration may make everybody else wait.

    The step that needed it changed nothing; those before it are done.
    """

    def __init__(self, tries: int) -> None:
        """Say how often it was tried."""
        super().__init__(f"a table was in use at each of {tries} tries: end the longest transaction, then run it again")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a migration comes back to a table that is in use, how long it leaves it alone, and whom it tells.

    :param tries: one or more.
    """

    tries: int = 5
    pause_seconds: float = 1.0
    tell: Callable[[str], None] = lambda _: None


PATIENT = Patience()


def metadata() -> MetaData:
    """Return the tables of the whole product."""
    return Base.metadata


def configuration(connection: Connection | None = None) -> Config:
    """Return alembic's configuration for the migrations shipped with the package."""
    config = Config()
    config.set_main_option("script_location", str(files("server") / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(owner_url: str, revision: str = "head", *, patience: Patience = PATIENT) -> None:
    """Bring a database to a revision as its owner, grant the application's role its rights, add absent policies.

    Two deployers at once: the second waits for the first and then has nothing to do. Each revision is a
    transaction of its own, rights and policies included; one that is cut short leaves the database at the
    revision before it.

    :raises TableInUse: if at each try a table was in use for longer than the lock may be waited for.
    """

    def migrate(target: str) -> None:
        command.upgrade(configuration(connection), target)
        # Once more for a database that had nothing to migrate: a release may bring rights and policies alone.
        connection.rollback()
        with connection.begin():
            settle(connection)

    with _migrating(owner_url) as connection:
        _patiently(connection, migrate, revision, patience)


def downgrade(owner_url: str, revision: str, *, patience: Patience = PATIENT) -> None:
    """Take a database back to a revision (`-1` for one step, `base` for an empty one).

    :raises TableInUse: if at each try a table was in use for longer than the lock may be waited for.
    """
    with _migrating(owner_url) as connection:
        _patiently(connection, lambda target: command.downgrade(configuration(connection), target), revision, patience)


def _patiently(connection: Connection, migrate: Callable[[str], None], revision: str, patience: Patience) -> None:
    """Migrate to a revision, and come back to a table that is in use: each whole step that was done stays done.

    Between two tries the table is left to those who queued up behind the lock that we did not get.
    """
    target, attempt = None, 1
    while True:
        try:
            target = target or _absolute(connection, revision)
            migrate(target)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            connection.rollback()
            if attempt == patience.tries:
                raise TableInUse(patience.tries) from error
        else:
            return
        attempt += 1
        patience.tell(f"A table is in use; trying again ({attempt} of {patience.tries}).")
        time.sleep(patience.pause_seconds)


def _absolute(connection: Connection, revision: str) -> str:
    """Return the revision that a number of steps (`-1`, `+2`) means now: at a second try it would mean another."""
    if revision[:1] not in ("+", "-") or not revision[1:].isdecimal():
        return revision
    newest_first = [each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions()]
    here = _current(connection) or "base"
    connection.rollback()
    line = [*newest_first, "base"]
    target = line.index(here) - int(revision) if here in line else -1
    # What cannot be counted is left to alembic, which says what is wrong with it.
    return line[target] if 0 <= target < len(line) else revision


def settle(connection: Connection) -> None:
    """Give the application's role its rights on every table, and at the newest revision add absent policies.

    Called in the transaction of every revision: a deployer that is killed never leaves tables behind that
    the application may not touch.
    """
    _grant(connection)
    if _current(connection) in ScriptDirectory.from_config(configuration()).get_heads():
        with Session(connection, join_transaction_mode="rollback_only") as session:
            policies.install_defaults(session, *ALL_TERMS)
            session.commit()


def check(owner_url: str) -> str:
    """Return the revision of a database whose tables and CHECKs are those of the models.

    :raises SchemaDrift: otherwise, with the differences.
    """
    with _connected(owner_url) as connection:
        differences = drift(connection)
        current = _current(connection)
    if differences:
        raise SchemaDrift("\n".join(differences))
    return current or "none"


def current(owner_url: str) -> str:
    """Return the revision a database is at, `none` for an empty one."""
    with _connected(owner_url) as connection:
        return _current(connection) or "none"


def drift(connection: Connection) -> list[str]:
    """Return how a migrated database differs from the models: tables, columns, indexes, every CHECK by its text."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": False, "include_object": _ours}
    )
    found = [str(difference) for difference in compare_metadata(context, metadata())]
    return found + _check_drift(connection)


def _check_drift(connection: Connection) -> list[str]:
    """Compare CHECK constraints: a scratch schema is made from the models, and PostgreSQL's own wording compared."""
    connection.commit()
    wanted: dict[tuple[str, str], str] = {}
    transaction = connection.begin()
    try:
        connection.execute(text("create schema drift_scratch"))
        connection.execute(text("set local search_path to drift_scratch"))
        metadata().create_all(connection, checkfirst=False)
        wanted = _checks(connection, "drift_scratch")
    finally:
        transaction.rollback()
    actual = _checks(connection, "public")
    lines = [
        f"CHECK {table}.{name} is missing in the database" for table, name in sorted(wanted.keys() - actual.keys())
    ]
    lines += [f"CHECK {table}.{name} is not in the models" for table, name in sorted(actual.keys() - wanted.keys())]
    common = sorted(wanted.keys() & actual.keys())
    return lines + [
        f"CHECK {t}.{n} reads {actual[t, n]}, not {wanted[t, n]}" for t, n in common if wanted[t, n] != actual[t, n]
    ]


def _checks(connection: Connection, schema: str) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        text(
            "select r.relname, c.conname, pg_get_constraintdef(c.oid) from pg_constraint c"
            " join pg_class r on r.oid = c.conrelid join pg_namespace n on n.oid = r.relnamespace"
            " where n.nspname = :schema and c.contype in ('c', 'x') and r.relname not like 'procrastinate%'"
        ),
        {"schema": schema},
    )
    return {(table, name): definition for table, name, definition in rows}


def _ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    return not (name or "").startswith(("procrastinate", "ix_procrastinate", "idx_procrastinate")) and not (
        kind == "table" and name == "alembic_version"
    )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _grant(connection: Connection) -> None:
    """Give the application's role exactly its rights on every table there is."""
    owner = connection.execute(text("select current_user")).scalar_one()
    if owner == APP_ROLE:
        return
    connection.execute(text(f"grant usage on schema public to {APP_ROLE}"))
    connection.execute(text(f"grant usage, select on all sequences in schema public to {APP_ROLE}"))
    connection.execute(text(f"grant execute on all functions in schema public to {APP_ROLE}"))
    for table in inspect(connection).get_table_names():
        connection.execute(text(f'revoke all on "{table}" from {APP_ROLE}'))
        rights = (
            "select"
            if table in READ_ONLY
            else "select, insert"
            if table in APPEND_ONLY
            else "select, insert, update, delete"
        )
        connection.execute(text(f'grant {rights} on "{table}" to {APP_ROLE}'))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def _migrating(url: str) -> Iterator[Connection]:
    with _connected(url) as connection:
        connection.execute(text(f"select pg_advisory_lock({_MIGRATION_LOCK})").execution_options(autocommit=True))
        # Other deployers are waited for as long as they need; a table that somebody uses is not.
        connection.execute(text("set lock_timeout = '2s'"))
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.execute(text(f"select pg_advisory_unlock({_MIGRATION_LOCK})"))
            connection.commit()
