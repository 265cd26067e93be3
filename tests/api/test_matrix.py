"""Every route x everybody x own, other's, missing: what the table `matrix.py` says (fault 51)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from server.core import clock
from server.organisation import logins
from server.organisation.models import Role
from server.web import csrf
from server.web.auth import Audience, declared
from tests.api.matrix import ROWS, Open, Row
from tests.api.world import CONFINED, MISSING, NOW, Caller, Company

_AUTOMATIC = {"HEAD", "OPTIONS"}
_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One cell of the matrix."""

    caller: Caller
    case: str
    expected: int


def _routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in _AUTOMATIC
    }


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    rows = {(row.method, row.rule) for row in ROWS}

    assert len(rows) == len(ROWS), "a route has two rows"
    assert sorted(_routes(app) - rows) == [], "routes without a row: add them to tests/api/matrix.py"
    assert sorted(rows - _routes(app)) == [], "rows without a route"


def test_every_route_declares_whom_it_is_for_as_its_row_says(app: Flask) -> None:
    views = {
        (method, rule.rule): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }

    for row in ROWS:
        access = declared(views[row.method, row.rule], row.method)
        assert access is not None, row
        if isinstance(row.who, Open):
            assert str(access.audience) == str(row.who), row
        else:
            assert access.audience is Audience.STAFF, row
            assert access.roles == frozenset(row.who), row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.rule}")
def test_everybody_gets_what_the_matrix_says(
    row: Row, app: Flask, company: Company, session: Session, rolled_back: Connection
) -> None:
    wrong = []
    for call in _calls(row, company):
        outer = rolled_back.begin_nested()
        answer = _ask(app, row, company, session, call)
        if answer.status_code != call.expected:
            got = f"{answer.status_code}, not {call.expected}: {answer.get_data(as_text=True)[:300]}"
            wrong.append(f"{call.caller.name} / {call.case}: {got}")
        outer.rollback()
        answer.close()

    assert wrong == []


def _calls(row: Row, company: Company) -> Iterator[Call]:
    cases = ("own", "other", "missing") if _PARAMETER.search(row.rule) else ("own",)
    for caller in company.callers.values():
        for case in cases:
            yield Call(caller, case, _expected(row, caller, case))


def _expected(row: Row, caller: Caller, case: str) -> int:
    answers = {"own": row.own, "other": row.other, "missing": row.missing}
    if row.who in {Open.ANYBODY, Open.LINK, Open.PROVIDER}:
        return answers[case]
    if row.who is Open.TECHNICIANS:
        return answers[case] if caller.technician_id else 401
    if caller.staff_id is None:
        return row.anonymous
    role = Role(caller.name)
    if role not in row.who:
        return 403
    # Whoever sees the whole company finds everything in it; a token is its owner's alone.
    sees_all = role not in CONFINED and "token_id" not in row.rule
    return row.own if case == "other" and sees_all else answers[case]


def _ask(app: Flask, row: Row, company: Company, session: Session, call: Call) -> Any:
    client = app.test_client()
    headers = _proof(app, client, row, call.caller)
    headers |= {"Idempotency-Key": str(uuid4())} if row.method == "POST" else {}
    headers |= {"If-Match": row.etag} if row.method in {"PUT", "PATCH", "DELETE"} else {}
    path = _PARAMETER.sub(lambda match: str(_id(match[1], row, company, session, call)), row.rule)
    given = row.body if row.form is None else row.form
    values = given(company) if callable(given) else given
    if row.form is not None:
        return client.open(path, method=row.method, headers=headers, data=values)
    return client.open(path, method=row.method, headers=headers, json=values)


def _proof(app: Flask, client: Any, row: Row, caller: Caller) -> dict[str, str]:
    if row.rule.startswith(("/api/", "/mobile/v1")):
        return caller.headers
    if caller.cookie:
        client.set_cookie("truckroll_session", caller.cookie)
    with app.test_request_context(headers={"Cookie": f"truckroll_session={caller.cookie}"}), clock.holding(NOW):
        return {"Origin": "http://127.0.0.1:8000", csrf.HEADER: csrf.token()}


def _id(name: str, row: Row, company: Company, session: Session, call: Call) -> int | str:
    if name == "deed" and row.deed is not None:
        return row.deed
    if call.case == "missing":
        return MISSING
    ids = company.things[name]
    if call.case == "other":
        return ids.other
    if ids.own == "own_token":
        staff_id = call.caller.staff_id or company.staff[Role.AUDITOR].id
        row, _ = logins.issue(session, staff_id=staff_id, label="own", now=NOW)
        session.commit()
        return row.id
    return ids.own
