"""What every field rests on: rules broken by name, schemas that refuse unknown keys, texts that can be kept."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

from marshmallow import RAISE, Schema, ValidationError, fields, post_load


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


_UNSOUND = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_UNSOUND_IN_LINE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
"""Unicode's categories Cc and Cs, with and without line feed, carriage return and tab."""


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


def is_storable(text: str, *, lines: bool = True) -> bool:
    """Return whether a text has neither NUL, nor lone surrogates, nor control characters (line breaks as told)."""
    return (_UNSOUND if lines else _UNSOUND_IN_LINE).search(text) is None


def is_written(field: fields.Field[Any]) -> bool:
    """Return whether a field's values arrive as text because they stand in a query or a form."""
    return bool(getattr(field.root, "written", False))


class QuerySchema(BaseSchema):
    """The values of a query or a form, which arrive as text."""

    written: ClassVar[bool] = True
