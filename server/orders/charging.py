"""What a completion card may charge (R21), and whether its result fits what it says (R22, R37). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from server.core.money import Money
from server.orders.words import ChargeCategory, ChargeKind, PartSource, VisitResult


@dataclass(frozen=True, slots=True)
class PartClaim:
    """A part used, as the card claims it.

    :param number: of the catalogue; None for a part that is not in it.
    :param price: what the customer was charged for one.
    """

    name: str
    quantity: int
    source: PartSource
    price: Money
    number: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeClaim:
    """Something the customer was charged.

    :param extra_work_id: the authorisation it rests on, where the work was extra.
    """

    kind: ChargeKind
    text: str
    price: Money
    extra_work_id: int | None = None


@dataclass(frozen=True, slots=True)
class CardClaim:
    """What a technician says was done.

    :param started_at: of the work, by his own account, as ``ended_at``.
    :param removed_serial: of the unit or part that was taken out (R22), as ``fitted_serial`` of the one put in.
    :param signed_by: the name of the customer who signed.
    """

    result: VisitResult
    work_done: str
    started_at: datetime
    ended_at: datetime
    diagnosis: str = ""
    removed_serial: str | None = None
    fitted_serial: str | None = None
    signed_by: str | None = None
    parts: tuple[PartClaim, ...] = ()
    charges: tuple[ChargeClaim, ...] = ()


def unauthorised_lines(
    card: CardClaim, *, category: ChargeCategory, authorised: Mapping[int, Money], tolerance_percent: int
) -> tuple[str, ...]:
    """Return the lines that the customer has not authorised (R21), as `charges.0` or `parts.1`.

    A charge for extra work rests on one authorisation of this visit and exceeds it by at most the tolerance,
    rounded half up, in the same currency; one authorisation carries one line. Without reference to one, only
    charged work (A) may be charged: there the customer was told the price list (R7). Parts of work that is
    not charged may cost what authorised lines for parts cover.

    :param authorised: the sums that the customer authorised on this visit, by the id of the extra work.
    """
    refused: list[str] = []
    used: set[int] = set()
    for_parts: list[Money] = []
    for index, charge in enumerate(card.charges):
        if charge.extra_work_id is None:
            if category is not ChargeCategory.A and charge.price:
                refused.append(f"charges.{index}")
            continue
        sum_authorised = authorised.get(charge.extra_work_id)
        if (
            sum_authorised is None
            or charge.extra_work_id in used
            or not _within(charge.price, sum_authorised, tolerance_percent)
        ):
            refused.append(f"charges.{index}")
            continue
        used.add(charge.extra_work_id)
        if charge.kind is ChargeKind.PART:
            for_parts.append(charge.price)
    if category is not ChargeCategory.A:
        refused += _uncovered_parts(card.parts, for_parts)
    return tuple(refused)


def _within(price: Money, authorised: Money, tolerance_percent: int) -> bool:
    if price.currency != authorised.currency:
        return False
    return price <= authorised + authorised.share(Fraction(tolerance_percent, 100))


def _uncovered_parts(parts: Sequence[PartClaim], covered_by: Sequence[Money]) -> list[str]:
    """Return the parts whose price goes, added up in their order, beyond what authorised lines for parts cover."""
    left: dict[str, int] = {}
    for money in covered_by:
        left[money.currency] = left.get(money.currency, 0) + money.amount
    refused = []
    for index, part in enumerate(parts):
        cost = part.price.amount * part.quantity
        if cost > left.get(part.price.currency, 0) and cost > 0:
            refused.append(f"parts.{index}")
        else:
            left[part.price.currency] = left.get(part.price.currency, 0) - cost
    return refused


_NEEDS_SOURCE = {
    VisitResult.DONE_COMPANY_PART: PartSource.COMPANY,
    VisitResult.DONE_SELF_BOUGHT_PART: PartSource.SELF_BOUGHT,
}
_WITHOUT_PART = frozenset({VisitResult.DONE_WITHOUT_PART, VisitResult.NO_FAULT})


def contradiction(card: CardClaim) -> str | None:
    """Return how a card contradicts itself (`work_times`, `amounts`, `parts`, `serials`), None if it does not.

    No price is negative and no quantity below one. A card without any part may follow with a text message
    *done*: the paper lists the parts. One that lists parts must have the result that goes with them (R37). An
    exchange needs both serials (R22), and they differ.
    """
    if card.started_at > card.ended_at:
        return "work_times"
    if any(part.quantity < 1 or part.price.amount < 0 for part in card.parts):
        return "amounts"
    if any(charge.price.amount < 0 for charge in card.charges):
        return "amounts"
    sources = {part.source for part in card.parts}
    if card.result in _WITHOUT_PART and sources - {PartSource.CUSTOMER}:
        return "parts"
    needed = _NEEDS_SOURCE.get(card.result)
    if needed is not None and sources and needed not in sources:
        return "parts"
    if card.result is VisitResult.EXCHANGED and not (card.removed_serial and card.fitted_serial):
        return "serials"
    if card.fitted_serial is not None and card.fitted_serial == card.removed_serial:
        return "serials"
    return None
