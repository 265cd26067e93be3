"""What another site makes a browser send changes nothing here."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from flask import Flask

from server.core.clock import SystemClock
from server.core.db import Database
from server.web import context, cookies, csrf
from server.web.context import AppState
from server.web.csrf import FormExpired, FromElsewhere
from tests.builders.settings import settings_for

_HERE = "http://127.0.0.1:8000"


@pytest.fixture
def app() -> Flask:
    made = Flask("test")
    _give(made, _HERE)
    return made


def _give(app: Flask, public_url: str) -> None:
    settings = replace(settings_for(), public_url=public_url)
    app.extensions[context.KEY] = AppState(settings, Database(settings.database_url), SystemClock())


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": _HERE},
        {"Origin": _HERE, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_pages_may_change_things(app: Flask, headers: Mapping[str, str]) -> None:
    with app.test_request_context(method="POST", base_url=_HERE, headers=headers):
        csrf.check(with_form_token=False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://example.test"},
        {"Origin": f"{_HERE}.example.test"},
        {"Origin": "http://[broken"},
        {"Origin": _HERE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": _HERE, "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": f"{_HERE}/tickets"},
    ],
)
def test_who_does_not_come_from_our_pages_may_not(app: Flask, headers: Mapping[str, str]) -> None:
    with app.test_request_context(method="POST", base_url=_HERE, headers=headers), pytest.raises(FromElsewhere):
        csrf.check(with_form_token=False)


def _form(app: Flask, cookie: str) -> str:
    with app.test_request_context(headers={"Cookie": f"truckroll_session={cookie}"}):
        return csrf.token()


def test_a_form_carries_the_token_of_its_log_in(app: Flask) -> None:
    token = _form(app, "one")
    headers = {"Origin": _HERE, "Cookie": "truckroll_session=one"}

    with app.test_request_context(method="POST", base_url=_HERE, headers=headers, data={csrf.FIELD: token}):
        csrf.check(with_form_token=True)
    with app.test_request_context(method="POST", base_url=_HERE, headers=headers | {csrf.HEADER: token}):
        csrf.check(with_form_token=True)


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_a_form_without_the_token_or_of_another_log_in_is_refused(app: Flask, token: str) -> None:
    headers = {"Origin": _HERE, "Cookie": "truckroll_session=one"}

    for given in (token, _form(app, "another")):
        with (
            app.test_request_context(method="POST", base_url=_HERE, headers=headers, data={csrf.FIELD: given}),
            pytest.raises(FormExpired),
        ):
            csrf.check(with_form_token=True)


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [
        ("http://127.0.0.1:8000", "truckroll_session", False),
        ("http://localhost:8000", "truckroll_session", False),
        ("http://desk.example.test", "__Host-truckroll_session", True),
        ("https://127.0.0.1", "__Host-truckroll_session", True),
        ("https://desk.example.test", "__Host-truckroll_session", True),
    ],
)
def test_the_cookie_is_out_of_reach_of_scripts_and_travels_encrypted_off_this_machine(
    app: Flask, public_url: str, name: str, secure: bool
) -> None:
    _give(app, public_url)
    with app.test_request_context():
        answer = app.response_class()
        cookies.give(answer, token="secret")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=secret;")
    assert ("Secure" in cookie) is secure
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
