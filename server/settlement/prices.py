"""The table of labour prices: product category x work type x zone x charge category x result, effective-dated (R37)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.core.errors import Conflict, Invalid
from server.core.money import Money
from server.customers.models import Zone
from server.orders.words import ChargeCategory, VisitResult, WorkType
from server.settlement.models import LabourPrice


@dataclass(frozen=True, slots=True)
class PriceKey:
    """The five that name a price."""

    product_category: str
    work_type: WorkType
    zone: Zone
    charge_category: ChargeCategory
    result: VisitResult


def _key(row: LabourPrice) -> PriceKey:
    return PriceKey(row.product_category, row.work_type, row.zone, row.charge_category, row.result)


class PriceBook:
    """The prices of some product categories, read once."""

    def __init__(self, rows: Iterable[LabourPrice]) -> None:
        self._rows: dict[PriceKey, list[LabourPrice]] = {}
        for row in rows:
            self._rows.setdefault(_key(row), []).append(row)

    def find(self, key: PriceKey, *, day: date) -> LabourPrice | None:
        """Return the price valid on a local day; the day on which it ends is no more within it."""
        for row in self._rows.get(key, ()):
            if row.valid_from <= day and (row.valid_to is None or day < row.valid_to):
                return row
        return None


def price_book(session: Session, *, categories: Iterable[str]) -> PriceBook:
    """Return the prices of these product categories, of all days."""
    return PriceBook(session.scalars(select(LabourPrice).where(LabourPrice.product_category.in_(set(categories)))))


class PriceInThePast(Conflict):
    """A price that begins before the one in force would change what has been settled."""

    code = "price.in_the_past"


class NegativePrice(Invalid):
    """Labour is never worth less than nothing."""

    code = "price.negative"


def set_price(session: Session, key: PriceKey, *, price: Money, valid_from: date) -> LabourPrice:
    """Let a price hold from a day on; the one before ends there. Setting the same again changes nothing.

    :raises PriceInThePast: if one already begins on that day or later.
    :raises NegativePrice: if it is below 0.
    """
    if price < price.zero():
        raise NegativePrice
    rows = session.scalars(
        select(LabourPrice)
        .where(
            LabourPrice.product_category == key.product_category,
            LabourPrice.work_type == key.work_type,
            LabourPrice.zone == key.zone,
            LabourPrice.charge_category == key.charge_category,
            LabourPrice.result == key.result,
            or_(LabourPrice.valid_to.is_(None), LabourPrice.valid_to > valid_from),
        )
        .with_for_update()
    ).all()
    for row in rows:
        if row.valid_from == valid_from and row.price == price and row.valid_to is None:
            return row
        if row.valid_from >= valid_from:
            raise PriceInThePast(valid_from=row.valid_from.isoformat())
        row.valid_to = valid_from
    session.flush()
    added = _row(key, price, valid_from)
    session.add(added)
    session.flush()
    return added


def _row(key: PriceKey, price: Money, valid_from: date) -> LabourPrice:
    return LabourPrice(
        product_category=key.product_category,
        work_type=key.work_type,
        zone=key.zone,
        charge_category=key.charge_category,
        result=key.result,
        valid_from=valid_from,
        price=price,
    )


@dataclass(frozen=True, slots=True)
class Tariff:
    """A whole table in a few numbers: what a finished visit of each work type is worth, and a vain one.

    :param labour: price of a finished visit in town, by work type.
    :param out_of_town_percent: what is added out of town.
    :param call_out: price of a visit that found nobody or was declined.
    """

    labour: dict[WorkType, Money]
    out_of_town_percent: int
    call_out: Money


_FINISHED_SHARES = {
    VisitResult.DONE_WITHOUT_PART: 100,
    VisitResult.DONE_COMPANY_PART: 120,
    VisitResult.DONE_SELF_BOUGHT_PART: 120,
    VisitResult.NO_FAULT: 50,
    VisitResult.EXCHANGED: 80,
}
_VAIN = (VisitResult.CUSTOMER_ABSENT, VisitResult.CUSTOMER_DECLINED)


def seed(session: Session, tariff: Tariff, *, categories: Iterable[str], valid_from: date) -> int:
    """Fill the table for these product categories and return how many prices it got; those it has stay.

    Every result of a finished visit, absent and declined; other results stay without a price, which is 0 (R37).
    """
    wanted = sorted(set(categories))
    present = {
        _key(row) for row in session.scalars(select(LabourPrice).where(LabourPrice.product_category.in_(wanted)))
    }
    rows = []
    for category, (work_type, base), zone, charge in product(wanted, tariff.labour.items(), Zone, ChargeCategory):
        percent = 100 + (tariff.out_of_town_percent if zone is Zone.OUT_OF_TOWN else 0)
        prices = {result: base.share(Fraction(share * percent, 10_000)) for result, share in _FINISHED_SHARES.items()}
        prices |= {result: tariff.call_out.share(Fraction(percent, 100)) for result in _VAIN}
        for result, price in prices.items():
            key = PriceKey(category, work_type, zone, charge, result)
            if key not in present:
                rows.append(_row(key, price, valid_from))
    session.add_all(rows)
    session.flush()
    return len(rows)
