"""Deductions and verdicts at their boundaries."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.callbacks.status import PAYABLE, CallbackStatus
from server.core.money import Money
from server.orders.status import CardStatus
from server.orders.words import FINISHED, VisitResult
from server.settlement.rules import (
    LineFacts,
    desk_time,
    forbids_payment,
    kind_of,
    late_card_deduction,
    may_waive,
    month_after,
    month_of,
    propose,
    settle,
)
from server.settlement.status import DeductionKind, LineKind, Reason, Verdict
from server.settlement.terms import SettlementTerms

_ZONE = "Asia/Shanghai"
_BEGUN, _FULL = SettlementTerms(), SettlementTerms(late_card_counts_begun=False)
_SECOND = timedelta(seconds=1)


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


def local(hour: int, minute: int = 0, *, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("received", "begun", "full"),
    [
        (local(9), 0, 0),  # long before
        (local(10), 0, 0),  # on the instant
        (local(10) + _SECOND, 1, 0),
        (local(13) - _SECOND, 1, 0),
        (local(13), 1, 1),
        (local(13) + _SECOND, 2, 1),
        (local(18), 3, 2),  # 8 h of the desk's day
        (local(23), 3, 2),  # the night costs nothing
        (local(8, day=11), 3, 2),
        (local(8, day=11) + _SECOND, 3, 2),
        (local(9, day=11), 3, 3),
        (local(9, day=11) + _SECOND, 4, 3),
    ],
)
def test_a_late_card_costs_one_for_three_hours_of_open_desk(received: datetime, begun: int, full: int) -> None:
    for terms, periods in ((_BEGUN, begun), (_FULL, full)):
        late = late_card_deduction(due_at=local(10), received_at=received, terms=terms, zone=_ZONE)

        assert (late.periods if late else 0) == periods
        assert (late.amount if late else yuan(0)) == yuan(periods)


@pytest.mark.parametrize(("days", "cost"), [(13, 44), (14, 47), (15, 50), (60, 50)])
def test_a_late_card_never_costs_more_than_fifty(days: int, cost: int) -> None:
    late = late_card_deduction(due_at=local(18), received_at=local(18) + timedelta(days=days), terms=_BEGUN, zone=_ZONE)

    assert late is not None  # ten hours of open desk a day, a period begun every three
    assert late.amount == yuan(cost)


def test_a_card_that_arrives_while_the_desk_has_not_opened_since_it_was_due_is_in_time() -> None:
    assert late_card_deduction(due_at=local(18), received_at=local(8, day=11), terms=_BEGUN, zone=_ZONE) is None


def test_desk_hours_follow_the_local_clock_through_a_clock_change() -> None:
    start, end = datetime(2026, 3, 7, 5, tzinfo=UTC), datetime(2026, 3, 10, 4, tzinfo=UTC)

    assert desk_time(start, end, from_hour=8, to_hour=18, zone="America/New_York") == timedelta(hours=30)


@pytest.mark.parametrize(
    ("finished_at", "zone", "month"),
    [
        (datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai", date(2026, 3, 1)),
        (datetime(2026, 3, 31, 16, tzinfo=UTC), "Asia/Shanghai", date(2026, 4, 1)),
        (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), "America/New_York", date(2026, 3, 1)),
        (datetime(2026, 4, 1, 4, tzinfo=UTC), "America/New_York", date(2026, 4, 1)),
    ],
)
def test_a_visit_belongs_to_the_month_of_its_completion_at_the_site(
    finished_at: datetime, zone: str, month: date
) -> None:
    assert month_of(finished_at, zone) == month


def test_the_month_after_december_is_january() -> None:
    assert month_after(date(2026, 12, 1)) == date(2027, 1, 1)
    assert month_after(date(2026, 1, 1)) == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("verdict", "price", "deducted", "net", "rest"),
    [
        (Verdict.PAY, 80, 0, 80, 0),
        (Verdict.REDUCED, 80, 50, 30, 0),
        (Verdict.REDUCED, 50, 50, 0, 0),
        (Verdict.REDUCED, 30, 50, 0, 20),
        (Verdict.REFUSE, 80, 50, 0, 50),
        (Verdict.REFUSE, 80, 0, 0, 0),
        (Verdict.HOLD, 80, 50, 0, 0),
        (Verdict.OPEN, 80, 50, 0, 0),
    ],
)
def test_deductions_never_take_a_line_below_nothing(
    verdict: Verdict, price: int, deducted: int, net: int, rest: int
) -> None:
    settled = settle(price=yuan(price), deducted=yuan(deducted), verdict=verdict)

    assert (settled.net, settled.rest) == (yuan(net), yuan(rest))


@pytest.mark.parametrize(
    ("kind", "excused", "published", "may"),
    [
        (DeductionKind.LATE_CARD, local(9), False, True),
        (DeductionKind.LATE_CARD, local(10), False, True),
        (DeductionKind.LATE_CARD, local(10) + _SECOND, False, False),
        (DeductionKind.LATE_CARD, None, False, False),
        (DeductionKind.LATE_CARD, None, True, True),
        (DeductionKind.FALSE_REPORT, None, False, True),
    ],
)
def test_a_late_card_is_excused_in_advance_or_by_appeal(
    kind: DeductionKind, excused: datetime | None, published: bool, may: bool
) -> None:
    assert may_waive(kind, excused_at=excused, due_at=local(10), published=published) is may


def facts(**changes: object) -> LineFacts:
    values: dict[str, object] = {
        "kind": LineKind.LABOUR,
        "price": yuan(80),
        "callback": CallbackStatus.PASSED,
        "card": CardStatus.RECEIVED,
    }
    return LineFacts(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("callback", sorted(PAYABLE))
def test_verified_work_with_a_card_and_a_price_is_paid(callback: CallbackStatus) -> None:
    proposal = propose(facts(callback=callback))

    assert (proposal.verdict, proposal.reasons) == (Verdict.PAY, ())
    assert forbids_payment(facts(callback=callback)) == ()


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"callback": None}, Verdict.OPEN, Reason.CALLBACK_MISSING),
        ({"callback": CallbackStatus.WAITING}, Verdict.OPEN, Reason.CALLBACK_WAITING),
        ({"callback": CallbackStatus.SURVEYED}, Verdict.OPEN, Reason.CALLBACK_WAITING),
        ({"callback": CallbackStatus.FAILED}, Verdict.HOLD, Reason.CALLBACK_FAILED),
        ({"callback": CallbackStatus.UNREACHABLE}, Verdict.HOLD, Reason.CALLBACK_UNREACHABLE),
        ({"callback": CallbackStatus.NOT_CONFIRMED}, Verdict.REFUSE, Reason.CALLBACK_NOT_CONFIRMED),
        ({"callback": CallbackStatus.LAPSED}, Verdict.REFUSE, Reason.CALLBACK_UNDECIDED),
        ({"card": None}, Verdict.HOLD, Reason.CARD_MISSING),
        ({"card": CardStatus.SENT_BACK}, Verdict.HOLD, Reason.CARD_SENT_BACK),
        ({"card": CardStatus.REPORTED, "card_awaited": True}, Verdict.HOLD, Reason.CARD_NOT_RECEIVED),
        ({"price": None}, Verdict.HOLD, Reason.NO_PRICE),
        ({"price": None, "other_currency": True}, Verdict.HOLD, Reason.OTHER_CURRENCY),
        ({"paid_before": True}, Verdict.REFUSE, Reason.PAID_BEFORE),
    ],
)
def test_what_stands_against_payment_forbids_it_with_its_reason(
    changes: dict[str, object], verdict: Verdict, reason: Reason
) -> None:
    proposal = propose(facts(**changes))

    assert (proposal.verdict, proposal.reasons) == (verdict, (reason,))
    assert forbids_payment(facts(**changes)) == (reason,)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"finished_later": True}, Reason.FINISHED_BY_LATER_VISIT),
        ({"serial_paid": True}, Reason.SERIAL_PAID_BEFORE),
    ],
)
def test_what_an_auditor_may_see_otherwise_is_proposed_for_refusal_only(
    changes: dict[str, object], reason: Reason
) -> None:
    assert propose(facts(**changes)).reasons == (reason,)
    assert propose(facts(**changes)).verdict is Verdict.REFUSE
    assert forbids_payment(facts(**changes)) == ()


def test_of_several_objections_the_gravest_decides_and_all_are_named() -> None:
    proposal = propose(facts(callback=CallbackStatus.WAITING, card=None, paid_before=True))

    assert proposal.verdict is Verdict.REFUSE
    assert set(proposal.reasons) == {Reason.PAID_BEFORE, Reason.CALLBACK_WAITING, Reason.CARD_MISSING}


def test_a_line_held_for_longer_than_sixty_days_is_refused() -> None:
    late = propose(facts(card=None, hold_expired=True))

    assert (late.verdict, late.reasons) == (Verdict.REFUSE, (Reason.CARD_MISSING, Reason.HOLD_EXPIRED))
    assert propose(facts(hold_expired=True)).verdict is Verdict.PAY


@pytest.mark.parametrize("price", [None, Money(0, "CNY")])
def test_a_vain_visit_without_a_price_is_worth_nothing_and_needs_no_proof(price: Money | None) -> None:
    proposal = propose(facts(kind=LineKind.VISIT, price=price, callback=None, card=None))

    assert (proposal.verdict, proposal.reasons) == (Verdict.REFUSE, (Reason.OTHER_VISIT_PRICE_ZERO,))


def test_a_vain_visit_with_a_price_is_verified_like_any_other_and_needs_no_card() -> None:
    assert propose(facts(kind=LineKind.VISIT, card=None)).verdict is Verdict.PAY
    assert propose(facts(kind=LineKind.VISIT, card=None, callback=CallbackStatus.FAILED)).verdict is Verdict.HOLD


def test_deductions_reduce_a_line_and_are_its_reasons() -> None:
    proposal = propose(facts(deductions=(DeductionKind.LATE_CARD, DeductionKind.FALSE_REPORT)))

    assert (proposal.verdict, proposal.reasons) == (Verdict.REDUCED, (Reason.LATE_CARD, Reason.FALSE_REPORT))


@pytest.mark.parametrize("result", list(VisitResult))
def test_labour_is_for_results_that_finish_the_work(result: VisitResult) -> None:
    assert kind_of(result) is (LineKind.LABOUR if result in FINISHED else LineKind.VISIT)


def test_every_deduction_is_also_a_reason() -> None:
    assert {str(kind) for kind in DeductionKind} <= {str(reason) for reason in Reason}
