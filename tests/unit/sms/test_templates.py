"""Texts in every language."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sms import templates
from server.sms.reserved import RESERVED
from server.sms.segments import is_gsm, segments

BELIEVABLE = {
    "answers": "Reply 3 427 on the way, 4 427 done, 0 help",
    "choices": "427 repair Oak St, 533 installation Main St",
    "code": "427",
    "count": 4,
    "customer": "Maria Fernandez",
    "day": "Tue 13 Jan",
    "jobs": "12",
    "lines": "427 09:00 repair, Oak St\n533 11:00 installation, Main St",
    "link": "https://truckroll.example/c/Zk3vYw9QbTnE4sLx7HpRm2",
    "minutes": 10,
    "month": "January 2026",
    "phone": "+12125550123",
    "place": "12 Oak Street, apt 4, Springfield",
    "price": "$85.00",
    "question": "may our technician come earlier?",
    "ready": "proof of purchase, warranty card",
    "reason": "The customer has moved it.",
    "refused": "2 jobs were refused.",
    "remark": "Ring twice.",
    "sum": "$1,240.50",
    "technician": "Anna Berg",
    "ticket": "T-2026-000123",
    "time": "14:20",
    "until": "10:30",
    "what": "Accepted. See you on Tue 13 Jan.",
    "window": "09:00-11:00",
    "work": "repair washing machine",
}


def filled(template: str, locale: str) -> str:
    values = {name: BELIEVABLE[name] for name in templates.parameters_of(template)}
    return templates.render(template, values, locale=locale, company="Acme Service")


ALL = sorted(templates.texts("en"))


def test_both_languages_have_the_same_texts() -> None:
    assert set(templates.texts("zh")) == set(ALL)


@pytest.mark.parametrize("template", ALL)
def test_both_languages_have_the_same_parameters(template: str) -> None:
    found = [set(re.findall(r"\{([^}]*)\}", templates.texts(locale)[template])) for locale in templates.LOCALES]

    assert found[0] == found[1]
    assert templates.COMPANY in found[0]


@pytest.mark.parametrize("template", ALL)
def test_an_english_text_fits_into_two_segments(template: str) -> None:
    text = filled(template, "en")

    assert is_gsm(text)
    assert segments(text) <= 2


@pytest.mark.parametrize("template", ALL)
@pytest.mark.parametrize("locale", templates.LOCALES)
def test_no_text_starts_with_a_word_of_the_carriers(template: str, locale: str) -> None:
    first = re.split(r"[^A-Z]+", templates.texts(locale)[template].replace("{company}", "").strip(" :【】,").upper())[0]

    assert first not in RESERVED


@pytest.mark.parametrize("template", ALL)
@pytest.mark.parametrize("locale", templates.LOCALES)
def test_no_text_asks_for_a_word_of_the_carriers_as_an_answer(template: str, locale: str) -> None:
    asked = re.findall(r"[Rr]eply (\w+)|回复“(\w+)", templates.texts(locale)[template])

    assert not {word.upper() for pair in asked for word in pair} & RESERVED


@pytest.mark.parametrize(
    ("locale", "language"), [("zh-CN", "zh"), ("zh_Hans", "zh"), ("ZH", "zh"), ("en", "en"), ("fr", "en"), ("", "en")]
)
def test_a_locale_is_served_in_the_nearest_language(locale: str, language: str) -> None:
    assert templates.language(locale) == language


def test_a_missing_parameter_is_refused() -> None:
    with pytest.raises(templates.WrongParameters, match="minutes"):
        templates.check("login.code", {"code": "123456"})


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(templates.WrongParameters, match="colour"):
        templates.check("login.code", {"code": "123456", "minutes": 10, "colour": "red"})


@pytest.mark.parametrize("value", [None, 1.5, ["a"], {"a": 1}])
def test_a_parameter_that_is_neither_text_nor_number_is_refused(value: object) -> None:
    with pytest.raises(templates.WrongParameters, match="code"):
        templates.check("login.code", {"code": value, "minutes": 10})


def test_an_unknown_text_is_refused() -> None:
    with pytest.raises(templates.NoTemplate):
        templates.check("login.cod", {})


@pytest.mark.parametrize("value", ["{company}", "{{7*7}}", "{code.__class__}", "${minutes}", "%(code)s", "{0}"])
def test_nothing_in_a_value_is_evaluated(value: str) -> None:
    text = templates.render("login.code", {"code": value, "minutes": 10}, locale="en", company="Acme")

    assert text == f"Acme: your login code is {value}. It is valid for 10 minutes. Never tell it to anybody."


@given(st.text(st.characters(exclude_categories=()), max_size=900))
def test_whatever_a_value_is_the_text_can_be_sent(value: str) -> None:
    text = templates.render("job.list", {"day": "today", "count": 1, "lines": value}, locale="en", company="Acme")

    text.encode("utf-8")
    assert "\x00" not in text
    assert len(text) <= 1600
    assert segments(text) <= 8


def test_an_empty_value_leaves_no_double_blank() -> None:
    values = {"code": "427", "day": "Tue", "reason": ""}

    text = templates.render("offer.withdrawn", values, locale="en", company="Acme")

    assert text == "Acme: job 427 on Tue was withdrawn, please do not go there."
