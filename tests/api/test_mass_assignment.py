"""No body takes a column that is not the caller's to set: status, price, payer, role … (fault 52)."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask import Flask

from server import schema
from tests.api.asking import ask, body_of, who
from tests.api.cast import Company
from tests.api.matrix import ROWS, Row

COLUMNS = sorted({column.name for table in schema.metadata().tables.values() for column in table.columns})
"""Every column of every table."""
FREE = frozenset({"values"})
"""Objects whose content is the use case's business: the numbers of a policy."""

_WITH_BODY = [row for row in ROWS if row.body is not None and row.rule.startswith(("/api/v1", "/mobile/v1"))]


def _objects(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every object in a body."""
    if isinstance(body, dict):
        yield path
        for key, inner in body.items():
            if key not in FREE:
                yield from _objects(inner, (*path, key))
    elif isinstance(body, list):
        for index, inner in enumerate(body):
            yield from _objects(inner, (*path, index))


def _at(body: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def _declared(app: Flask, row: Row, path: tuple[str | int, ...]) -> set[str]:
    """Return the keys that the document names for an object of a body."""
    document = app.test_client().get("/mobile/openapi.json" if row.rule.startswith("/mobile") else "/openapi.json").json
    assert document is not None
    address = row.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
    found = document["paths"][address][row.method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    for step in (None, *path):
        if step is not None:
            found = found["items"] if isinstance(step, int) else found["properties"][step]
        while "properties" not in found and "items" not in found:
            options = found.get("anyOf", found.get("allOf", [found]))
            found = next((option for option in options if option.get("type") != "null"), found)
            if "$ref" in found:
                found = document["components"]["schemas"][found["$ref"].rsplit("/", 1)[1]]
    return set(found["properties"])


@pytest.mark.parametrize("row", _WITH_BODY, ids=lambda row: f"{row.method} {row.rule}")
def test_a_column_that_the_body_does_not_declare_is_refused(row: Row, app: Flask, company: Company) -> None:
    callers = who(row, company) or [company.callers["anonymous"]]
    plain = body_of(row, company)
    for path in _objects(plain):
        declared = _declared(app, row, path)
        others = [name for name in COLUMNS if name not in declared]
        body = deepcopy(plain)
        _at(body, path).update(dict.fromkeys(others, 1))

        answer = ask(app, row, company, callers[0], body=body)

        assert answer.status_code == 422, (path, answer.text[:300])
        assert answer.json is not None
        refused = {one["field"] for one in answer.json["details"]["fields"] if one["rule"] == "unknown"}
        inside = "".join(f"{step}." for step in path)
        assert {f"{inside}{name}"[:200] for name in others} <= refused


def test_the_columns_that_matter_most_are_among_those_that_are_tried() -> None:
    assert {"status", "verdict", "paid_at", "price_amount", "roles", "technician_id", "version"} <= set(COLUMNS)
