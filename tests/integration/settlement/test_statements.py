"""A month is computed from the record: every ended visit on one line, with its price, deductions and reasons."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.callbacks.status import CallbackStatus
from server.core.events import SYSTEM
from server.core.money import Money
from server.core.policies import Policy, write
from server.customers.models import Zone
from server.orders.status import CardStatus
from server.orders.words import ChargeCategory, VisitResult, WorkType
from server.organisation.models import Role
from server.settlement.models import Deduction, Statement, StatementLine
from server.settlement.prices import NegativePrice, PriceInThePast, PriceKey, Tariff, price_book, seed, set_price
from server.settlement.statements import BadMonth, Computed, compute
from server.settlement.status import DeductionKind, LineKind, StatementStatus, Verdict
from server.settlement.terms import SettlementTerms
from tests.integration.verified_work import CATEGORY, Work, local, yuan

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
_NOW = local(1, 9, month=4)


def computed(work: Work, *, month: date = MARCH, now: datetime = _NOW, region_id: int | None = None) -> Computed:
    return compute(work.session, month=month, region_id=region_id, by=SYSTEM, now=now)


def lines(work: Work, *kinds: LineKind) -> list[StatementLine]:
    query = select(StatementLine).order_by(StatementLine.id)
    return list(work.session.scalars(query.where(StatementLine.kind.in_(kinds)) if kinds else query))


def test_every_ended_visit_of_the_month_stands_on_one_line_of_its_payee(work: Work) -> None:
    work.price()
    alone = work.add_technician(work.add_station(is_payee=False))
    of_station, of_himself = work.verified(), work.verified(technician=alone)

    computed(work)

    by_visit = {line.visit_id: work.session.get_one(Statement, line.statement_id) for line in lines(work)}
    assert (by_visit[of_station.id].station_id, by_visit[of_station.id].technician_id) == (work.station.id, None)
    assert (by_visit[of_himself.id].station_id, by_visit[of_himself.id].technician_id) == (None, alone.id)


@pytest.mark.parametrize(
    ("finished_at", "month"),
    [
        (local(1, 0), MARCH),
        (local(31, 23, 59), MARCH),
        (local(1, 0, month=4), APRIL),
        (local(1, 0) - timedelta(seconds=1), date(2026, 2, 1)),
    ],
)
def test_the_sites_own_calendar_decides_the_month(work: Work, finished_at: datetime, month: date) -> None:
    visit = work.verified(finished_at=finished_at)

    for one in (date(2026, 2, 1), MARCH, APRIL):
        computed(work, month=one)

    (line,) = lines(work)
    assert line.visit_id == visit.id
    assert work.session.get_one(Statement, line.statement_id).month == month


def test_computing_again_changes_nothing(work: Work) -> None:
    work.price()
    supervisor = work.staff(Role.SUPERVISOR)
    late = work.visit(work.ticket(), finished_at=local(9, 9))
    work.card(late, due_at=local(10, 9), received_at=local(12, 9))
    work.callback(late)
    work.false_report(late, by=supervisor)
    work.verified(VisitResult.CUSTOMER_ABSENT)
    first = computed(work)
    before = [(line.id, line.version, line.price, line.proposed, line.reasons) for line in lines(work)]
    deductions = [(row.id, row.amount) for row in work.session.scalars(select(Deduction).order_by(Deduction.id))]

    again = computed(work, now=_NOW + timedelta(days=1))

    assert (first.added, again.added, again.statements) == (2, 0, first.statements)
    assert [(line.id, line.version, line.price, line.proposed, line.reasons) for line in lines(work)] == before
    assert [(r.id, r.amount) for r in work.session.scalars(select(Deduction).order_by(Deduction.id))] == deductions


def test_what_is_new_is_added_and_what_was_not_decided_is_judged_anew(work: Work) -> None:
    work.price()
    visit = work.visit(work.ticket())
    work.card(visit)
    callback = work.callback(visit, CallbackStatus.WAITING)
    computed(work)
    (line,) = lines(work)
    assert (line.proposed, line.reasons) == (Verdict.OPEN, ["callback_waiting"])

    callback.status = CallbackStatus.PASSED
    work.verified()
    assert computed(work).added == 1

    assert (line.proposed, line.reasons, line.price) == (Verdict.PAY, [], yuan(80))
    assert line.evidence["callback"] == callback.id


def test_labour_is_proposed_once_for_a_ticket_to_who_finished_it(work: Work) -> None:
    work.price()
    ticket, other = work.ticket(), work.add_technician(work.add_station(is_payee=True))
    for ordinal, technician in ((1, work.technician), (2, other)):
        visit = work.visit(ticket, finished_at=local(9 + ordinal, 9), technician=technician, ordinal=ordinal)
        work.card(visit)
        work.callback(visit, CallbackStatus.PASSED)

    computed(work)

    first, second = lines(work)
    assert (first.technician_id, first.proposed, first.reasons) == (
        work.technician.id,
        Verdict.REFUSE,
        ["finished_by_later_visit"],
    )
    assert (second.technician_id, second.proposed, second.price) == (other.id, Verdict.PAY, yuan(80))


def test_a_vain_visit_is_priced_by_its_result(work: Work) -> None:
    work.price(VisitResult.CUSTOMER_ABSENT, 15)
    for result in (VisitResult.CUSTOMER_ABSENT, VisitResult.PART_MISSING):
        work.verified(result)

    computed(work)

    absent, missing = lines(work, LineKind.VISIT)
    assert (absent.price, absent.proposed) == (yuan(15), Verdict.PAY)
    assert (missing.price, missing.proposed, missing.reasons) == (yuan(0), Verdict.REFUSE, ["other_visit_price_zero"])


def test_the_price_of_the_day_of_completion_holds(work: Work) -> None:
    work.price(amount=80)
    work.price(amount=95, valid_from=date(2026, 3, 15))
    for day in (14, 15):
        work.verified(finished_at=local(day, 23, 59))

    computed(work)

    assert [line.price for line in lines(work)] == [yuan(80), yuan(95)]


def test_a_card_handed_in_late_is_deducted_with_its_computation(work: Work) -> None:
    work.price()
    visit = work.visit(work.ticket(), finished_at=local(9, 9))
    card = work.card(visit, due_at=local(10, 9), received_at=local(10, 16))
    work.callback(visit)

    computed(work)

    (line,), (row,) = lines(work), work.session.scalars(select(Deduction)).all()
    assert (line.proposed, line.reasons) == (Verdict.REDUCED, ["late_card"])
    assert (row.kind, row.amount, row.rule, row.evidence_id) == (DeductionKind.LATE_CARD, yuan(3), "R19", card.id)
    assert (row.computation["overdue_seconds"], row.computation["periods"]) == (7 * 3600, 3)
    assert row.computation["counts"] == "begun"


def test_a_card_received_anew_after_its_correction_is_computed_anew(work: Work) -> None:
    work.price()
    visit = work.visit(work.ticket(), finished_at=local(9, 9))
    card = work.card(visit, due_at=local(10, 9), received_at=local(10, 8))
    work.callback(visit)
    computed(work)
    assert work.session.scalars(select(Deduction)).all() == []

    for received_at, cost in ((local(11, 9, 1), 4), (local(10, 12), 1)):
        card.received_at = received_at
        computed(work)
        (row,) = work.session.scalars(select(Deduction))
        assert row.amount == yuan(cost)

    card.received_at = local(10, 9)
    computed(work)
    assert work.session.scalars(select(Deduction)).all() == []


def test_a_card_that_is_awaited_holds_the_line_and_costs_nothing_yet(work: Work) -> None:
    work.price()
    visit = work.visit(work.ticket(), finished_at=local(9, 9))
    card = work.card(visit, due_at=local(10, 9))
    work.callback(visit)

    computed(work)

    (line,) = lines(work)
    assert (line.proposed, line.reasons) == (Verdict.HOLD, ["card_not_received"])
    assert work.session.scalars(select(Deduction)).all() == []

    card.status, card.received_at = CardStatus.RECEIVED, local(10, 9)
    computed(work)
    assert line.proposed is Verdict.PAY


def test_a_false_report_costs_once_per_ticket(work: Work) -> None:
    work.price()
    visit, supervisor = work.verified(), work.staff(Role.SUPERVISOR)
    for _ in range(2):
        work.false_report(visit, by=supervisor)

    computed(work)
    computed(work)

    (row,) = work.session.scalars(select(Deduction))
    assert (row.kind, row.amount, row.rule) == (DeductionKind.FALSE_REPORT, yuan(50), "R17")


def test_a_report_that_nobody_found_false_costs_nothing(work: Work) -> None:
    visit = work.verified()
    row = work.false_report(visit, by=work.staff(Role.SUPERVISOR))
    row.false_at = row.false_by = row.false_evidence = None

    computed(work)

    assert work.session.scalars(select(Deduction)).all() == []


def test_a_false_report_found_after_the_line_was_decided_gets_a_line_of_its_own(work: Work) -> None:
    work.price()
    visit, supervisor = work.verified(), work.staff(Role.SUPERVISOR)
    computed(work)
    (line,) = lines(work)
    line.verdict, line.net = Verdict.REFUSE, yuan(0)
    line.reasons, line.decided_by, line.decided_at = ["card_missing"], supervisor.id, _NOW
    work.session.flush()
    work.false_report(visit, by=supervisor, false_at=local(2, 9, month=4))

    computed(work)
    assert lines(work) == [line]  # April's decision is not March's
    computed(work, month=APRIL)
    computed(work, month=APRIL)

    (later,) = lines(work, LineKind.LATER)
    assert (later.proposed, later.reasons) == (Verdict.REDUCED, ["found_later", "false_report"])
    assert work.session.get_one(Statement, later.statement_id).month == APRIL


def test_the_terms_in_force_at_the_visit_hold_whatever_they_became(work: Work) -> None:
    work.price()
    supervisor = work.staff(Role.SUPERVISOR)
    dearer = SettlementTerms(false_report=yuan(70))
    work.add(
        Policy(
            name=SettlementTerms.policy_name,
            valid_from=local(15, 0),
            values=write(dearer),
            author_id=None,
        )
    )
    for day in (14, 15):
        work.false_report(work.verified(finished_at=local(day, 9)), by=supervisor)

    computed(work)

    rows = work.session.scalars(select(Deduction).order_by(Deduction.id)).all()
    assert [row.amount for row in rows] == [yuan(50), yuan(70)]
    assert rows[0].policy_id != rows[1].policy_id


def test_an_installation_of_one_serial_number_is_proposed_once(work: Work) -> None:
    work.price(work_type=WorkType.INSTALLATION)
    visits = []
    for day in (9, 10):
        visit = work.visit(work.ticket(work_type=WorkType.INSTALLATION), finished_at=local(day, 9))
        work.card(visit).fitted_serial = "SN-1"
        visits.append((visit, work.callback(visit)))
    computed(work)
    first, second = lines(work)
    callback = visits[0][1]
    first.callback_id, first.callback_status = callback.id, callback.status
    first.verdict, first.net = Verdict.PAY, first.price
    work.session.flush()

    computed(work)

    assert (second.proposed, second.reasons) == (Verdict.REFUSE, ["serial_paid_before"])


def test_work_without_a_price_waits_for_one(work: Work) -> None:
    work.verified(charge_category=ChargeCategory.B)

    computed(work)

    (line,) = lines(work)
    assert (line.proposed, line.reasons) == (Verdict.HOLD, ["no_price"])


def test_a_price_in_another_currency_is_not_converted(work: Work) -> None:
    work.price()
    visit = work.verified(charge_category=ChargeCategory.A)
    key = PriceKey(CATEGORY, WorkType.REPAIR, Zone.URBAN, ChargeCategory.A, VisitResult.DONE_WITHOUT_PART)
    set_price(work.session, key, price=Money(8000, "USD"), valid_from=date(2026, 1, 1))

    computed(work)

    (line,) = lines(work)
    assert (line.visit_id, line.proposed, line.reasons) == (visit.id, Verdict.HOLD, ["other_currency"])


def test_a_region_is_computed_without_the_others(work: Work) -> None:
    work.verified()

    assert computed(work, region_id=work.region.id + 1) == Computed((), 0)
    assert computed(work, region_id=work.region.id).added == 1


@pytest.mark.parametrize("month", [date(2026, 3, 2), date(2026, 5, 1)])
def test_a_month_is_named_by_its_first_day_and_has_begun(work: Work, month: date) -> None:
    with pytest.raises(BadMonth):
        computed(work, month=month)


def test_a_visit_reported_after_its_month_was_closed_is_settled_in_the_next(work: Work) -> None:
    work.price()
    work.verified()
    computed(work)
    statement = work.session.scalars(select(Statement)).one()
    people = [work.staff(Role.FINANCE).id for _ in range(2)]
    statement.status, statement.audited_by, statement.published_at = StatementStatus.APPROVED, people[0], _NOW
    statement.approved_by, statement.approved_hash = people[1], b"-"
    work.session.flush()
    late = work.verified(finished_at=local(30, 9))

    computed(work)
    assert len(lines(work)) == 1
    computed(work, month=APRIL)

    assert late.id in {line.visit_id for line in lines(work)}
    assert computed(work, month=APRIL).added == 0


def test_no_visit_gets_a_second_first_line_even_by_raw_sql(work: Work) -> None:
    work.verified()
    computed(work)
    (line,) = lines(work)
    other = StatementLine(
        statement_id=line.statement_id,
        ticket_id=line.ticket_id,
        visit_id=line.visit_id,
        kind=LineKind.VISIT,
        price=yuan(0),
        net=yuan(0),
        proposed=Verdict.OPEN,
    )
    work.session.add(other)

    with pytest.raises(IntegrityError, match="uq_statement_line_first"):
        work.session.flush()


def test_a_changed_price_leaves_the_days_before_alone_and_never_begins_in_the_past(work: Work) -> None:
    old = work.price(amount=80)
    new = work.price(amount=90, valid_from=date(2026, 4, 1))

    assert (old.valid_to, new.valid_to) == (date(2026, 4, 1), None)
    assert work.price(amount=90, valid_from=date(2026, 4, 1)) is new
    with pytest.raises(PriceInThePast):
        work.price(amount=70, valid_from=date(2026, 3, 31))
    with pytest.raises(NegativePrice):
        work.price(amount=-1, valid_from=date(2026, 5, 1))


def test_a_table_of_prices_is_seeded_once(work: Work) -> None:
    work.price(amount=123)
    tariff = Tariff(labour={WorkType.REPAIR: yuan(80)}, out_of_town_percent=50, call_out=yuan(15))

    added = seed(work.session, tariff, categories=[CATEGORY], valid_from=date(2026, 1, 1))

    assert added == 7 * 2 * 4 - 1
    assert seed(work.session, tariff, categories=[CATEGORY], valid_from=date(2026, 1, 1)) == 0
    kept = work.price(amount=123)
    assert kept.price == yuan(123)
    key = PriceKey(CATEGORY, WorkType.REPAIR, Zone.OUT_OF_TOWN, ChargeCategory.A, VisitResult.DONE_WITHOUT_PART)
    away = price_book(work.session, categories=[CATEGORY]).find(key, day=date(2026, 3, 1))
    assert away is not None
    assert away.price == yuan(120)


def test_statements_are_made_only_for_who_has_lines(work: Work) -> None:
    work.add_technician(work.add_station(is_payee=False))

    assert computed(work) == Computed((), 0)
    assert work.session.scalar(select(func.count()).select_from(Statement)) == 0
