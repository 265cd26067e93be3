"""A body that is not sound JSON of a sane shape never reaches a schema (faults 54, 56)."""

import json

import pytest

from server.web.parsing import DEEPEST, BadJson, parse_json


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1} {"b": 2}',
        b'{"a": 1, "a": 2}',
        b'{"outer": {"a": 1, "a": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": "\xff"}',
        "\ufeff{}".encode(),
        '{"a": 1}'.encode("utf-16"),
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
        b'{"a": "\n"}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_sound_is_refused(body: bytes) -> None:
    with pytest.raises(BadJson):
        parse_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"a": 1.5e10, "b": [true, null]}',
        b"[" * DEEPEST + b"]" * DEEPEST,
        json.dumps({"text": "[" * 10_000}).encode(),
        json.dumps({"text": '\\"[{' * 1_000}).encode(),
        json.dumps([{}] * 1_000).encode(),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_sound_body_is_read_as_it_stands(body: bytes) -> None:
    assert parse_json(body) == json.loads(body)
