"""Stories play in the company with telephones."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.conversation.wording import WORDING_KEY, Wording
from server.core.events import HANDLERS_KEY
from tests.integration.conversation.world import HANDLERS, World


@pytest.fixture
def session_info() -> dict[str, Any]:
    return {HANDLERS_KEY: HANDLERS, WORDING_KEY: Wording("Harbour Service", "https://service.example")}


@pytest.fixture
def world(session: Session) -> World:
    return World(session)
