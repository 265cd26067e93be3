"""An application whose transactions are savepoints of one connection: nothing stays after a test."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.orm import Session, sessionmaker

from server import listening
from server.app import create_app
from server.core.db import Database
from server.organisation.models import Role
from server.terms import ALL_TERMS
from server.web import context
from server.web.context import AppState
from tests.api import world
from tests.api.asking import Person
from tests.api.world import Company
from tests.builders.clocks import StillClock
from tests.builders.settings import settings_for
from tests.databases import DatabaseServer, MadeDatabase, fresh_database

R = TypeVar("R")


class OneConnection(Database):
    """A database whose every transaction is a savepoint on the test's own connection."""

    def __init__(self, connection: Connection, info: dict[str, Any]) -> None:
        self.engine = connection.engine
        self._sessions = sessionmaker(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False, info=info
        )
        self._readers = self._sessions


@dataclass(frozen=True, slots=True)
class Settled:
    """A database with the company in it."""

    engine: Engine
    company: Company


@pytest.fixture
def still_clock() -> StillClock:
    return StillClock(world.NOW)


@pytest.fixture
def session_info(database_url: str) -> dict[str, Any]:
    return listening.session_info(settings_for(database_url))


@pytest.fixture(scope="session")
def built_app() -> Flask:
    """The application, built once: it takes a while to write its documents. Nothing connects meanwhile."""
    return create_app(settings_for())


@pytest.fixture
def app(
    built_app: Flask, rolled_back: Connection, database_url: str, still_clock: StillClock, session_info: dict[str, Any]
) -> Flask:
    _give(built_app, OneConnection(rolled_back, session_info), database_url, still_clock)
    return built_app


def _give(app: Flask, database: Database, url: str, still_clock: StillClock) -> None:
    app.extensions[context.KEY] = AppState(settings_for(url), database, still_clock, ALL_TERMS)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def settled(database_server: DatabaseServer) -> Iterator[Settled]:
    """A database in which the company has been made, once for all tests of a suite in this process."""
    # Suites that take over these fixtures have a database each: the name is drawn.
    with fresh_database(database_server, f"{database_server.prefix}_{uuid4().hex[:16]}") as made:
        engine = create_engine(made.url, hide_parameters=True, connect_args={"options": "-c timezone=UTC"})
        info = listening.session_info(settings_for(made.url))
        with Session(engine, expire_on_commit=False, info=info) as session:
            company = world.build(session)
            session.commit()
        yield Settled(engine, company)
        engine.dispose()


@pytest.fixture
def rolled_back(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back after the test; with the company, if the test asks for it."""
    where = request.getfixturevalue("settled").engine if "company" in request.fixturenames else engine
    with where.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def company(settled: Settled, session: Session) -> Company:
    """The company; its people and places are the test's own, to be changed as it likes."""
    made = settled.company
    own = replace(
        made,
        regions=tuple(_own(session, row) for row in made.regions),
        stations=tuple(_own(session, row) for row in made.stations),
        staff={role: _own(session, row) for role, row in made.staff.items()},
        technicians=tuple(_own(session, row) for row in made.technicians),
    )
    session.commit()  # what the test opens next does not begin inside a transaction of this session
    return own


def _own(session: Session, row: R) -> R:
    return session.get_one(type(row), inspect(row).identity)


@pytest.fixture
def app_on_its_own(built_app: Flask, committing_database: MadeDatabase, still_clock: StillClock) -> Iterator[Flask]:
    """The application on a database of the test's own, where it really commits: for what takes several threads."""
    url = committing_database.url
    database = Database(url, info=listening.session_info(settings_for(url)))
    _give(built_app, database, url, still_clock)
    yield built_app
    database.dispose()


@pytest.fixture
def api(app: Flask, company: Company) -> Person:
    """A dispatcher who talks to the API, where a test is about something else."""
    return Person(app, company, Role.DISPATCHER)
