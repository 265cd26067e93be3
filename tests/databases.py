"""The databases of the tests: one server per run, one migrated template, a copy per worker process.

The first worker that needs PostgreSQL starts it (on a RAM disk where there is one); the last one that
leaves stops it and removes it, and a guard process does so if they were all killed.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.orm import Session

from server import schema
from server.local import databases
from server.local.cluster import APPLICATION, OWNER, SUPERUSER
from server.local.locks import FileLock
from server.local.postgres import EmbeddedPostgres

FIXTURES = frozenset({"committing_database", "database_url", "engine", "owner_url", "session", "database_server"})
"""What a unit test must not ask for."""

_FOLDER = "truckroll-test-"
_MAKING_THE_TEMPLATE = 5_432_018
_LOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A server that databases can be made on; the three addresses differ in the role only."""

    admin: str
    owner: str
    application: str
    prefix: str

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection that may make and drop databases."""
        return psycopg.connect(self.admin, autocommit=True)

    def database(self, name: str) -> "MadeDatabase":
        """Return the addresses of a database of this server."""
        return MadeDatabase(name=name, url=_at(self.application, name), owner_url=_at(self.owner, name))


@dataclass(frozen=True, slots=True)
class MadeDatabase:
    """A migrated database: ``url`` for the application's role, ``owner_url`` for the one that migrates."""

    name: str
    url: str
    owner_url: str


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@contextmanager
def _embedded(run: str) -> Iterator[DatabaseServer]:
    memory = Path("/dev/shm")
    folder = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(folder)
    with EmbeddedPostgres(folder / f"{_FOLDER}{run}", fast=True, discard=True) as postgres:
        yield DatabaseServer(
            admin=postgres.url(database="postgres", role=SUPERUSER),
            owner=postgres.url(role=OWNER),
            application=postgres.url(role=APPLICATION),
            prefix="test",
        )


def _sweep(folder: Path) -> None:
    """Remove what runs left whose guard was killed too."""
    for left in folder.glob(f"{_FOLDER}*"):
        if not left.is_dir() or left.stat().st_uid != os.geteuid():
            continue
        # A folder that is just being made has its locks under the name it will have.
        run = left.with_name(left.name.removesuffix(".new"))
        users, start = FileLock(run.with_name(f"{run.name}.users")), FileLock(run.with_name(f"{run.name}.lock"))
        if start.try_acquire() and users.try_acquire():
            users.release()
            EmbeddedPostgres(run).remove()
        start.release()
        users.release()


@contextmanager
def _given(url: str, run: str) -> Iterator[DatabaseServer]:
    """Use a server of somebody else's; its role must be allowed to make roles and databases."""
    password = "truckroll-test"
    with psycopg.connect(url, autocommit=True) as connection:
        for role in (OWNER, APPLICATION):
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING_THE_TEMPLATE,))
                if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
                    )
    address = make_url(url)
    server = DatabaseServer(
        admin=url,
        owner=address.set(username=OWNER, password=password).render_as_string(hide_password=False),
        application=address.set(username=APPLICATION, password=password).render_as_string(hide_password=False),
        prefix=f"truckroll_test_{run}",
    )
    use = FileLock(Path(tempfile.gettempdir()) / f"{_FOLDER}{run}.users")
    use.acquire(shared=True, timeout_seconds=_LOCK_SECONDS)
    try:
        yield server
        if use.try_acquire():
            with server.connect() as connection:
                databases.drop(connection, f"{server.prefix}_template")
            use.path.unlink()
    finally:
        use.release()


def make_template(server: DatabaseServer) -> str:
    """Return the name of the migrated, empty database that all others are copied from; make it if need be."""
    name = f"{server.prefix}_template"
    draft = f"{name}_draft"
    with server.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_MAKING_THE_TEMPLATE,))
        if not databases.exists(connection, name):
            databases.drop(connection, draft)
            databases.create(connection, draft)
            schema.upgrade(server.database(draft).owner_url)
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name))
            )
    return name


@contextmanager
def fresh_database(server: DatabaseServer, name: str) -> Iterator[MadeDatabase]:
    """Copy the template, and drop the copy at the end."""
    template = make_template(server)
    with server.connect() as connection:
        # A worker process that crashed has left its own behind for its successor.
        databases.drop(connection, name)
        databases.create(connection, name, template=template)
    try:
        yield server.database(name)
    finally:
        with server.connect() as connection:
            databases.drop(connection, name)


@pytest.fixture(scope="session")
def database_server(testrun_uid: str) -> Iterator[DatabaseServer]:
    """The run's server: an embedded one, or the one of ``$TRUCKROLL_TEST_DATABASE_URL``."""
    url = os.environ.get("TRUCKROLL_TEST_DATABASE_URL")
    run = testrun_uid[:12]
    with _given(url, run) if url else _embedded(run) as server:
        yield server


@pytest.fixture(scope="session")
def worker_database(database_server: DatabaseServer, worker_id: str) -> Iterator[MadeDatabase]:
    """The database of this worker process; what a test does in it is rolled back."""
    with fresh_database(database_server, f"{database_server.prefix}_{worker_id}") as made:
        yield made


@pytest.fixture(scope="session")
def database_url(worker_database: MadeDatabase) -> str:
    """The address of the worker's database for the role of web and worker, which may not change the schema."""
    return worker_database.url


@pytest.fixture(scope="session")
def owner_url(worker_database: MadeDatabase) -> str:
    """The address of the worker's database for the role that migrates."""
    return worker_database.owner_url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine of the application's role on the worker's database."""
    engine = create_engine(database_url, hide_parameters=True, connect_args={"options": "-c timezone=UTC"})
    yield engine
    engine.dispose()


@pytest.fixture
def session_info() -> dict[str, Any]:
    """What the test's session carries along, such as event handlers; a suite may override it."""
    return {}


@pytest.fixture
def rolled_back(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def session(rolled_back: Connection, session_info: dict[str, Any]) -> Iterator[Session]:
    """A session whose commits are savepoints: the test may commit, and nothing stays."""
    with Session(
        rolled_back, join_transaction_mode="create_savepoint", expire_on_commit=False, info=session_info
    ) as session:
        yield session


@pytest.fixture
def committing_database(database_server: DatabaseServer) -> Iterator[MadeDatabase]:
    """A migrated database of the test's own, for what really commits or takes several processes."""
    with fresh_database(database_server, f"{database_server.prefix}_{uuid4().hex[:16]}") as made:
        yield made
