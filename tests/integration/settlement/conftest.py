"""The company whose work is settled."""

import pytest
from sqlalchemy.orm import Session

from tests.integration.verified_work import Work


@pytest.fixture
def work(session: Session) -> Work:
    return Work(session)
