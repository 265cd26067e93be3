"""What the documents promise of answers: no more than the data keep."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

_ALWAYS = {
    "currency": "three letters, by a CHECK of the database",
    "next": "made by us, and no longer than what `after` takes",
    "time_zone": "an IANA name; none is longer",
}
"""What really has the length that is promised."""


@pytest.mark.parametrize("path", ["/openapi.json", "/mobile/openapi.json"])
def test_no_answer_promises_how_long_a_text_is(app: Flask, path: str) -> None:
    document = json.loads(app.test_client().get(path).text)
    answers = [
        (f"{method} {address}", answer["content"]["application/json"]["schema"])
        for address, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
        for status, answer in operation["responses"].items()
        if status.startswith("2") and "application/json" in answer.get("content", {})
    ]

    promised = {
        f"{where}: {name}" for where, schema in answers for name in _promises(document, schema, seen=frozenset())
    }

    assert len(answers) > 10
    assert promised == set()


def _promises(document: Any, schema: Any, *, seen: frozenset[str]) -> Iterator[str]:
    """Yield the names of properties, at any depth, that are texts of a promised length."""
    reference = schema.get("$ref")
    if reference is not None:
        if reference not in seen:
            name = reference.rpartition("/")[2]
            yield from _promises(document, document["components"]["schemas"][name], seen=seen | {reference})
        return
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _promises(document, part, seen=seen)
    if "items" in schema:
        yield from _promises(document, schema["items"], seen=seen)
    for name, value in schema.get("properties", {}).items():
        if {"minLength", "maxLength"} & value.keys() and name not in _ALWAYS:
            yield name
        yield from (f"{name}.{inner}" for inner in _promises(document, value, seen=seen))
