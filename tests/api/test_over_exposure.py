"""An answer says what its document declares and nothing more, and no telephone in full (fault 53)."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.customers.models import CustomerPhone
from server.orders.models import Ticket
from server.technicians.models import Technician
from tests.api.asking import ask, who
from tests.api.cast import Company
from tests.api.matrix import ROWS, TECHNICIANS, Row

REVEALING = ("phone-reveal", "callbacks/next")
"""Where somebody must call: the number is the point, and that it was shown is kept."""

_APIS = [
    row
    for row in ROWS
    if row.rule.startswith(("/api/v1", "/mobile/v1")) and (row.who is TECHNICIANS or isinstance(row.who, tuple))
]
_SHOWING = [
    row for row in _APIS if row.own < 300 and not row.rule.endswith("export.csv") and "token_id" not in row.rule
]


def _document(app: Flask, row: Row) -> dict[str, Any]:
    found = app.test_client().get("/mobile/openapi.json" if row.rule.startswith("/mobile") else "/openapi.json").json
    assert found is not None
    return found


def _schema(document: dict[str, Any], row: Row, status: int) -> dict[str, Any]:
    address = row.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
    answer = document["paths"][address][row.method.lower()]["responses"][str(status)]
    found: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return found


def _extra(document: dict[str, Any], schema: dict[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every key that an answer has and its schema has not."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for choice in ("anyOf", "allOf", "oneOf"):
        for option in schema.get(choice, ()):
            if option.get("type") != "null":
                yield from _extra(document, option, value, path)
                return
    if isinstance(value, list):
        for item in value:
            yield from _extra(document, schema.get("items", {}), item, f"{path}[]")
    elif isinstance(value, dict) and "properties" in schema:
        for key, inner in value.items():
            if key not in schema["properties"]:
                yield f"{path}.{key}"
            else:
                yield from _extra(document, schema["properties"][key], inner, f"{path}.{key}")


def _numbers(session: Session) -> set[str]:
    """Return every telephone number of a customer or a technician."""
    found = {*session.scalars(select(CustomerPhone.number)), *session.scalars(select(Technician.phone))}
    return found | {number for number in session.scalars(select(Ticket.contact_phone)) if number}


@pytest.mark.parametrize("row", _SHOWING, ids=lambda row: f"{row.method} {row.rule}")
def test_nobody_is_told_more_than_the_document_declares(
    row: Row, app: Flask, company: Company, session: Session, rolled_back: Connection
) -> None:
    document, numbers = _document(app, row), _numbers(session)

    for caller in who(row, company):
        outer = rolled_back.begin_nested()
        answer = ask(app, row, company, caller)
        assert answer.status_code < 300, (caller.name, answer.text[:300])
        if answer.status_code != 204:
            assert list(_extra(document, _schema(document, row, answer.status_code), answer.json)) == [], caller.name
        if not row.rule.endswith(REVEALING):
            assert [number for number in numbers if number in answer.text] == [], caller.name
        outer.rollback()


@pytest.mark.parametrize("row", [row for row in _APIS if row.rule.endswith(REVEALING)], ids=lambda row: row.rule)
def test_a_telephone_in_full_is_shown_to_whoever_must_call_and_that_is_kept(
    row: Row, app: Flask, company: Company, session: Session
) -> None:
    caller = who(row, company)[0]
    before = len(session.scalars(select(DomainEvent.id)).all())

    answer = ask(app, row, company, caller)

    assert answer.json is not None
    assert any(number in answer.text for number in _numbers(session))
    if row.rule.endswith("phone-reveal"):
        event = session.scalars(select(DomainEvent).order_by(DomainEvent.id.desc())).first()
        assert len(session.scalars(select(DomainEvent.id)).all()) == before + 1
        assert event is not None
        assert event.kind.endswith(".reveal_phones")
        assert event.actor_id in {caller.staff_id, caller.technician_id}
