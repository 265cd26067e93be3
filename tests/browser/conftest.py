"""The browser that all of these tests share, and the invented company that it looks at."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Thread
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from server import listening
from server.app import create_app
from server.callbacks import sweeps
from server.core.db import Database
from server.core.due import sweep_all
from server.example.founding import found_demo
from tests.browser.offices import DESK, NOW, PICTURES, TELEPHONE, Company, Office
from tests.builders.clocks import StillClock
from tests.builders.settings import settings_for
from tests.databases import DatabaseServer, fresh_database
from tests.needs import chromium

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def company(database_server: DatabaseServer) -> Iterator[Company]:
    with fresh_database(database_server, f"{database_server.prefix}_{uuid4().hex[:16]}") as made:
        settings = settings_for(made.url)
        database = Database(made.url, info=listening.session_info(settings))
        with database.transaction() as session:
            logins = found_demo(session, now=NOW)
        # What the worker would have done by now: customers who may be called again today.
        sweep_all(database, sweeps.SWEEPS, now=NOW)
        server = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
        address = f"http://127.0.0.1:{server.server_port}"
        server.app = create_app(replace(settings, public_url=address), database=database, clock=StillClock(NOW))
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Company(address, database, {each.login: each.password for each in logins})
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            database.dispose()


@pytest.fixture(params=[("en", DESK), ("zh", TELEPHONE)], ids=["English-desk", "Chinese-telephone"])
def office(request: pytest.FixtureRequest, company: Company, browser: Browser) -> Office:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return Office(company, browser, *request.param)
