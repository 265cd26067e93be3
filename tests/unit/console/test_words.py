"""The console's phrases: in both languages, with the same values, and none is asked for that is not there."""

import re
from pathlib import Path

import pytest

import server.console
from server.callbacks.status import CALLBACK
from server.console import looks, words
from server.core.transitions import Machine
from server.dispatch.status import OFFER, PLAN
from server.orders.status import CARD, TICKET, VISIT
from server.settlement.status import STATEMENT
from server.sms.status import MESSAGE

_TEMPLATES = sorted((Path(server.console.__file__).parent / "templates" / "console").glob("*.html"))
_VALUE = re.compile(r"\{(\w+)\}")


def test_both_languages_say_the_same_things() -> None:
    assert words.catalogue("en").keys() == words.catalogue("zh").keys()


@pytest.mark.parametrize("key", sorted(words.catalogue("en")))
def test_a_phrase_has_the_same_values_in_both_languages(key: str) -> None:
    english, chinese = words.catalogue("en")[key], words.catalogue("zh")[key]

    assert set(_VALUE.findall(english)) == set(_VALUE.findall(chinese))


@pytest.mark.parametrize("template", _TEMPLATES, ids=lambda path: path.name)
def test_a_page_asks_only_for_phrases_that_there_are(template: Path) -> None:
    asked = re.findall(r"say\('([a-z_.]+)'[,)]", template.read_text(encoding="utf-8"))

    assert [key for key in asked if not words.knows(key)] == []


@pytest.mark.parametrize("template", _TEMPLATES, ids=lambda path: path.name)
def test_a_page_has_no_script_and_no_style_of_its_own(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", text) == []


@pytest.mark.parametrize(
    "machine", [TICKET, VISIT, CARD, OFFER, PLAN, MESSAGE, CALLBACK, STATEMENT], ids=lambda m: m.name
)
def test_every_status_has_a_look_and_a_word(machine: Machine) -> None:
    statuses = {
        str(machine.start),
        *(str(before) for before, _ in machine.table),
        *(str(s) for s in machine.table.values()),
    }

    for status in statuses:
        assert f"{machine.name}.{status}" in looks.LOOKS
        assert words.knows(f"status.{machine.name}.{status}")
