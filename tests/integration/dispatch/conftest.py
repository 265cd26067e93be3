"""The company of the tests, with the handlers that the product has."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.core.events import HANDLERS_KEY
from tests.integration.dispatch.world import HANDLERS, World


@pytest.fixture
def session_info() -> dict[str, Any]:
    return {HANDLERS_KEY: HANDLERS}


@pytest.fixture
def world(session: Session) -> World:
    return World(session)
