"""Whatever is sent, both APIs answer with a status and a body that their documents name (fault 54)."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    content_type_conformance,
    ignored_auth,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from server import listening
from server.app import create_app
from server.core.db import Database
from server.organisation import logins, passwords
from server.organisation.models import Role, Staff
from server.technicians import devices
from server.technicians.models import Technician
from server.terms import ALL_TERMS
from server.web import context
from server.web.context import AppState
from tests.api import world
from tests.builders.clocks import StillClock
from tests.builders.settings import settings_for
from tests.databases import DatabaseServer, MadeDatabase, fresh_database

# Nothing connects while tests are collected: the document needs no database, each call gets the real one.
_APP = create_app(settings_for())
_STAFF = schemathesis.openapi.from_wsgi("/openapi.json", _APP)
_TECHNICIANS = schemathesis.openapi.from_wsgi("/mobile/openapi.json", _APP)
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]


def _examples(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def made(database_server: DatabaseServer, worker_id: str) -> Iterator[MadeDatabase]:
    with fresh_database(database_server, f"{database_server.prefix}_{worker_id}_schemathesis") as database:
        yield database


@pytest.fixture(scope="module")
def database(made: MadeDatabase) -> Iterator[Database]:
    opened = Database(made.url, info=listening.session_info(settings_for(made.url)))
    with opened.transaction() as session:
        world.build(session)
    state = AppState(settings_for(made.url), opened, StillClock(world.NOW), ALL_TERMS)
    _APP.extensions[context.KEY] = state
    yield opened
    opened.dispose()


@pytest.fixture
def staff_token(database: Database) -> str:
    """The token of a newcomer with many roles: an operation under test may close accounts and revoke tokens."""
    confined = {Role.STATION, Role.STATION_CLERK, Role.FINANCE}
    with database.transaction() as session:
        person = Staff(
            login=f"newcomer-{uuid4()}",
            name="Somebody with many roles",
            password_hash=passwords.NOBODYS,
            roles=sorted(str(role) for role in Role if role not in confined),
            disabled_at=None,
            created_at=world.NOW,
        )
        session.add(person)
        session.flush()
        _, token = logins.issue(session, staff_id=person.id, label="schemathesis", now=world.NOW)
    return token.text


@pytest.fixture
def device_token(database: Database) -> str:
    """The token of a technician's device."""
    with database.transaction() as session:
        technician_id = session.scalars(select(Technician.id).order_by(Technician.id)).first() or 0
        _, token = devices.connect(session, technician_id=technician_id, now=world.NOW)
    return token.text


def _ask(case: schemathesis.Case, token: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=_CHECKS)


@_STAFF.parametrize()
@_examples(20)
def test_the_api_of_staff_answers_as_its_document_says(case: schemathesis.Case, staff_token: str) -> None:
    _ask(case, staff_token)


@_TECHNICIANS.parametrize()
@_examples(20)
def test_the_api_of_technicians_answers_as_its_document_says(case: schemathesis.Case, device_token: str) -> None:
    _ask(case, device_token)


@pytest.mark.soak
@_STAFF.parametrize()
@_examples(200)
def test_the_api_of_staff_stands_a_long_attack(case: schemathesis.Case, staff_token: str) -> None:
    _ask(case, staff_token)


@pytest.mark.soak
@_TECHNICIANS.parametrize()
@_examples(200)
def test_the_api_of_technicians_stands_a_long_attack(case: schemathesis.Case, device_token: str) -> None:
    _ask(case, device_token)
