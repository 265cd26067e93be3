"""Every field refuses what cannot be meant or kept (fault 54), and names the rule."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from flask import Flask
from marshmallow import ValidationError

from server.core.clock import SystemClock
from server.core.db import Database
from server.core.money import Money
from server.core.places import Position
from server.web import context, fields
from server.web.context import AppState
from tests.builders.settings import settings_for


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class _Schema(fields.BaseSchema):
    text = fields.Text(most=5)
    note = fields.Text(most=20, lines=True, least=0)
    whole = fields.Int(least=1, most=10)
    big = fields.Int()
    number = fields.Number(least=0, most=1)
    flag = fields.Flag()
    colour = fields.Enum(Colour)
    at = fields.Instant()
    day = fields.Day()
    lasts = fields.Seconds(most=60)
    phone = fields.Phone()
    zone = fields.TimeZone()
    money = fields.Money()
    owed = fields.Money(negative=True)
    place = fields.Nested(fields.PositionSchema)
    some = fields.List(fields.Id(), least=1, most=3, distinct=True)
    secret = fields.Secret(most=8)
    free = fields.JsonObject()


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    app = Flask("test")
    settings = settings_for()
    app.extensions[context.KEY] = AppState(settings, Database(settings.database_url), SystemClock())
    with app.app_context():
        yield


def _rules(name: str, value: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        _Schema().load({name: value})
    return caught.value.messages[name]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("name", "value", "loaded"),
    [
        ("text", "  a b  ", "a b"),
        ("text", "维修工程师", "维修工程师"),
        ("text", "e\u0301", "é"),
        ("note", "one\ntwo", "one\ntwo"),
        ("note", "", ""),
        ("whole", 1, 1),
        ("whole", 10, 10),
        ("big", 2**63 - 1, 2**63 - 1),
        ("number", 0, 0.0),
        ("number", 1.0, 1.0),
        ("flag", False, False),
        ("colour", "blue", Colour.BLUE),
        ("at", "2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("at", "2026-03-01T08:00:00.123456789+08:00", datetime(2026, 3, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        ("at", "1990-01-01T00:00:00Z", datetime(1990, 1, 1, tzinfo=UTC)),
        ("day", "2028-02-29", date(2028, 2, 29)),
        ("lasts", 60, timedelta(minutes=1)),
        ("phone", "138 0013 8000", "+8613800138000"),
        ("phone", "+1 202-555-0143", "+12025550143"),
        ("zone", "Asia/Shanghai", "Asia/Shanghai"),
        ("money", {"amount": 0, "currency": "CNY"}, Money(0, "CNY")),
        ("owed", {"amount": -1, "currency": "EUR"}, Money(-1, "EUR")),
        ("place", {"lat": 31.2, "lon": 121}, Position(31.2, 121.0)),
        ("some", [3, 1], [3, 1]),
        ("secret", " p w ", " p w "),
        ("free", {"a": [1, {"b": "c"}]}, {"a": [1, {"b": "c"}]}),
    ],
)
def test_what_is_meant_is_read(name: str, value: Any, loaded: Any) -> None:
    assert _Schema().load({name: value}) == {name: loaded}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("text", "a\x00b", "characters"),
        ("text", "\ud800", "characters"),
        ("text", "a\nb", "characters"),
        ("text", "a\x1b[0m", "characters"),
        ("text", "\x85", "characters"),
        ("text", "   ", "least_length"),
        ("text", "sixsix", "most_length"),
        ("text", 7, "text"),
        ("text", None, "null"),
        ("note", "a\x00", "characters"),
        ("whole", 0, "between"),
        ("whole", 11, "between"),
        ("whole", 3.7, "integer"),
        ("whole", 3.0, "integer"),
        ("whole", True, "integer"),
        ("whole", "3", "integer"),
        ("big", 2**63, "between"),
        ("big", -(2**63) - 1, "between"),
        ("number", 1.0001, "between"),
        ("number", "0.5", "number"),
        ("number", True, "number"),
        ("flag", 1, "flag"),
        ("flag", "true", "flag"),
        ("colour", "green", "one_of"),
        ("colour", ["red"], "one_of"),
        ("at", "2026-03-01T08:00:00", "instant"),
        ("at", "2026-03-01 08:00:00Z", "instant"),
        ("at", "2026-02-30T08:00:00Z", "instant"),
        ("at", "2026-03-01T24:00:01Z", "instant"),
        ("at", "0001-01-01T00:00:00+14:00", "instant"),
        ("at", "1989-12-31T23:59:59Z", "year"),
        ("at", "2100-01-01T00:00:00Z", "year"),
        ("at", 1_700_000_000, "instant"),
        ("at", "٢٠٢٦-03-01T08:00:00Z", "instant"),
        ("day", "2027-02-29", "day"),
        ("day", "2026-3-1", "day"),
        ("day", "9999-12-31", "year"),
        ("lasts", -1, "between"),
        ("lasts", 61, "between"),
        ("phone", "12", "phone"),
        ("phone", "+86 138\x00", "phone"),
        ("phone", "9" * 41, "phone"),
        ("phone", 13800138000, "phone"),
        ("zone", "Mars/Base", "time_zone"),
        ("zone", "../../etc/passwd", "time_zone"),
        ("some", [], "items"),
        ("some", [1, 2, 3, 4], "items"),
        ("some", [1, 1], "distinct"),
        ("some", {"0": 1}, "list"),
        ("secret", "", "most_length"),
        ("secret", "ninechars", "most_length"),
        ("secret", "\udfff", "characters"),
        ("free", [], "object"),
        ("free", {"a": {"\x00": 1}}, "characters"),
        ("free", {"a": ["\ud800"]}, "characters"),
        ("free", {"a": 2**63}, "characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_name_of_the_rule(name: str, value: Any, rule: str) -> None:
    assert _rules(name, value) == [rule]


@pytest.mark.parametrize(
    ("name", "value", "rules"),
    [
        ("money", {"amount": -1, "currency": "CNY"}, {"amount": ["between"]}),
        ("money", {"amount": 2**53, "currency": "CNY"}, {"amount": ["between"]}),
        ("money", {"amount": 1.5, "currency": "CNY"}, {"amount": ["integer"]}),
        ("money", {"amount": 1, "currency": "cny"}, {"currency": ["currency"]}),
        ("money", {"amount": 1}, {"currency": ["required"]}),
        ("money", {"amount": 1, "currency": "CNY", "rate": 2}, {"rate": ["unknown"]}),
        ("money", 5, {"_schema": ["object"]}),
        ("place", {"lat": 0, "lon": 0}, {"_schema": ["position"]}),
        ("place", {"lat": 121.4, "lon": 31.2}, {"lat": ["between"]}),
        ("place", {"lat": 31.2, "lon": 181}, {"lon": ["between"]}),
        ("some", [1, 0], {1: ["between"]}),
    ],
)
def test_a_rule_broken_inside_a_value_is_named_where_it_is_broken(name: str, value: Any, rules: Any) -> None:
    assert _rules(name, value) == rules


def test_a_field_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        _Schema().load({"status": "paid"})

    assert caught.value.messages == {"status": ["unknown"]}


def test_a_secret_is_never_shown() -> None:
    assert _Schema().dump({"secret": "x", "text": "y"}) == {"text": "y"}


def test_instants_are_written_in_utc_with_z() -> None:
    shown = _Schema().dump({"at": datetime(2026, 3, 1, 8, 0, 0, 5000, tzinfo=UTC)})

    assert shown == {"at": "2026-03-01T08:00:00.005000Z"}
