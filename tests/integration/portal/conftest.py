"""The customers' pages on a database of the test's own session."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server import portal
from server.config import from_environment
from server.conversation.wording import WORDING_KEY, Wording
from server.core.events import HANDLERS_KEY
from server.terms import ALL_TERMS
from server.web import context, errors, http
from server.web.context import AppState
from tests.builders.clocks import StillClock
from tests.integration.conversation.world import HANDLERS, World, at

T = TypeVar("T")


class OneSession:
    """A database whose every transaction is a savepoint of the test's session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with self.session.begin_nested():
            yield self.session
        self.session.expire_all()

    def attempt(self, work: Callable[[Session], T]) -> T:
        with self.transaction() as session:
            return work(session)


@pytest.fixture
def session_info() -> dict[str, Any]:
    return {HANDLERS_KEY: HANDLERS, WORDING_KEY: Wording("Harbour Service", "https://service.example")}


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.fixture
def clock() -> StillClock:
    return StillClock(at(9))


@pytest.fixture
def client(session: Session, clock: StillClock) -> FlaskClient:
    environ = {
        "DATABASE_URL": "postgresql://",
        "TRUCKROLL_SESSION_KEY": "k" * 64,
        "TRUCKROLL_COMPANY": "Harbour Service",
    }
    app = Flask("server", static_folder=None, template_folder=None)
    http.install(app, proxy_hops=0)
    state = AppState(
        settings=from_environment(environ),
        database=OneSession(session),
        clock=clock,
        terms=ALL_TERMS,  # type: ignore[arg-type]
    )
    context.install(app, state)
    errors.install(app)
    app.register_blueprint(portal.blueprint)
    return app.test_client()
