"""The sentences that people read when something is refused, in every language, by code.

Every package writes its own part, `problems/parts/<package>.<language>.json`:
`{"offer.closed": {"title": "…", "detail": "… {offer_id} …"}}`. Each text says what to do. The values in
braces are the refusal's details. Rules that a field can break have one sentence each, under `rule.<name>`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from server.core.errors import Refusal

LOCALES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Text:
    """What is said: a title that is always the same, and a sentence about this case."""

    title: str
    detail: str


class BadCatalogue(ValueError):
    """A part of the catalogue is not of the described form."""


@cache
def catalogue(locale: str) -> Mapping[str, Text]:
    """Return every text of a language, merged from all parts.

    Of two parts with one code the later one counts here: a doubled text is found by a test and takes no
    product down.
    """
    return {code: Text(entry["title"], entry["detail"]) for _, code, entry in entries(locale)}


def entries(locale: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the name of the part, the code and the text of every entry.

    :raises BadCatalogue: if an entry is not of the described form.
    """
    folder = files("server") / "web" / "problems" / "parts"
    for part in sorted(folder.iterdir(), key=lambda part: part.name):
        if part.name.endswith(f".{locale}.json"):
            for code, entry in json.loads(part.read_text(encoding="utf-8")).items():
                if set(entry) != {"title", "detail"}:
                    raise BadCatalogue(f"{part.name}: {code} needs a title and a detail")
                yield part.name, code, entry


class _Sparing(Formatter):
    """Fills in what there is; a value that is absent leaves a dash instead of an error."""

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        value = kwargs.get(key) if isinstance(key, str) else None
        return "–" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else value

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        # No attributes and no items: a text names a detail and nothing inside it.
        return self.get_value(field_name, args, kwargs), field_name


_FILL = _Sparing()


def said(code: str, *, locale: str, details: Mapping[str, Any]) -> Text | None:
    """Return a text with its details filled in, or None where the catalogue has none."""
    text = catalogue(locale if locale in LOCALES else LOCALES[0]).get(code)
    return text and Text(text.title, _FILL.vformat(text.detail, (), details))


def of(refusal: Refusal, *, locale: str) -> Text:
    """Return what to say for a refusal; one without a text of its own is said as the kind of refusal it is."""
    for kind in type(refusal).__mro__:
        if issubclass(kind, Refusal) and (text := said(kind.code, locale=locale, details=refusal.details)):
            return text
    return Text(refusal.code, refusal.code)


def rule(name: str, *, locale: str, details: Mapping[str, Any]) -> str:
    """Return the sentence about a rule that a field breaks."""
    text = said(f"rule.{name}", locale=locale, details=details) or said("rule.invalid", locale=locale, details={})
    return text.detail if text else name
