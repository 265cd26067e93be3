"""Money: integer minor units of one currency, never a float."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Self

_CURRENCY = re.compile(r"[A-Z]{3}")
_LARGEST = 2**53 - 1
"""Beyond this a JSON reader in a browser would lose the last unit."""


class MixedCurrencies(ValueError):
    """Two amounts of different currencies were added or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cents) of a currency named by its ISO 4217 letters.

    :raises ValueError: if the amount is not a whole number, is out of range, or the currency is not three capitals.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int or abs(self.amount) > _LARGEST:
            raise ValueError("an amount is a whole number of minor units below 2**53")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("a currency is three capital letters")

    def zero(self) -> Self:
        """Return nothing, in the same currency."""
        return type(self)(0, self.currency)

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency} cannot be combined")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, times: int) -> "Money":
        if type(times) is not int:
            raise TypeError("money is multiplied by whole numbers; use share() for fractions")
        return Money(self.amount * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def share(self, fraction: Fraction) -> "Money":
        """Return a fraction of the amount, rounded half up to the minor unit (handbook, exact readings)."""
        exact = Decimal(self.amount) * fraction.numerator / Decimal(fraction.denominator)
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)


def total(amounts: "list[Money] | tuple[Money, ...]", *, currency: str) -> Money:
    """Return the sum of amounts that all have the given currency; nothing sums to zero.

    :raises MixedCurrencies: if one of them has another.
    """
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
