"""The company of the tests, with the handlers that the product has."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.core.db import Database
from server.core.events import HANDLERS_KEY
from tests.builders.clocks import StillClock
from tests.databases import MadeDatabase
from tests.integration.dispatch.office import SIX, Office
from tests.integration.dispatch.world import HANDLERS, World


@pytest.fixture
def session_info() -> dict[str, Any]:
    return {HANDLERS_KEY: HANDLERS}


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.fixture
def office(committing_database: MadeDatabase) -> Iterator[Office]:
    database = Database(committing_database.url, info={HANDLERS_KEY: HANDLERS})
    yield Office(database, StillClock(SIX))
    database.dispose()
