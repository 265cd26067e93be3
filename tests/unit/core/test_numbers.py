"""Numbers that people read and dial."""

from datetime import UTC, datetime

import pytest

from server.core.numbers import BadPhone, e164, is_fiction, masked, ticket_id_of, ticket_number


def test_a_ticket_number_leads_back_to_its_ticket() -> None:
    number = ticket_number(123, datetime(2026, 5, 1, tzinfo=UTC))

    assert number == "T-2026-000123"
    assert ticket_id_of(" t-2026-000123 ") == 123


@pytest.mark.parametrize("text", ["", "123", "T-26-1", "X-2026-000001", "T-2026-1x", "T-2026-" + "9" * 19])
def test_what_is_no_ticket_number_leads_nowhere(text: str) -> None:
    assert ticket_id_of(text) is None


@pytest.mark.parametrize(
    ("typed", "country", "dialled"),
    [
        ("138 0013 8000", "CN", "+8613800138000"),
        ("(202) 555-0134", "US", "+12025550134"),
        ("+44 7700 900123", "CN", "+447700900123"),
        ("700123456789012", "CN", "+86700123456789012"),
        ("+86700123456789012", "US", "+86700123456789012"),
    ],
)
def test_a_telephone_number_is_kept_in_international_form(typed: str, country: str, dialled: str) -> None:
    assert e164(typed, country=country) == dialled


@pytest.mark.parametrize("typed", ["", "abc", "12", "+", "+9999999999999999999"])
def test_what_cannot_be_dialled_is_refused(typed: str) -> None:
    with pytest.raises(BadPhone):
        e164(typed)


@pytest.mark.parametrize(
    ("number", "fiction"),
    [
        ("+12025550100", True),
        ("+12025550199", True),
        ("+12025550200", False),
        ("+12025550099", False),
        ("+447700900000", True),
        ("+447700901000", False),
        ("+8613800138000", False),
    ],
)
def test_only_numbers_reserved_for_fiction_are_fiction(number: str, fiction: bool) -> None:
    assert is_fiction(number) is fiction


def test_a_masked_number_keeps_its_last_three_digits_only() -> None:
    assert masked("+8613800138000") == "+86…000"
