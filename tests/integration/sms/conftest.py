"""A database that really commits, and a sender on it with a recording gateway."""

from collections.abc import Callable, Iterator

import pytest

from server.config import Settings
from server.core.db import Database
from server.sms.gateways import RecordingGateway
from server.sms.sender import Sender
from tests.databases import MadeDatabase
from tests.integration.sms import builders


@pytest.fixture
def settings(committing_database: MadeDatabase) -> Settings:
    return builders.settings(committing_database.url)


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    database = Database(committing_database.url, pool_size=6)
    yield database
    database.dispose()


@pytest.fixture
def conninfo(committing_database: MadeDatabase) -> str:
    return committing_database.url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture
def gateway() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def make_sender(
    database: Database, gateway: RecordingGateway, conninfo: str, settings: Settings
) -> Iterator[Callable[[], Sender]]:
    made: list[Sender] = []

    def make(lanes: int | None = None) -> Sender:
        made.append(Sender(database=database, gateway=gateway, conninfo=conninfo, settings=settings, lanes=lanes))
        return made[-1]

    yield make
    for sender in made:
        sender.close()


@pytest.fixture
def sender(make_sender: Callable[[], Sender]) -> Sender:
    return make_sender()
