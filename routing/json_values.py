"""Read parsed JSON strictly: every refusal names code and place."""

import math
from collections.abc import Callable
from typing import TypeVar

from routing.plan import Details

T = TypeVar("T")

BIGGEST = 1 << 53
"""Integers beyond this are not exact in every reader of JSON."""


class FormatError(ValueError):
    """The file is not of the format; `code` and `place` say why and where."""

    def __init__(self, code: str, place: str, details: Details = ()) -> None:
        """Keep code, place and facts."""
        super().__init__(f"{place or 'file'}: {code}")
        self.code, self.place, self.details = code, place, details


class Reader:
    """Read one JSON object key by key; knows its place and which keys it was asked for."""

    def __init__(self, value: object, place: str, *, known: frozenset[str] | None) -> None:
        """Take the object. `known` None: unknown keys are ignored.

        :raises FormatError: if it is no object or has unknown keys.
        """
        if not isinstance(value, dict):
            raise FormatError("not_an_object", place)
        if known is not None and (unknown := sorted(set(value) - known)):
            raise FormatError("unknown_key", f"{place}.{unknown[0]}".lstrip("."))
        self._value: dict[str, object] = value
        self.place = place

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}".lstrip(".")

    def has(self, key: str) -> bool:
        """Tell whether the key is there with something else than null."""
        return self._value.get(key) is not None

    def raw(self, key: str) -> object:
        """Return the value of a key as it is.

        :raises FormatError: if it is missing.
        """
        if key not in self._value:
            raise FormatError("missing", self.at(key))
        return self._value[key]

    def text(self, key: str) -> str:
        """Return a string."""
        return text(self.raw(key), self.at(key))

    def whole(self, key: str) -> int:
        """Return an integer; no float, no boolean."""
        return whole(self.raw(key), self.at(key))

    def optional(self, key: str) -> int | None:
        """Return an integer or None where the key is absent or null."""
        return self.whole(key) if self.has(key) else None

    def number(self, key: str) -> float:
        """Return a finite number."""
        return number(self.raw(key), self.at(key))

    def items(self, key: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Return a list, each item read with its place; absent is empty."""
        return items(self._value[key], self.at(key), read) if key in self._value else ()

    def need_items(self, key: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Return a list that must be there."""
        return items(self.raw(key), self.at(key), read)

    def entries(self, key: str) -> list[tuple[str, object]]:
        """Return the entries of an object; absent is empty."""
        value = self._value.get(key, {})
        if not isinstance(value, dict):
            raise FormatError("not_an_object", self.at(key))
        return [(text(name, self.at(key)), level) for name, level in value.items()]


def text(value: object, place: str) -> str:
    """Return a string without lone surrogates."""
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise FormatError("not_text", place)
    return value


def whole(value: object, place: str) -> int:
    """Return an integer that every JSON reader can hold exactly."""
    if type(value) is not int:
        raise FormatError("not_an_integer", place)
    if abs(value) > BIGGEST:
        raise FormatError("too_large", place)
    return value


def number(value: object, place: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FormatError("not_a_number", place)
    return float(value)


def items(value: object, place: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
    """Return a list, each item read with its place."""
    if not isinstance(value, list):
        raise FormatError("not_a_list", place)
    return tuple(read(x, f"{place}[{i}]") for i, x in enumerate(value))
