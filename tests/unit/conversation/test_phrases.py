"""The sentences of answers, and the phrase book."""

import re
from pathlib import Path

import pytest

from server.conversation.commands import COMMANDS
from server.conversation.models import Ended, QuestionKind
from server.conversation.phrase_book import phrase_book
from server.conversation.phrases import phrases, say
from server.orders.words import HindranceReason, WorkType
from server.sms.segments import is_gsm

ROOT = Path(__file__).parents[3]
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def test_both_languages_say_the_same_things() -> None:
    assert set(phrases("en")) == set(phrases("zh"))


@pytest.mark.parametrize("name", sorted(phrases("en")))
def test_a_sentence_has_the_same_values_in_both_languages(name: str) -> None:
    assert set(PLACEHOLDER.findall(phrases("en")[name])) == set(PLACEHOLDER.findall(phrases("zh")[name]))


def test_english_sentences_fit_the_cheap_alphabet() -> None:
    assert [name for name, text in phrases("en").items() if not is_gsm(text.replace("{", "").replace("}", ""))] == []


def test_a_value_is_never_read_as_a_placeholder() -> None:
    assert say("remark", "en", text="{code} {{7*7}}") == "Note: {code} {{7*7}}."


def test_every_sentence_is_said_somewhere() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "server/conversation").rglob("*.py"))
    families = {
        "work.": [str(work) for work in WorkType],
        "hindrance.": [str(reason) for reason in HindranceReason],
        "late.": [*Ended, *(f"customer.{ended}" for ended in Ended)],
        "question.": [kind for kind in QuestionKind if kind is not QuestionKind.JOB],
        "done.": ["decline", "hand_back"],
    }
    made = {f"{prefix}{name}" for prefix, names in families.items() for name in names}
    free = ("why.", "ready.", "ask_outcome.", "category.")

    said = set(re.findall(r"[\"']([a-z_]+(?:\.[a-z_]+)*)[\"']", source)) | made
    unsaid = [name for name in phrases("en") if name not in said and not name.startswith(free)]

    assert unsaid == []
    assert made - set(phrases("en")) == set()


def test_the_phrase_book_shows_every_command_in_both_languages() -> None:
    book = phrase_book()

    for command in COMMANDS:
        for word in (*command.english, *command.chinese):
            assert f"`{word}`" in book
        assert command.example_zh in book


def test_the_phrase_book_of_the_documentation_is_the_present_one() -> None:
    assert (ROOT / "docs/sms.md").read_text(encoding="utf-8") == phrase_book()
