"""Money: whole minor units of one currency."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.money import MixedCurrencies, Money, total

amounts = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize("amount", [1.0, True, "1", None, 2**53])
def test_an_amount_is_a_whole_number_in_range(amount: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Money(amount, "CNY")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["", "cny", "CN", "CNYX", "C1Y"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital"):
        Money(1, currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MixedCurrencies):
        Money(1, "CNY") + Money(1, "USD")
    with pytest.raises(MixedCurrencies):
        _ = Money(1, "CNY") < Money(1, "USD")


@given(st.lists(amounts, max_size=6))
def test_a_total_is_the_sum_of_its_parts(parts: list[int]) -> None:
    assert total([Money(part, "CNY") for part in parts], currency="CNY").amount == sum(parts)


@pytest.mark.parametrize(
    ("amount", "fraction", "share"),
    [
        (100, Fraction(1, 3), 33),
        (101, Fraction(1, 2), 51),
        (99, Fraction(1, 2), 50),
        (-101, Fraction(1, 2), -51),
        (1, Fraction(0), 0),
        (10**15, Fraction(1, 10), 10**14),
    ],
)
def test_a_share_is_rounded_half_up_to_the_minor_unit(amount: int, fraction: Fraction, share: int) -> None:
    assert Money(amount, "CNY").share(fraction) == Money(share, "CNY")


def test_money_is_not_multiplied_by_fractions() -> None:
    with pytest.raises(TypeError):
        Money(100, "CNY") * 0.5  # type: ignore[operator]
