"""What every answer has in common: problems in the caller's language, headers, the line in the log, health."""

import io
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from server.app import create_app
from server.organisation.models import Role
from server.web.auth import declared
from server.web.http import USUAL_BODY
from tests.api.world import Company
from tests.builders.settings import settings_for


def _post(client: FlaskClient, company: Company, body: bytes | str, **headers: str) -> Any:
    known = company.caller(Role.ADMINISTRATOR).headers | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    return client.post(
        "/api/v1/regions", data=body, headers=known | {k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_a_problem_says_what_it_is_in_every_field_of_the_standard(client: FlaskClient, company: Company) -> None:
    answer = client.get(
        "/api/v1/regions/987654321", headers=company.caller(Role.AUDITOR).headers | {"X-Request-Id": "a-request"}
    )

    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "urn:truckroll:problem:region.unknown",
        "title": "No such region",
        "status": 404,
        "detail": "There is no such region for you. Choose one of the list.",
        "code": "region.unknown",
        "instance": "urn:truckroll:request:a-request",
        "details": {"region_id": 987654321},
    }


@pytest.mark.parametrize(
    ("wanted", "language", "title"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.5", "zh", "未登录"),
        ("en-GB", "en", "Not logged in"),
        ("fr, zh;q=0.1", "zh", "未登录"),
        ("fr", "en", "Not logged in"),
        ("x" * 500, "en", "Not logged in"),
    ],
)
def test_somebody_unknown_is_answered_in_the_language_of_his_browser(
    client: FlaskClient, wanted: str, language: str, title: str
) -> None:
    answer = client.get("/api/v1/me", headers={"Accept-Language": wanted})

    assert (answer.headers["Content-Language"], answer.json["title"]) == (language, title)


def test_somebody_known_is_answered_in_his_own_language(
    client: FlaskClient, company: Company, session: Session
) -> None:
    company.staff[Role.AUDITOR].locale = "zh"
    session.commit()

    answer = client.get("/api/v1/staff", headers=company.caller(Role.AUDITOR).headers | {"Accept-Language": "en"})

    assert answer.json["title"] == "角色无权"


def test_every_field_that_breaks_a_rule_is_named_with_the_rule(client: FlaskClient, company: Company) -> None:
    body = json.dumps({"name": "a\u0000", "detour": 0.5, "leg_seconds": 3.7, "status": "paid"})

    answer = _post(client, company, body)

    assert (answer.status_code, answer.json["code"]) == (422, "request.rules_broken")
    assert {(field["field"], field["rule"]) for field in answer.json["details"]["fields"]} == {
        ("name", "characters"),
        ("time_zone", "required"),
        ("detour", "between"),
        ("leg_seconds", "integer"),
        ("status", "unknown"),
    }
    assert "The number must be between 1 and 10." in [field["message"] for field in answer.json["details"]["fields"]]


def test_an_unknown_key_is_told_back_short_and_harmless(client: FlaskClient, company: Company) -> None:
    answer = _post(client, company, json.dumps({"<script>\u0000\r\n" + "x" * 500: 1, "\ud800": 2}))

    names = {field["field"] for field in answer.json["details"]["fields"]}
    assert answer.status_code == 422
    assert all(len(name) <= 60 and name.isprintable() for name in names)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "request.bad_json"),
        (b'{"a": 1, "a": 2}', {}, 400, "request.bad_json"),
        (b"[" * 100_000, {}, 400, "request.bad_json"),
        (b'{"name": 1e400}', {}, 400, "request.bad_json"),
        (b"[]", {}, 422, "request.rules_broken"),
        (b"7", {}, 422, "request.rules_broken"),
        (b"null", {}, 422, "request.rules_broken"),
        (b"name=West", {"Content_Type": "application/x-www-form-urlencoded"}, 415, "request.media_type"),
        (b"{}", {"Content_Type": "text/plain"}, 415, "request.media_type"),
        (b" " * (USUAL_BODY + 1), {}, 413, "request.too_large"),
    ],
)
def test_a_body_that_is_no_body_is_refused_before_it_is_looked_at(
    client: FlaskClient, company: Company, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = _post(client, company, body, **headers)

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_body_without_a_length_is_counted_while_it_is_read(app: Flask, company: Company) -> None:
    headers = company.caller(Role.ADMINISTRATOR).headers | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    builder = EnvironBuilder(path="/api/v1/regions", method="POST", headers=headers)
    environ = builder.get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ |= {
        "wsgi.input": io.BytesIO(b" " * (USUAL_BODY + 1)),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }

    _, status, _ = run_wsgi_app(app, environ)

    assert status.startswith("413")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/regions/0",
        "/api/v1/regions/01",
        "/api/v1/regions/9223372036854775808",
        "/api/v1/regions/x",
        "/api/v1/regions/-1",
        "/api/v1/policies/a%00b/versions",
        "/nothing",
    ],
)
def test_an_address_that_cannot_be_one_does_not_exist(client: FlaskClient, company: Company, path: str) -> None:
    answer = client.get(path, headers=company.caller(Role.ADMINISTRATOR).headers)

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_method_that_an_address_does_not_take_is_told_with_those_it_takes(
    client: FlaskClient, company: Company
) -> None:
    answer = client.delete("/api/v1/regions", headers=company.caller(Role.ADMINISTRATOR).headers)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=0", "unknown=1", "after=%00"])
def test_a_query_is_as_strict_as_a_body(client: FlaskClient, company: Company, query: str) -> None:
    answer = client.get(f"/api/v1/regions?{query}", headers=company.caller(Role.AUDITOR).headers)

    assert (answer.status_code, answer.json["code"]) == (422, "request.rules_broken")


def test_a_list_is_read_page_by_page(client: FlaskClient, company: Company) -> None:
    headers = company.caller(Role.AUDITOR).headers
    first = client.get("/api/v1/regions?limit=1", headers=headers).json
    second = client.get(f"/api/v1/regions?limit=1&after={first['next']}", headers=headers).json

    assert [item["name"] for item in first["items"] + second["items"]] == ["North", "South"]
    assert second["next"] is None


def test_every_answer_protects_itself(client: FlaskClient, company: Company) -> None:
    for answer in (client.get("/healthz"), client.get("/nothing"), client.get("/docs"), client.get("/api/v1/me")):
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-DEF_123", True),
        ("short", False),
        ("x" * 65, False),
        ("two words", False),
        ("a/b/c/d/e", False),
        ("13800138000", False),
    ],
)
def test_a_request_keeps_its_name_if_it_is_harmless(client: FlaskClient, given: str, kept: bool) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"] == given) is kept
    assert 8 <= len(answer.headers["X-Request-Id"]) <= 64


def test_a_request_is_one_line_without_anything_of_its_query(
    client: FlaskClient, company: Company, log_lines: io.StringIO
) -> None:
    headers = company.caller(Role.AUDITOR).headers | {"X-Request-Id": "a-request"}
    client.get("/api/v1/regions/987654321?secret=Zhang", headers=headers)

    (line,) = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert "Zhang" not in log_lines.getvalue()
    assert "987654321" not in log_lines.getvalue()
    assert line["route"] == "/api/v1/regions/<int:region_id>"
    assert (line["event"], line["status"], line["request_id"]) == ("request answered", 404, "a-request")
    assert line["caller"] == f"staff:{company.staff[Role.AUDITOR].id}"


def test_a_defect_is_told_without_its_reason_and_logged_without_its_values(
    app: Flask, company: Company, monkeypatch: pytest.MonkeyPatch, log_lines: io.StringIO
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Zhang San lives at Plum Garden Road")

    monkeypatch.setattr("server.api.regions.regions.one", fail)
    answer = app.test_client().get("/api/v1/regions/1", headers=company.caller(Role.AUDITOR).headers)

    assert (answer.status_code, answer.json["code"]) == (500, "failed")
    assert "Zhang" not in answer.get_data(as_text=True) + log_lines.getvalue()
    assert '"RuntimeError"' in log_lines.getvalue()


def test_the_product_is_ready_when_its_database_is_at_its_revision(client: FlaskClient) -> None:
    assert client.get("/readyz").json == {"status": "ready"}


def test_a_process_without_its_database_lives_but_is_not_ready() -> None:
    client = create_app(settings_for()).test_client()

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_both_documents_are_valid_and_every_operation_tells_who_may(client: FlaskClient) -> None:
    for path in ("/openapi.json", "/mobile/openapi.json"):
        document = client.get(path).json
        validate(document)
        assert document["openapi"] == "3.1.0"
        for operations in document["paths"].values():
            for operation in (operations[method] for method in operations if method != "parameters"):
                assert "security" in operation
                assert operation["summary"]
                problems = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
                assert all("$ref" in answer for answer in problems)


def test_the_page_of_the_documents_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs").get_data(as_text=True)

    assert "://" not in page
    assert "<script>" not in page
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png"):
        with client.get(f"/docs/files/{name}") as answer:
            assert answer.status_code == 200
    assert client.get("/docs/files/LICENSE").status_code == 404
    assert client.get("/docs/files/..%2f..%2fconfig.py").status_code == 404


def test_an_address_that_declares_nobody_is_open_to_nobody(app: Flask, company: Company) -> None:
    undeclared = create_app(settings_for())
    undeclared.add_url_rule("/open", "open", lambda: "open")

    answer = undeclared.test_client().get("/open")

    assert (answer.status_code, answer.json["code"]) == (403, "auth.undeclared")
    assert declared(undeclared.view_functions["open"], "GET") is None
