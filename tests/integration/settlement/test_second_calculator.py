"""Two calculators that share no code agree to the fen, on any history."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.callbacks.status import PAYABLE, CallbackStatus
from server.core.events import SYSTEM
from server.core.money import Money
from server.customers.models import Zone
from server.orders.words import ChargeCategory, VisitResult, WorkType
from server.organisation.models import Role
from server.settlement import audit, content
from server.settlement.models import Deduction, LabourPrice, Statement, StatementLine
from server.settlement.statements import compute
from server.settlement.status import PAID_VERDICTS, VISIT_LINES, LineKind, Reason, Verdict
from tests.integration.settlement.second_calculator import CALL_OUT, LABOUR, Happened, pay_of
from tests.integration.verified_work import CATEGORY, Work, local

MARCH = date(2026, 3, 1)
_NOW = local(1, 9, month=5)
_RESULTS = ["done_without_part", "no_fault", "customer_absent", "part_missing"]


@st.composite
def histories(draw: st.DrawFn) -> list[Happened]:
    """Draw up to six visits on up to three tickets, in order of time, all in March but for the last hours around it."""
    count = draw(st.integers(1, 6))
    first = draw(st.sampled_from([local(1, 0), local(2, 11), local(20, 17, 59)]))
    found, at = [], first
    for _ in range(count):
        result = draw(st.sampled_from(_RESULTS))
        due = came = None
        if result in LABOUR and draw(st.booleans()):
            due = at + timedelta(hours=24)
            late = draw(st.one_of(st.none(), st.integers(-600, 30_000)))
            came = None if late is None else due + timedelta(minutes=late)
        found.append(
            Happened(
                ticket=draw(st.integers(0, 2)),
                ended=at,
                result=result,
                callback=draw(st.sampled_from([str(status) for status in CallbackStatus])),
                card_due=due,
                card_came=came,
                lied=draw(st.booleans()),
            )
        )
        at += timedelta(minutes=draw(st.integers(1, 2_000)))
    return found


def _live_through(session: Session, history: Sequence[Happened]) -> Work:
    """Write a history into the database."""
    work = Work(session)
    for result, fen in {**LABOUR, **CALL_OUT}.items():
        work.add(
            LabourPrice(
                product_category=CATEGORY,
                work_type=WorkType.REPAIR,
                zone=Zone.URBAN,
                charge_category=ChargeCategory.C,
                result=VisitResult(result),
                valid_from=date(2026, 1, 1),
                price=Money(fen, "CNY"),
            )
        )
    supervisor = work.staff(Role.SUPERVISOR)
    tickets = {number: work.ticket() for number in sorted({one.ticket for one in history})}
    ordinals: dict[int, int] = {}
    for one in history:
        ordinals[one.ticket] = ordinals.get(one.ticket, 0) + 1
        visit = work.visit(
            tickets[one.ticket], VisitResult(one.result), finished_at=one.ended, ordinal=ordinals[one.ticket]
        )
        if one.result in LABOUR:
            work.card(visit, due_at=one.card_due, received_at=one.card_came)
        work.callback(visit, CallbackStatus(one.callback), by=supervisor.id)
        if one.lied:
            work.false_report(visit, by=supervisor)
    return work


def _audit(work: Work) -> list[StatementLine]:
    """Compute March, and decide every line as the rules propose."""
    compute(work.session, month=MARCH, region_id=None, by=SYSTEM, now=_NOW)
    auditor = work.staff(Role.AUDITOR)
    for line in work.session.scalars(select(StatementLine).order_by(StatementLine.id)).all():
        if line.proposed is not Verdict.OPEN:
            audit.decide(
                work.session,
                line_id=line.id,
                verdict=line.proposed,
                reasons=[Reason(reason) for reason in line.reasons],
                by=auditor,
                now=_NOW,
            )
    return list(work.session.scalars(select(StatementLine).order_by(StatementLine.id)))


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    # A history of six visits can be read as it is; making it smaller would take minutes of database.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories())
def test_product_and_second_calculator_agree_to_the_fen(session: Session, history: list[Happened]) -> None:
    with session.begin_nested() as everything:
        work = _live_through(session, history)

        lines = _audit(work)

        statement = session.scalars(select(Statement)).one()
        expected = pay_of(history, year=2026, month=3)
        assert content.sum_of(session, statement).amount == expected.fen
        _nothing_unverified_twice_or_unexplained(session, lines)
        _pay_is_labour_less_deductions(session, statement, lines)
        _computing_again_changes_nothing(session, statement)
        everything.rollback()
    session.expunge_all()


def _nothing_unverified_twice_or_unexplained(session: Session, lines: Sequence[StatementLine]) -> None:
    about_visits = [line for line in lines if line.kind in VISIT_LINES]
    paid = [line for line in about_visits if line.verdict in PAID_VERDICTS]
    labour = [line.ticket_id for line in paid if line.kind is LineKind.LABOUR]

    assert all(line.callback_status in PAYABLE for line in paid)
    assert len(labour) == len(set(labour))
    assert len({line.visit_id for line in about_visits}) == len(about_visits)
    assert all(line.reasons for line in lines if line.verdict not in (Verdict.PAY, Verdict.REDUCED))
    assert all(line.net.amount >= 0 for line in about_visits)


def _pay_is_labour_less_deductions(session: Session, statement: Statement, lines: Sequence[StatementLine]) -> None:
    settled = {line.id for line in lines if line.verdict not in (Verdict.OPEN, Verdict.HOLD)}
    earned = sum(line.price.amount for line in lines if line.kind in VISIT_LINES and line.verdict in PAID_VERDICTS)
    taken = sum(row.amount.amount for row in session.scalars(select(Deduction)) if row.line_id in settled)

    assert content.sum_of(session, statement).amount == earned - taken


def _computing_again_changes_nothing(session: Session, statement: Statement) -> None:
    def state() -> tuple[bytes, int, int]:
        versions = session.scalar(select(func.sum(StatementLine.version)))
        return (
            content.digest_of(session, statement),
            int(versions or 0),
            session.scalar(select(func.count(Deduction.id))) or 0,
        )

    before = state()
    compute(session, month=MARCH, region_id=None, by=SYSTEM, now=_NOW)

    assert state() == before


def test_the_second_calculator_itself_computes_an_example_done_by_hand() -> None:
    done = Happened(0, local(9, 9), "done_without_part", "passed", local(10, 9), local(10, 16))
    absent = Happened(1, local(9, 11), "customer_absent", "failed", lied=True)
    last_minute: datetime = local(31, 23, 59)
    lying = Happened(2, last_minute, "no_fault", "not_confirmed", lied=True)

    assert pay_of([done], year=2026, month=3).fen == 80_00 - 3_00
    assert pay_of([absent], year=2026, month=3).fen == 0
    assert pay_of([lying], year=2026, month=3).fen == -50_00
    assert pay_of([done], year=2026, month=4).fen == 0
