"""Fault 54: words that are code elsewhere are words here: refused or kept, never run, never told back raw."""

import json
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.orders.models import Ticket
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company

WORDS = {
    "SQL": "'; drop table ticket; --",
    "SQL, always true": "' or '1'='1",
    "SQL, a wild card": "%_\\%",
    "SQL, a dollar quote": "$$ select pg_sleep(9) $$",
    "LDAP": "*)(uid=*))(|(uid=*",
    "HTML": "<script>alert(1)</script>",
    "HTML, an attribute": '" onmouseover="alert(1)',
    "HTML, an image": "<img src=x onerror=alert(1)>",
    "a template": "{{ 7 * 191 }}${7*191}<%= 7*191 %>#{7*191}",
    "a format": "%s%n{0.__class__}{details}",
    "a log line": 'x"} {"event": "forged"',
    "right to left": "\u202egnp.exe",
    "a formula": '=HYPERLINK("http://example.invalid","x")',
    "a path": "../../../../etc/passwd",
}
REFUSED = {
    "NUL": "a\x00b",
    "a lone surrogate": "a\ud800b",
    "a header": "a\r\nSet-Cookie: x=1",
}


@pytest.fixture
def desk(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.DISPATCHER)


def _body(company: Company, words: str) -> dict[str, Any]:
    body = bodies.report(company) | {"description": words, "contact_name": words, "wish": words}
    body["customer"] = {"name": words}
    body["site"] = body["site"] | {"address": words}
    return body


def _page(client: FlaskClient, company: Company, path: str, **query: str) -> str:
    client.set_cookie("truckroll_session", company.caller(Role.DISPATCHER).cookie)
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


RAW = ("<script>alert", "<img src=x", '" onmouseover="alert')
COMPUTED = str(7 * 191)


def test_hostile_words_are_kept_to_the_letter_and_shown_as_words(
    client: FlaskClient, company: Company, session: Session, desk: Person
) -> None:
    tickets = session.scalar(select(func.count()).select_from(Ticket)) or 0
    for kind, words in WORDS.items():
        taken_in = desk.post("/api/v1/tickets", _body(company, words))
        assert taken_in.status_code == 201, (kind, taken_in.text)
        ticket = taken_in.json["ticket"]["id"]

        shown = desk.get(f"/api/v1/tickets/{ticket}")
        assert shown.content_type == "application/json"
        assert [shown.json["description"], shown.json["customer"]["name"], shown.json["site"]["address"]] == [words] * 3
        page = _page(client, company, f"/console/tickets/{ticket}")
        assert [raw for raw in (*RAW, COMPUTED) if raw in page] == [], kind

    assert session.scalar(select(func.count()).select_from(Ticket)) == tickets + len(WORDS)
    for path in ("/console/tickets", "/console/today"):
        page = _page(client, company, path)
        assert [raw for raw in RAW if raw in page] == [], path


def test_hostile_words_find_nothing_and_are_not_told_back_as_code(
    client: FlaskClient, company: Company, desk: Person
) -> None:
    for kind, words in (WORDS | REFUSED).items():
        found = desk.get("/api/v1/tickets", q=words.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))

        assert found.status_code in {200, 422}, kind
        assert found.status_code == 422 or found.json["items"] == [], kind
        if kind in WORDS:
            page = _page(client, company, "/console/tickets", q=words)
            assert [raw for raw in (*RAW, COMPUTED) if raw in page] == [], kind


def test_what_cannot_be_text_of_a_line_is_refused_by_the_field(app: Flask, company: Company) -> None:
    for kind, words in REFUSED.items():
        # A description may have lines.
        for field in ("contact_name", *(("description",) if kind != "a header" else ())):
            body = json.dumps(bodies.report(company) | {field: words})
            headers = company.caller(Role.DISPATCHER).headers | {"Idempotency-Key": str(uuid4())}

            answer = app.test_client().post(
                "/api/v1/tickets", data=body, headers=headers, content_type="application/json"
            )

            assert (answer.status_code, answer.headers.get("Set-Cookie")) == (422, None), (kind, field)
            assert [each["field"] for each in (answer.json or {})["details"]["fields"]] == [field], kind
