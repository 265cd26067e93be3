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

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self, cast
from zoneinfo import available_timezones

from marshmallow import RAISE, Schema, ValidationError, fields, post_load

from server.core.money import Money as Amount
from server.core.numbers import BadPhone, e164
from server.core.places import BadPosition, Position
from server.web.context import settings

LARGEST_INT = 2**63 - 1
"""Of a bigint."""
LARGEST_AMOUNT = 2**53 - 1
FIRST_YEAR, LAST_YEAR = 1990, 2100
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Broken(str):
    """The name of a rule that a value breaks, with the rule's parameters."""

    __slots__ = ("parameters",)
    parameters: Mapping[str, Any]

    def __new__(cls, rule: str, **parameters: Any) -> Self:
        """Return the name of a rule as a text that remembers its parameters."""
        made = super().__new__(cls, rule)
        made.parameters = parameters
        return made

    @property
    def rule(self) -> str:
        """Return the rule's name."""
        return str(self)


def broken(rule: str, **parameters: Any) -> ValidationError:
    """Return the error for a value that breaks a rule; the rule's sentence is `rule.<name>` of the catalogue."""
    return ValidationError([cast(str, Broken(rule, **parameters))])


class Ruled(fields.Field[Any]):
    """A field whose errors are named rules."""

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Return the error for a rule that marshmallow itself looks after, such as `required`."""
        return broken(key)


class BaseSchema(Schema):
    """A schema that refuses unknown keys, and makes a frozen value where it names one.

    :cvar makes: the value's class; its parameters are the fields' attribute names. None: load() returns a dict.
    """

    makes: ClassVar[type | None] = None
    error_messages: ClassVar[dict[str, str]] = {"unknown": Broken("unknown"), "type": Broken("object")}  # type: ignore[misc]

    class Meta:
        """Refuse what is not declared (fault 52)."""

        unknown = RAISE

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.makes(**data) if self.makes is not None else data


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


def is_storable(text: str, *, lines: bool = True) -> bool:
    """Return whether a text has neither NUL, nor lone surrogates, nor control characters (line breaks as told)."""
    allowed = "\n\r\t" if lines else ""
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in allowed for letter in text)


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


class Int(Ruled):
    """A whole number; in a query it is written in digits. No 3.7, no true, nothing beyond bigint."""

    def __init__(self, *, least: int = -LARGEST_INT - 1, most: int = LARGEST_INT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.metadata = {"type": "integer", "minimum": least, "maximum": most, **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> int | None:
        return None if value is None else int(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if is_written(self) and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
            value = int(value)
        if type(value) is not int:
            raise broken("integer")
        if not self.least <= value <= self.most:
            raise broken("between", least=self.least, most=self.most)
        return value


def is_written(field: fields.Field[Any]) -> bool:
    """Return whether a field's values arrive as text because they stand in a query or a form."""
    return bool(getattr(field.root, "written", False))


class Id(Int):
    """The identity of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"least": 1, **kwargs})


class Number(Ruled):
    """A finite number within bounds."""

    def __init__(self, *, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.metadata = {"type": "number", "minimum": least, "maximum": most, **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None else float(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if is_written(self) and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", value):
            value = float(value)
        if type(value) not in {int, float}:
            raise broken("number")
        if not (math.isfinite(value) and self.least <= value <= self.most):
            raise broken("between", least=self.least, most=self.most)
        return float(value)


class Flag(Ruled):
    """True or false, and nothing that looks like it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "boolean", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> bool | None:
        return None if value is None else bool(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if is_written(self) and value in {"true", "false"}:
            return bool(value == "true")
        if type(value) is not bool:
            raise broken("flag")
        return value


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


class Instant(Ruled):
    """An instant in RFC 3339 with its offset, of the years 1990 to 2100; written with `Z`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "string", "format": "date-time", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else written(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise broken("instant")
        try:
            # Python keeps microseconds; further digits say nothing here.
            instant = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise broken("instant") from error
        if not FIRST_YEAR <= instant.year < LAST_YEAR:
            raise broken("year", least=FIRST_YEAR, most=LAST_YEAR)
        return instant


def written(instant: datetime) -> str:
    """Return an instant in RFC 3339 with `Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Day(Ruled):
    """A calendar day, `YYYY-MM-DD`, of the years 1990 to 2100."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "string", "format": "date", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else cast(date, value).isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise broken("day")
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise broken("day") from error
        if not FIRST_YEAR <= day.year < LAST_YEAR:
            raise broken("year", least=FIRST_YEAR, most=LAST_YEAR)
        return day


class Seconds(Int):
    """A duration in whole seconds, loaded as a timedelta; at most 400 days unless told."""

    def __init__(self, *, least: int = 0, most: int = 400 * 86_400, **kwargs: Any) -> None:
        super().__init__(least=least, most=most, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> int | None:
        return None if value is None else round(value.total_seconds() if isinstance(value, timedelta) else value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return timedelta(seconds=super()._deserialize(value, attr, data, **kwargs))


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


class TimeZone(Ruled):
    """The IANA name of a time zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "string", "maxLength": 64, "example": "Asia/Shanghai", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in available_timezones():
            raise broken("time_zone")
        return value


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


class Latitude(Number):
    """Degrees north of the equator, WGS-84."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=-90, most=90, **kwargs)


class Longitude(Number):
    """Degrees east of Greenwich, WGS-84."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=-180, most=180, **kwargs)


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


class QuerySchema(BaseSchema):
    """The values of a query or a form, which arrive as text."""

    written: ClassVar[bool] = True
