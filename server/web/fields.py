"""The fields of every body and query, strict once and for all.

marshmallow's own fields let NUL and lone surrogates through (a 500 in PostgreSQL), take 3.7 for a whole
number and bound nothing. These do not. A broken rule travels as its name with parameters and becomes a
sentence in the caller's language at the very end (`server.web.errors`).

    class NewStationSchema(BaseSchema):
        makes = NewStation                       # load() returns this frozen value instead of a dict
        name = Text(required=True, most=200)
        phone = Phone(required=True)
        position = Nested(PositionSchema, load_default=None)
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, post_load

from server.core.money import Money as Amount
from server.core.numbers import BadPhone, e164
from server.core.places import BadPosition, Position
from server.web.context import settings
from server.web.field_base import BaseSchema, Broken, QuerySchema, Ruled, broken, is_storable, is_written
from server.web.field_numbers import LARGEST_INT, Flag, Id, Int, Latitude, Longitude, Number
from server.web.field_times import Day, Instant, Seconds, TimeZone, written

__all__ = [
    "LARGEST_INT",
    "BaseSchema",
    "Broken",
    "Day",
    "Enum",
    "Flag",
    "Id",
    "Instant",
    "Int",
    "JsonObject",
    "Latitude",
    "List",
    "Longitude",
    "Money",
    "MoneySchema",
    "Nested",
    "Number",
    "OneOf",
    "Phone",
    "PositionSchema",
    "QuerySchema",
    "Ruled",
    "Seconds",
    "Secret",
    "Text",
    "TimeZone",
    "broken",
    "is_storable",
    "is_written",
    "written",
]

LARGEST_AMOUNT = 2**53 - 1


class Text(Ruled):
    """A text: stripped at both ends, normalised to NFC, without NUL, lone surrogates or control characters.

    :param least: the fewest characters after stripping; 1 unless told, so that an empty text is refused.
    :param most: the most characters.
    :param lines: whether line breaks and tabs may stand in it.
    :param pattern: what the whole text must look like; ``rule`` names the rule then.
    """

    def __init__(
        self,
        *,
        least: int = 1,
        most: int = 200,
        lines: bool = False,
        pattern: str | None = None,
        rule: str = "pattern",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.least, self.most, self.lines, self.rule = least, most, lines, rule
        self.pattern = re.compile(pattern, re.ASCII) if pattern else None
        self.metadata = {"type": "string", "minLength": least, "maxLength": most, **self.metadata}
        if pattern:
            self.metadata = {"pattern": f"^(?:{pattern})$", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise broken("text")
        if not is_storable(value, lines=self.lines):
            raise broken("characters")
        text = unicodedata.normalize("NFC", value.strip())
        if len(text) < self.least:
            raise broken("least_length", least=self.least)
        if len(text) > self.most:
            raise broken("most_length", most=self.most)
        if self.pattern and not self.pattern.fullmatch(text):
            raise broken(self.rule)
        return text


class Secret(Ruled):
    """A password or a code, taken exactly as typed; it is read and never shown."""

    def __init__(self, *, most: int = 200, **kwargs: Any) -> None:
        super().__init__(load_only=True, **kwargs)
        self.most = most
        self.metadata = {"type": "string", "format": "password", "minLength": 1, "maxLength": most, **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise broken("text")
        if not is_storable(value, lines=False):
            raise broken("characters")
        if not 0 < len(value) <= self.most:
            raise broken("most_length", most=self.most)
        return value


class JsonObject(Ruled):
    """A JSON object of which the use case knows what may be in it; every text and number in it can be stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "object", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any] | None:
        return None if value is None else dict(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise broken("object")
        if not _is_sound(value):
            raise broken("characters")
        return value


def _is_sound(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, dict):
        return all(is_storable(key) and _is_sound(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(_is_sound(inner) for inner in value)
    return type(value) is not int or abs(value) <= LARGEST_INT


def _choices(field: fields.Field[Any], words: Iterable[str]) -> list[str | None]:
    """Return what a document lists as possible: the words, and null where it may stand."""
    return [*map(str, words), *([None] if field.allow_none else [])]


class Enum(Ruled):
    """One word of a closed list."""

    def __init__(self, members: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = members
        self.metadata = {"type": "string", "enum": _choices(self, members), **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> StrEnum:
        if not isinstance(value, str) or value not in set(self.members):
            raise broken("one_of", choices=[str(member) for member in self.members])
        return self.members(value)


class OneOf(Ruled):
    """One word of a list that is not an enumeration: a sort order, a locale."""

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices
        self.metadata = {"type": "string", "enum": _choices(self, choices), **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise broken("one_of", choices=list(self.choices))
        return value


class Phone(Ruled):
    """A telephone number, loaded in international form; without a prefix it is one of the company's country."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {
            "type": "string",
            "minLength": 3,
            "maxLength": 40,
            "example": "+8613800138000",
            **self.metadata,
        }

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or len(value) > 40 or not is_storable(value, lines=False):
            raise broken("phone")
        try:
            return e164(value, country=settings().country)
        except BadPhone as error:
            raise broken("phone") from error


class List(fields.List[Any]):
    """A list of bounded length."""

    def __init__(self, inner: Any, *, least: int = 0, most: int = 100, distinct: bool = False, **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.least, self.most, self.distinct = least, most, distinct
        self.metadata = {"minItems": least, "maxItems": most, **self.metadata}
        if distinct:
            self.metadata = {"uniqueItems": True, **self.metadata}

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Return the error for a rule that marshmallow itself looks after."""
        return broken("list" if key == "invalid" else key)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise broken("list")
        # Before its items are looked at: a long list costs nothing.
        if not self.least <= len(value) <= self.most:
            raise broken("items", least=self.least, most=self.most)
        items = super()._deserialize(value, attr, data, **kwargs)
        if self.distinct and any(item in items[:index] for index, item in enumerate(items)):
            raise broken("distinct")
        return items


class Nested(fields.Nested):
    """An object inside an object."""

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Return the error for a rule that marshmallow itself looks after."""
        return broken("object" if key == "type" else key)


class MoneySchema(BaseSchema):
    """An amount in minor units (fen, cents) of a currency."""

    makes = Amount

    amount = Int(required=True, least=-LARGEST_AMOUNT, most=LARGEST_AMOUNT)
    currency = Text(required=True, least=3, most=3, pattern="[A-Z]{3}", rule="currency")


class Money(Nested):
    """An amount of money; not negative unless told."""

    def __init__(self, *, negative: bool = False, **kwargs: Any) -> None:
        super().__init__(MoneySchema, **kwargs)
        self.negative = negative

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        money = super()._deserialize(value, attr, data, partial, **kwargs)
        if money.amount < 0 and not self.negative:
            raise ValidationError({"amount": broken("between", least=0, most=LARGEST_AMOUNT).messages})
        return money


class PositionSchema(BaseSchema):
    """A WGS-84 position in degrees. 0, 0 is refused: it stands for an unknown one."""

    lat = Latitude(required=True)
    lon = Longitude(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Position:
        try:
            return Position(**data)
        except BadPosition as error:
            raise broken("position") from error
