"""What the console's forms share."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from flask import url_for
from marshmallow import ValidationError

from server.console.frame import page, word_of
from server.console.words import say
from server.technicians.models import Skill
from server.web import texts
from server.web.context import request_id
from server.web.errors import broken_rules
from server.web.locale import locale
from server.web.texts import LOCALES

CATEGORIES = ("air_conditioner", "refrigerator", "washing_machine", "gas_water_heater", "television")
"""Products that forms propose by their words; any other is kept as it was typed."""

_LARGEST = 2**63 - 1


def whole(text: str) -> int | None:
    """Return the whole number above 0 that a field holds, or None."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(_LARGEST)):
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST else None


def code_page(code: str, status: int, *, back: str | None = None) -> tuple[str, int]:
    """Return the page that says a refusal by its code."""
    text = texts.said(code, locale=locale(), details={}) or texts.Text(code, code)
    return page("problem.html", status=status, text=text, reference=request_id(), back=back or url_for("console.home"))


def category_code(text: str) -> str:
    """Return the code of a product that is named by its word in any language; other words stay."""
    named = text.strip().casefold()
    codes = (
        code for code in CATEGORIES for each in LOCALES if say(f"word.category.{code}", locale=each).casefold() == named
    )
    return next(codes, text)


def category_word(code: str) -> str:
    """Return the word for a product in the caller's language; what was typed stays."""
    return word_of("category", code, language=locale())


def skill_names(skills: Iterable[Skill]) -> dict[str, str]:
    """Return the skills' names in the caller's language, by code."""
    return {skill.code: skill.name_zh if locale() == "zh" else skill.name_en for skill in skills}


def minutes(duration: timedelta) -> str:
    """Return a duration in minutes, with a fraction only where it has one."""
    return f"{duration / timedelta(minutes=1):.10g}"


def errors_of(error: ValidationError) -> Mapping[str, str]:
    """Return what is wrong with each field, in the caller's language."""
    return {each.field: each.message for each in broken_rules(error.messages)}


def rules_broken() -> texts.Text | None:
    """Return what stands above a form some of whose fields are marked."""
    return texts.said("request.rules_broken", locale=locale(), details={})
