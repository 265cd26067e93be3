"""The words of the console's pages, in every language: `<page>.<language>.json`, merged.

A key names page and phrase (`tickets.title`); values in braces are filled in. Every key stands in every
language with the same values (tested).
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from server.web.texts import LOCALES

Value = str | int


class UnknownPhrase(KeyError):
    """A page asks for a phrase that the catalogue does not have: a bug of the page."""


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """Return every phrase of a language."""
    phrases: dict[str, str] = {}
    for part in sorted(files("server.console.words").iterdir(), key=lambda entry: entry.name):
        if part.name.endswith(f".{locale}.json"):
            own: dict[str, str] = json.loads(part.read_text(encoding="utf-8"))
            if repeated := phrases.keys() & own.keys():
                raise ValueError(f"{part.name} repeats {', '.join(sorted(repeated))}")
            phrases |= own
    return phrases


def say(key: str, *, locale: str, **values: Value) -> str:
    """Return a phrase with its values filled in.

    :raises UnknownPhrase: if there is none.
    """
    phrase = catalogue(locale if locale in LOCALES else LOCALES[0]).get(key)
    if phrase is None:
        raise UnknownPhrase(key)
    for name, value in values.items():
        phrase = phrase.replace("{" + name + "}", str(value))
    return phrase


def knows(key: str) -> bool:
    """Return whether there is such a phrase."""
    return key in catalogue(LOCALES[0])
