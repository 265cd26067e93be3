"""What a completion card may charge (R21), and when it contradicts itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.core.money import Money
from server.orders.charging import CardClaim, ChargeClaim, PartClaim, contradiction, unauthorised_lines
from server.orders.words import ChargeCategory, ChargeKind, PartSource, VisitResult

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CARD = CardClaim(
    result=VisitResult.DONE_WITHOUT_PART, work_done="Cleaned", started_at=NOON - timedelta(hours=1), ended_at=NOON
)
A, B, C, D = ChargeCategory


def fen(amount: int, currency: str = "CNY") -> Money:
    return Money(amount, currency)


def charge(
    amount: int, extra: int | None = None, kind: ChargeKind = ChargeKind.LABOUR, currency: str = "CNY"
) -> ChargeClaim:
    return ChargeClaim(kind, "Work", fen(amount, currency), extra)


def part(amount: int, quantity: int = 1, source: PartSource = PartSource.COMPANY) -> PartClaim:
    return PartClaim("Capacitor", quantity, source, fen(amount))


def refused(
    *charges: ChargeClaim,
    category: ChargeCategory = C,
    parts: tuple[PartClaim, ...] = (),
    authorised: dict[int, Money] | None = None,
) -> tuple[str, ...]:
    card = replace(CARD, charges=charges, parts=parts)
    return unauthorised_lines(card, category=category, authorised=authorised or {}, tolerance_percent=10)


@pytest.mark.parametrize("category", [B, C, D])
def test_work_that_is_not_charged_may_charge_nothing_without_an_authorisation(category: ChargeCategory) -> None:
    assert refused(charge(100), category=category) == ("charges.0",)
    assert refused(charge(0), category=category) == ()


def test_charged_work_may_charge_what_the_price_list_told() -> None:
    assert refused(charge(100), category=A, parts=(part(500),)) == ()


@pytest.mark.parametrize(("amount", "lines"), [(1100, ()), (1101, ("charges.0",)), (900, ())])
@pytest.mark.parametrize("category", [A, C])
def test_a_charge_exceeds_the_authorised_sum_by_ten_percent_at_most(
    amount: int, lines: tuple[str, ...], category: ChargeCategory
) -> None:
    assert refused(charge(amount, 7), category=category, authorised={7: fen(1000)}) == lines


def test_the_tolerance_is_rounded_half_up_to_the_minor_unit() -> None:
    assert refused(charge(6, 7), authorised={7: fen(5)}) == ()
    assert refused(charge(5, 7), authorised={7: fen(4)}) == ("charges.0",)


def test_a_new_item_is_never_within_the_tolerance() -> None:
    lines = refused(charge(1000, 7), charge(1), authorised={7: fen(1000)})

    assert lines == ("charges.1",)


def test_an_authorisation_that_is_not_of_this_visit_or_of_another_currency_carries_nothing() -> None:
    assert refused(charge(100, 8), authorised={7: fen(1000)}) == ("charges.0",)
    assert refused(charge(100, 7, currency="USD"), authorised={7: fen(1000)}) == ("charges.0",)


def test_one_authorisation_carries_one_line() -> None:
    assert refused(charge(500, 7), charge(500, 7), authorised={7: fen(1000)}) == ("charges.1",)


def test_parts_of_free_work_cost_what_authorised_lines_for_parts_cover() -> None:
    covering = charge(1000, 7, ChargeKind.PART)

    assert refused(covering, parts=(part(500, 2),), authorised={7: fen(1000)}) == ()
    assert refused(covering, parts=(part(500, 2), part(1)), authorised={7: fen(1000)}) == ("parts.1",)
    assert refused(charge(1000, 7), parts=(part(1),), authorised={7: fen(1000)}) == ("parts.0",)
    assert refused(parts=(part(0),)) == ()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({}, None),
        ({"started_at": NOON}, None),
        ({"started_at": NOON + timedelta(seconds=1)}, "work_times"),
        ({"parts": (part(1),)}, "parts"),
        ({"parts": (part(1, source=PartSource.CUSTOMER),)}, None),
        ({"result": VisitResult.NO_FAULT, "parts": (part(1),)}, "parts"),
        ({"result": VisitResult.DONE_COMPANY_PART}, None),
        ({"result": VisitResult.DONE_COMPANY_PART, "parts": (part(1),)}, None),
        ({"result": VisitResult.DONE_COMPANY_PART, "parts": (part(1, source=PartSource.SELF_BOUGHT),)}, "parts"),
        ({"result": VisitResult.DONE_SELF_BOUGHT_PART, "parts": (part(1),)}, "parts"),
        ({"parts": (part(1, quantity=0),)}, "amounts"),
        ({"parts": (part(-1),)}, "amounts"),
        ({"charges": (charge(-1),)}, "amounts"),
        ({"result": VisitResult.EXCHANGED}, "serials"),
        ({"result": VisitResult.EXCHANGED, "removed_serial": "X1"}, "serials"),
        ({"result": VisitResult.EXCHANGED, "removed_serial": "X1", "fitted_serial": "X2"}, None),
        ({"removed_serial": "X1", "fitted_serial": "X1"}, "serials"),
    ],
)
def test_a_card_that_contradicts_itself_says_how(changes: dict[str, object], what: str | None) -> None:
    assert contradiction(replace(CARD, **changes)) == what  # type: ignore[arg-type]
