"""The application on a database that really commits, with a company in it."""

import io
from typing import Any

import pytest
from flask import Flask

from server.core.db import Database
from server.web import context
from tests.api import world
from tests.api.cast import Company
from tests.api.conftest import app_on_its_own, built_app, still_clock  # noqa: F401 - pytest finds fixtures by their names
from tests.databases import MadeDatabase
from tests.integration.privacy.story import Story


@pytest.fixture
def database(app_on_its_own: Flask) -> Database:  # noqa: F811
    """The application's own database, handlers and all."""
    database: Database = app_on_its_own.extensions[context.KEY].database
    return database


@pytest.fixture
def company(database: Database) -> Company:
    with database.transaction() as session:
        return world.build(session)


@pytest.fixture
def story(
    app_on_its_own: Flask,  # noqa: F811
    company: Company,
    database: Database,
    still_clock: Any,  # noqa: F811
    committing_database: MadeDatabase,
    log_lines: io.StringIO,
) -> Story:
    """A customer's whole story, told: from the report to the statement that pays for it."""
    told = Story(app_on_its_own, company, database, still_clock, committing_database, log_lines)
    told.tell()
    return told
