"""What follows a command: reasons, days, amounts, spans; what can be read in two ways is not read."""

from datetime import date

import pytest

from server.conversation.arguments import (
    DECLINE_REASONS,
    HINDRANCE_REASONS,
    RESULT_OF,
    Span,
    Unfinished,
    amount_of,
    day_of,
    reason_of,
    span_of,
    unfinished_of,
)
from server.core.money import Money
from server.dispatch.status import DeclineReason
from server.orders.words import NOT_FINISHED, HindranceReason

TODAY = date(2026, 11, 21)


def test_every_reason_has_a_digit_and_words_in_both_languages() -> None:
    assert {reason.value for reason in DECLINE_REASONS} == set(DeclineReason)
    assert {reason.value for reason in HINDRANCE_REASONS} == set(HindranceReason)
    assert all(reason.english and reason.chinese for reason in (*DECLINE_REASONS, *HINDRANCE_REASONS))
    assert set(RESULT_OF) == set(HindranceReason)
    assert set(RESULT_OF.values()) <= NOT_FINISHED


@pytest.mark.parametrize(
    ("text", "reason", "rest"),
    [
        ("too far", DeclineReason.TOO_FAR, ""),
        ("1", DeclineReason.TOO_FAR, ""),
        ("太远了", DeclineReason.TOO_FAR, "了"),
        ("3 have a wedding", DeclineReason.NO_TIME, "have a wedding"),
        ("vehcile broke", DeclineReason.VEHICLE, "broke"),
        ("farm work", None, "farm work"),
        ("8", None, "8"),
        ("my sister", None, "my sister"),
    ],
)
def test_a_reason_is_given_by_digit_or_word(text: str, reason: DeclineReason | None, rest: str) -> None:
    assert reason_of(text, DECLINE_REASONS) == (reason, rest)


@pytest.mark.parametrize(
    ("text", "minor", "rest"),
    [
        ("300 new compressor", 30_000, "new compressor"),
        ("¥300 x", 30_000, "x"),
        ("300元 压缩机", 30_000, "压缩机"),
        ("1,250.50", 125_050, ""),
        ("0.5 x", 50, "x"),
        ("300 CNY", 30_000, ""),
    ],
)
def test_an_amount_is_read(text: str, minor: int, rest: str) -> None:
    assert amount_of(text, currency="CNY") == (Money(minor, "CNY"), rest)


@pytest.mark.parametrize("text", ["12,50", "1.250", "$20", "20 USD x", "abc", "", "1,2,3", "-5"])
def test_an_amount_that_could_be_another_is_not_read(text: str) -> None:
    assert amount_of(text, currency="CNY") == (None, text)


def test_a_currency_without_decimals_has_none() -> None:
    assert amount_of("300", currency="JPY") == (Money(300, "JPY"), "")
    assert amount_of("300.5", currency="JPY") == (None, "300.5")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2026年12月1日", date(2026, 12, 1)),
        ("12-01", date(2026, 12, 1)),
        ("12月1号", date(2026, 12, 1)),
        ("1.12.", date(2026, 12, 1)),
        ("11-21", TODAY),
        ("11-20", date(2027, 11, 20)),
        ("02-29", date(2028, 2, 29)),
        ("tomorrow", date(2026, 11, 22)),
        ("后天", date(2026, 11, 23)),
    ],
)
def test_a_day_is_read(text: str, day: date) -> None:
    assert day_of(text, today=TODAY) == (day, "")


@pytest.mark.parametrize("text", ["12/01", "02-30", "13-01", "soon", "2026-02-29"])
def test_a_day_that_could_be_another_or_does_not_exist_is_not_read(text: str) -> None:
    assert day_of(text, today=TODAY)[0] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("part until 2026-12-01", Unfinished(HindranceReason.PART_ON_ORDER, date(2026, 12, 1), "")),
        ("缺件到12月1日 压缩机", Unfinished(HindranceReason.PART_ON_ORDER, date(2026, 12, 1), "压缩机")),
        ("7 no water", Unfinished(HindranceReason.SITE_NOT_READY, None, "no water")),
        ("other dog bites", Unfinished(HindranceReason.OTHER, None, "dog bites")),
        ("part until monday", None),
        ("because", None),
        ("", None),
    ],
)
def test_why_and_until_when(text: str, said: Unfinished | None) -> None:
    assert unfinished_of(text, today=TODAY) == said


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("", Span(TODAY, TODAY)),
        ("from 2026-12-01 to 2026-12-03", Span(date(2026, 12, 1), date(2026, 12, 3))),
        ("从12月1日到12月3日", Span(date(2026, 12, 1), date(2026, 12, 3))),
        ("until tomorrow", Span(TODAY, date(2026, 11, 22))),
        ("tomorrow", Span(date(2026, 11, 22), date(2026, 11, 22))),
        ("2026-12-03 to 2026-12-01", None),
        ("to 11-20", None),
        ("with the flu", None),
    ],
)
def test_an_absence_from_and_to(text: str, span: Span | None) -> None:
    assert span_of(text, today=TODAY) == span
