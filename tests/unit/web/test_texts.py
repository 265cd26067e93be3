"""Whatever the product refuses, it says why and what to do, in every language."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

import pytest

import mobile_api
import server
from server.core.errors import Conflict, Refusal
from server.web import texts
from server.web.texts import LOCALES, catalogue, entries

# Not imported: a command's entry, alembic's environment, and gunicorn's settings, which act when they are imported.
_ACTING = re.compile(r"\.__main__$|^server\.migrations\.|^server\.web\.gunicorn_conf$")


def _refusals() -> Iterator[type[Refusal]]:
    for package in (server, mobile_api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not _ACTING.search(module.name):
                importlib.import_module(module.name)
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith(("server.", "mobile_api")):
            yield kind


@pytest.mark.parametrize("locale", LOCALES)
def test_every_refusal_of_the_code_has_its_text(locale: str) -> None:
    silent = sorted(
        {
            f"{kind.__module__}.{kind.__name__}: {kind.code}"
            for kind in _refusals()
            if kind.code not in catalogue(locale)
        }
    )

    assert silent == [], "add them to server/web/problems/parts/<package>.<language>.json"


def test_every_code_belongs_to_one_refusal_or_means_the_same() -> None:
    codes: dict[str, set[int]] = {}
    for kind in _refusals():
        codes.setdefault(kind.code, set()).add(kind.status)

    assert {code: statuses for code, statuses in codes.items() if len(statuses) > 1} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_stands_in_two_parts(locale: str) -> None:
    counted = Counter(code for _, code, _ in entries(locale))

    assert [code for code, count in counted.items() if count > 1] == []


def test_both_languages_have_the_same_texts_with_the_same_details() -> None:
    english, chinese = catalogue("en"), catalogue("zh")

    assert sorted(english) == sorted(chinese)
    assert {c for c in english if _details(english[c].detail) != _details(chinese[c].detail)} == set()


def _details(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_a_refusal_without_a_text_is_said_as_the_kind_of_refusal_it_is() -> None:
    class Nameless(Conflict):
        code = "test.nameless"

    assert texts.of(Nameless(), locale="en") == texts.of(Conflict(), locale="en")


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"least": 1, "most": 5}, "between 1 and 5"),
        ({}, "between – and –"),
        ({"least": [1, 2], "most": None}, "between 1, 2 and –"),
    ],
)
def test_a_detail_that_is_absent_leaves_a_dash(details: dict[str, object], said: str) -> None:
    assert said in texts.rule("between", locale="en", details=details)


def test_a_text_cannot_reach_into_a_detail() -> None:
    filled = texts._FILL.vformat("{a.__class__} {a[0]}", (), {"a": "x"})

    assert filled == "– –"
