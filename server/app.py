"""The web application: pages, the two APIs, links, web hooks."""

from alembic.script import ScriptDirectory
from flask import Blueprint, Flask

import mobile_api
from server import api, portal, schema
from server.config import Settings, from_environment
from server.console import pages as console
from server.core.clock import Clock, SystemClock
from server.core.db import Database
from server.core.simulation import SimulatedClock
from server.listening import session_info
from server.terms import ALL_TERMS
from server.web import admission, context, errors, health, http, openapi, rates
from server.web.context import AppState
from server.web.openapi import Document
from server.webhooks import twilio

PAGES: tuple[Blueprint, ...] = (openapi.pages, console.console, portal.blueprint, twilio.blueprint)
"""What is served besides the two APIs: pages, links, web hooks."""

API_VERSION = "1.0.0"

STAFF = Document(
    prefix="",
    path="/openapi.json",
    title="Truckroll: staff",
    description="Field service for the desk: tickets, dispatch, callbacks, settlement.",
)
TECHNICIANS = Document(
    prefix="MOBILE",
    path="/mobile/openapi.json",
    title="Truckroll: technicians",
    description="The technician's day: offers, visits, completion cards.",
)


def create_app(
    settings: Settings | None = None,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    pages: tuple[Blueprint, ...] = PAGES,
) -> Flask:
    """Build the web application.

    :param settings: read from the environment if not given.
    :param database: for tests; one of its own otherwise, with the event handlers.
    :param clock: for tests; the machine's otherwise, or a rehearsal's where the settings say so.
    :param pages: besides the two APIs.
    """
    settings = settings or from_environment()
    database = database or open_database(settings, name="truckroll web")
    app = Flask("server", static_folder=None, template_folder=None)
    http.install(app, proxy_hops=settings.proxy_hops)
    context.install(
        app,
        AppState(settings=settings, database=database, clock=clock or clock_of(settings, database), terms=ALL_TERMS),
    )
    errors.install(app)
    rates.install(app, per_caller=settings.rate_per_caller, per_address=settings.rate_per_address)
    admission.install(app)
    openapi.install(app, STAFF, version=API_VERSION, blueprints=api.BLUEPRINTS)
    openapi.install(app, TECHNICIANS, version=API_VERSION, blueprints=mobile_api.BLUEPRINTS)
    app.register_blueprint(health.blueprint(heads=heads(), known=revisions()))
    for page in pages:
        app.register_blueprint(page)
    return app


def open_database(settings: Settings, *, name: str) -> Database:
    """Return the database with the event handlers, as web and worker use it."""
    return Database(settings.database_url, name=name, info=session_info(settings))


def clock_of(settings: Settings, database: Database) -> Clock:
    """Return the clock of a process: a rehearsal's only where it was started so."""
    return SimulatedClock(database.engine) if settings.simulated else SystemClock()


def heads() -> frozenset[str]:
    """Return the revisions that the database must be at for this version of the product."""
    return frozenset(ScriptDirectory.from_config(schema.configuration()).get_heads())


def revisions() -> frozenset[str]:
    """Return every revision that this version of the product knows."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(schema.configuration()).walk_revisions())
