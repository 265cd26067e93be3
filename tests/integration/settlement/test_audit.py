"""Audited line by line, approved as it was looked at, paid once by a third person."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackStatus
from server.core.errors import Refusal
from server.core.events import SYSTEM, Actor, DomainEvent
from server.core.transitions import IllegalTransition
from server.orders.words import VisitResult
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Role
from server.settlement import audit, closing, content
from server.settlement.export import statement_csv
from server.settlement.models import Deduction, Payment, Statement, StatementLine
from server.settlement.queries import statement_sheet, statements
from server.settlement.statements import compute
from server.settlement.status import LineKind, Reason, StatementStatus, Verdict
from server.settlement.waivers import MayNotWaive, Waived, waive
from tests.databases import MadeDatabase
from tests.integration.verified_work import Work, local, yuan

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
_NOW = local(1, 9, month=4)


@dataclass
class Desk:
    """The people of a month's settlement, and its steps."""

    work: Work

    def __post_init__(self) -> None:
        self.supervisor = self.work.staff(Role.SUPERVISOR)
        self.auditor = self.work.staff(Role.AUDITOR)
        self.approver, self.payer = self.work.staff(Role.FINANCE), self.work.staff(Role.FINANCE)

    def compute(self, *, month: date = MARCH, now: datetime = _NOW) -> list[StatementLine]:
        compute(self.work.session, month=month, region_id=None, by=SYSTEM, now=now)
        query = (
            select(StatementLine)
            .join(Statement, Statement.id == StatementLine.statement_id)
            .where(Statement.month == month)
            .order_by(StatementLine.id)
        )
        return list(self.work.session.scalars(query))

    def decide(
        self,
        line: StatementLine,
        verdict: Verdict,
        *reasons: Reason,
        remark: str | None = None,
        now: datetime = _NOW,
        scope: Scope = EVERYTHING,
    ) -> StatementLine:
        return audit.decide(
            self.work.session,
            line_id=line.id,
            verdict=verdict,
            reasons=reasons,
            remark=remark,
            by=self.auditor,
            now=now,
            scope=scope,
        )

    def propose(self, lines: list[StatementLine]) -> None:
        """Decide every line as the rules propose."""
        for line in lines:
            if line.proposed is not Verdict.OPEN and line.kind is not LineKind.CARRIED:
                self.decide(line, line.proposed, *(Reason(reason) for reason in line.reasons))

    def publish(self, statement: Statement) -> None:
        audit.finish_audit(self.work.session, statement_id=statement.id, by=self.auditor, now=_NOW)
        closing.publish(self.work.session, statement_id=statement.id, by=self.auditor, now=_NOW)

    def approve(self, statement: Statement, *, by: Actor | None = None, now: datetime = _NOW) -> Statement:
        digest = content.digest_of(self.work.session, statement)
        return closing.approve(
            self.work.session, statement_id=statement.id, lines_hash=digest, by=by or self.approver, now=now
        )

    def pay(self, statement: Statement, *, by: Actor | None = None, reference: str = "B-1") -> Payment:
        return closing.pay(
            self.work.session, statement_id=statement.id, reference=reference, by=by or self.payer, now=_NOW
        )

    def close(self, statement: Statement) -> Payment:
        """Take an audited month to its payment."""
        self.publish(statement)
        closing.agree(self.work.session, statement_id=statement.id, by=SYSTEM, now=_NOW)
        self.approve(statement)
        return self.pay(statement)

    def statement(self, month: date = MARCH) -> Statement:
        return self.work.session.scalars(select(Statement).where(Statement.month == month)).one()


@pytest.fixture
def desk(work: Work) -> Desk:
    work.price()
    return Desk(work)


def test_a_month_goes_from_the_record_to_the_payment(desk: Desk, work: Work) -> None:
    for _ in range(2):
        work.verified()
    desk.propose(desk.compute())

    payment = desk.close(desk.statement())

    assert (payment.sum, payment.paid_by) == (yuan(160), desk.payer.id)
    assert desk.statement().status is StatementStatus.PAID
    kinds = work.session.scalars(select(DomainEvent.kind).where(DomainEvent.subject == "statement")).all()
    assert [kind.split(".")[1] for kind in kinds] == [
        "compute",
        "decide",
        "decide",
        "audit",
        "publish",
        "agree",
        "approve",
        "pay",
    ]


_UNPAYABLE = sorted(set(CallbackStatus) - {CallbackStatus.PASSED, CallbackStatus.RECONFIRMED})


@pytest.mark.parametrize("status", _UNPAYABLE)
@pytest.mark.parametrize("verdict", [Verdict.PAY, Verdict.REDUCED])
def test_no_labour_is_paid_without_a_passed_or_re_confirmed_callback(
    desk: Desk, work: Work, status: CallbackStatus, verdict: Verdict
) -> None:
    visit = work.visit(work.ticket())
    work.card(visit)
    work.callback(visit, status, by=desk.supervisor.id)
    work.false_report(visit, by=desk.supervisor)
    (line,) = desk.compute()
    if verdict is Verdict.PAY:
        work.session.execute(update(Deduction).values(waived_at=_NOW, waived_by=desk.supervisor.id, waived_reason="x"))

    with pytest.raises(audit.NotPayable) as refusal:
        desk.decide(line, verdict, remark="I know the man")

    assert all(str(reason).startswith("callback") for reason in refusal.value.details["reasons"])  # type: ignore[union-attr]
    assert line.verdict is Verdict.OPEN


@pytest.mark.parametrize("status", _UNPAYABLE)
def test_the_database_itself_pays_nothing_unverified(desk: Desk, work: Work, status: CallbackStatus) -> None:
    visit = work.visit(work.ticket())
    callback = work.callback(visit, status, by=desk.supervisor.id)
    (line,) = desk.compute()
    line_id, callback_id = line.id, callback.id

    for claimed in (str(status), "passed", None):
        with pytest.raises(IntegrityError), work.session.begin_nested():
            work.session.execute(
                text(
                    "update statement_line set verdict = 'pay', net_amount = price_amount, callback_id = :callback,"
                    " callback_status = :status where id = :line"
                ),
                {"callback": callback_id, "status": claimed, "line": line_id},
            )


def test_the_callback_of_another_visit_proves_nothing_even_by_raw_sql(desk: Desk, work: Work) -> None:
    work.visit(work.ticket())
    other = work.verified()
    line = desk.compute()[0]
    other_callback = work.session.scalar(select(CustomerCallback.id).where(CustomerCallback.visit_id == other.id))

    with pytest.raises(IntegrityError, match="fk_statement_line_callback"):
        work.session.execute(
            text(
                "update statement_line set verdict = 'pay', callback_id = :callback, callback_status = 'passed'"
                " where id = :line"
            ),
            {"callback": other_callback, "line": line.id},
        )


def test_the_verdict_that_a_payment_rests_on_can_not_be_changed(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())

    with pytest.raises(IntegrityError, match="fk_statement_line_callback"):
        work.session.execute(text("update customer_callback set status = 'waiting'"))


def test_what_the_rules_propose_to_refuse_is_paid_only_with_a_remark(desk: Desk, work: Work) -> None:
    ticket = work.ticket()
    for ordinal in (1, 2):
        visit = work.visit(ticket, finished_at=local(9 + ordinal, 9), ordinal=ordinal)
        work.card(visit)
        work.callback(visit)
    first, second = desk.compute()

    with pytest.raises(audit.RemarkMissing):
        desk.decide(first, Verdict.PAY)
    desk.decide(first, Verdict.PAY, remark="the second was another fault of the house's wiring")

    with pytest.raises(audit.NotPayable) as refusal:
        desk.decide(second, Verdict.PAY, remark="both")
    assert refusal.value.details["reasons"] == ["paid_before"]


def test_labour_of_a_ticket_is_paid_once_whichever_two_statements_it_stands_on(desk: Desk, work: Work) -> None:
    ticket, other = work.ticket(), work.add_technician(work.add_station(is_payee=True))
    for ordinal, technician in ((1, work.technician), (2, other)):
        visit = work.visit(ticket, finished_at=local(9 + ordinal, 9), technician=technician, ordinal=ordinal)
        work.card(visit)
        work.callback(visit)
    first, second = desk.compute()
    desk.decide(second, Verdict.PAY)
    callback_id = work.session.scalar(select(CustomerCallback.id).where(CustomerCallback.visit_id == first.visit_id))

    with pytest.raises(IntegrityError, match="uq_statement_line_labour_once"):
        work.session.execute(
            text(
                "update statement_line set verdict = 'pay', callback_id = :c, callback_status = 'passed' where id = :l"
            ),
            {"c": callback_id, "l": first.id},
        )


@pytest.mark.parametrize("verdict", [Verdict.HOLD, Verdict.REFUSE])
def test_a_line_that_is_not_paid_says_why(desk: Desk, work: Work, verdict: Verdict) -> None:
    work.verified()
    (line,) = desk.compute()

    with pytest.raises(audit.ReasonsMissing):
        desk.decide(line, verdict)


def test_a_refused_line_without_a_reason_is_refused_by_the_database(desk: Desk, work: Work) -> None:
    work.verified()
    (line,) = desk.compute()

    with pytest.raises(IntegrityError, match="no_verdict_without_reason"):
        work.session.execute(update(StatementLine).where(StatementLine.id == line.id).values(verdict=Verdict.REFUSE))


def test_a_line_with_deductions_is_paid_reduced_and_no_other_is(desk: Desk, work: Work) -> None:
    work.false_report(work.verified(), by=desk.supervisor)
    work.verified()
    reduced, full = desk.compute()

    with pytest.raises(audit.DeductionsStand):
        desk.decide(reduced, Verdict.PAY)
    with pytest.raises(audit.NothingToReduce):
        desk.decide(full, Verdict.REDUCED, Reason.LATE_CARD)

    desk.decide(reduced, Verdict.REDUCED)
    assert (reduced.net, reduced.reasons) == (yuan(30), ["false_report"])


def test_deductions_beyond_the_price_are_a_line_of_their_own(desk: Desk, work: Work) -> None:
    work.price(VisitResult.CUSTOMER_ABSENT, 15)
    work.false_report(work.verified(VisitResult.CUSTOMER_ABSENT), by=desk.supervisor)
    (line,) = desk.compute()

    desk.decide(line, Verdict.REDUCED)

    rest = work.session.scalars(select(StatementLine).where(StatementLine.kind == LineKind.REST)).one()
    assert (line.net, rest.net, rest.rest_of_id) == (yuan(0), yuan(-35), line.id)

    desk.decide(line, Verdict.REFUSE, Reason.EVIDENCE_CONTRADICTS)
    assert rest.net == yuan(-50)

    desk.decide(line, Verdict.HOLD, Reason.EVIDENCE_MISSING)
    assert work.session.scalar(select(func.count()).where(StatementLine.kind == LineKind.REST)) == 0


def test_a_negative_statement_pays_nothing_and_is_carried_forward_once(desk: Desk, work: Work) -> None:
    work.false_report(work.verified(VisitResult.PART_MISSING), by=desk.supervisor)
    desk.propose(desk.compute())
    march = desk.statement()

    assert desk.close(march).sum == yuan(0)
    work.verified(finished_at=local(5, 9, month=4))
    april = desk.compute(month=APRIL, now=local(1, 9, month=5))
    desk.compute(month=APRIL, now=local(1, 9, month=5))
    desk.propose(april)

    (carried,) = (line for line in april if line.kind is LineKind.CARRIED)
    assert (carried.net, carried.from_statement_id) == (yuan(-50), march.id)
    assert content.sum_of(work.session, desk.statement(APRIL)) == yuan(30)


def test_what_is_open_at_closing_is_settled_in_the_month_of_its_verdict(desk: Desk, work: Work) -> None:
    visit = work.visit(work.ticket())
    work.card(visit, due_at=local(10, 9), received_at=local(10, 16))
    callback = work.callback(visit, CallbackStatus.WAITING)
    (line,) = desk.compute()
    assert desk.close(desk.statement()).sum == yuan(0)
    assert line.reasons == ["callback_waiting"]
    callback.status = CallbackStatus.PASSED

    (again,) = desk.compute(month=APRIL)
    desk.propose([again])

    assert (again.previous_id, again.net, line.net) == (line.id, yuan(77), yuan(0))
    assert content.digest_of(work.session, desk.statement()) == desk.statement().approved_hash


def test_a_held_line_returns_and_is_proposed_for_refusal_after_sixty_days(desk: Desk, work: Work) -> None:
    visit = work.visit(work.ticket())
    work.callback(visit)
    (line,) = desk.compute()
    desk.decide(line, Verdict.HOLD, Reason.CARD_MISSING)
    desk.close(desk.statement())

    (again,) = desk.compute(month=APRIL, now=_NOW + timedelta(days=60))
    assert (again.proposed, again.held_since) == (Verdict.HOLD, _NOW)

    desk.compute(month=APRIL, now=_NOW + timedelta(days=60, seconds=1))
    assert (again.proposed, again.reasons) == (Verdict.REFUSE, ["card_missing", "hold_expired"])


def test_an_audit_is_finished_when_every_line_that_can_be_decided_is(desk: Desk, work: Work) -> None:
    work.verified()
    work.verified(status=CallbackStatus.WAITING)
    payable, _ = desk.compute()

    with pytest.raises(audit.LinesUndecided) as refusal:
        desk.publish(desk.statement())
    assert refusal.value.details["lines"] == [payable.id]

    desk.decide(payable, Verdict.PAY)
    desk.publish(desk.statement())


def test_lines_are_decided_in_a_draft_only_and_a_reopened_one_keeps_its_decisions(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())
    statement = desk.statement()
    desk.publish(statement)
    (line,) = work.session.scalars(select(StatementLine))

    with pytest.raises(audit.NotADraft):
        desk.decide(line, Verdict.REFUSE, Reason.EVIDENCE_CONTRADICTS)
    audit.reopen(work.session, statement_id=statement.id, reason="appeal", by=desk.auditor, now=_NOW)

    assert (statement.status, statement.audited_by, statement.published_at) == (StatementStatus.DRAFT, None, None)
    assert line.verdict is Verdict.PAY
    desk.decide(line, Verdict.REFUSE, Reason.EVIDENCE_CONTRADICTS)


@pytest.mark.parametrize(
    ("after", "may"), [(timedelta(days=5) - timedelta(seconds=1), False), (timedelta(days=5), True)]
)
def test_nothing_is_approved_before_five_days_without_the_payees_word(
    desk: Desk, work: Work, after: timedelta, may: bool
) -> None:
    work.verified()
    desk.propose(desk.compute())
    desk.publish(desk.statement())

    if may:
        assert desk.approve(desk.statement(), now=_NOW + after).status is StatementStatus.APPROVED
    else:
        with pytest.raises(closing.TooEarly):
            desk.approve(desk.statement(), now=_NOW + after)


def test_an_appeal_holds_up_the_approval_until_somebody_else_has_answered_it(desk: Desk, work: Work) -> None:
    work.verified()
    (line,) = desk.compute()
    desk.decide(line, Verdict.REFUSE, Reason.EVIDENCE_CONTRADICTS)
    statement = desk.statement()
    desk.publish(statement)
    appeal = closing.appeal(
        work.session, statement_id=statement.id, line_id=line.id, text="I was there", by=SYSTEM, now=_NOW
    )
    late = _NOW + timedelta(days=6)
    answer = {"appeal_id": appeal.id, "accepted": False, "answer": "nobody saw you", "now": late}

    with pytest.raises(closing.AppealsOpen):
        desk.approve(statement, now=late)
    with pytest.raises(closing.OwnDecision):
        closing.answer_appeal(work.session, by=desk.auditor, **answer)  # type: ignore[arg-type]
    closing.answer_appeal(work.session, by=desk.supervisor, **answer)  # type: ignore[arg-type]
    with pytest.raises(closing.AppealAnswered):
        closing.answer_appeal(work.session, by=desk.supervisor, **answer)  # type: ignore[arg-type]

    assert desk.approve(statement, now=late).status is StatementStatus.APPROVED


def test_auditor_approver_and_payer_are_three_people(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())
    statement = desk.statement()
    desk.publish(statement)
    closing.agree(work.session, statement_id=statement.id, by=SYSTEM, now=_NOW)

    with pytest.raises(closing.SamePerson):
        desk.approve(statement, by=desk.auditor)
    desk.approve(statement)
    for somebody in (desk.auditor, desk.approver):
        with pytest.raises(closing.SamePerson):
            desk.pay(statement, by=somebody)


def test_who_only_decided_a_line_or_waived_a_deduction_approves_nothing(desk: Desk, work: Work) -> None:
    work.false_report(work.verified(), by=desk.supervisor)
    (line,) = desk.compute()
    (row,) = work.session.scalars(select(Deduction))
    waive(work.session, deduction_id=row.id, reason="known to us", by=desk.supervisor, now=_NOW)
    audit.decide(work.session, line_id=line.id, verdict=Verdict.PAY, by=desk.approver, now=_NOW)
    statement = desk.statement()
    desk.publish(statement)
    closing.agree(work.session, statement_id=statement.id, by=SYSTEM, now=_NOW)

    for somebody in (desk.approver, desk.supervisor):
        with pytest.raises(closing.SamePerson):
            desk.approve(statement, by=somebody)


@pytest.mark.parametrize(
    "change",
    [
        "update statement set approved_by = audited_by",
        "update statement set paid_by = approved_by, status = 'paid'",
        "update statement set paid_by = audited_by, status = 'paid'",
        "update statement set audited_by = null",
        "update statement set approved_hash = null",
        "update statement set status = 'draft'",
    ],
)
def test_the_database_keeps_the_duties_apart_and_the_approval_bound(desk: Desk, work: Work, change: str) -> None:
    work.verified()
    desk.propose(desk.compute())
    desk.publish(desk.statement())
    closing.agree(work.session, statement_id=desk.statement().id, by=SYSTEM, now=_NOW)
    desk.approve(desk.statement())

    with pytest.raises(IntegrityError):
        work.session.execute(text(change))


def test_a_line_changed_since_it_was_looked_at_is_not_approved(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())
    statement = desk.statement()
    desk.publish(statement)
    closing.agree(work.session, statement_id=statement.id, by=SYSTEM, now=_NOW)
    seen = statement_sheet(work.session, statement_id=statement.id, scope=EVERYTHING).digest
    work.session.execute(text("update statement_line set net_amount = net_amount - 1"))

    with pytest.raises(closing.Changed):
        closing.approve(work.session, statement_id=statement.id, lines_hash=seen, by=desk.approver, now=_NOW)


@pytest.mark.parametrize(
    "tampering",
    [
        "update statement_line set net_amount = net_amount - 1",
        "update statement_line set verdict = 'refuse', net_amount = 0, reasons = '{card_missing}'",
        "update deduction set amount_amount = 1",
        "delete from deduction",
    ],
)
def test_a_line_changed_after_its_approval_is_not_paid(desk: Desk, work: Work, tampering: str) -> None:
    work.false_report(work.verified(), by=desk.supervisor)
    desk.propose(desk.compute())
    statement = desk.statement()
    desk.publish(statement)
    closing.agree(work.session, statement_id=statement.id, by=SYSTEM, now=_NOW)
    desk.approve(statement)
    work.session.execute(text(tampering))

    with pytest.raises(closing.Changed):
        desk.pay(statement)


def test_the_same_order_again_is_the_same_payment_and_another_is_refused(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())
    payment = desk.close(desk.statement())

    assert desk.pay(desk.statement()) is payment
    with pytest.raises(closing.PaidBefore):
        desk.pay(desk.statement(), reference="B-2")
    assert work.session.scalar(select(func.count()).select_from(Payment)) == 1


def test_a_payment_is_never_changed_or_deleted(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())
    desk.close(desk.statement())

    for change in ("update payment set sum_amount = 1", "delete from payment"):
        with pytest.raises(ProgrammingError), work.session.begin_nested():
            work.session.execute(text(change))


def test_what_was_not_approved_is_not_paid(desk: Desk, work: Work) -> None:
    work.verified()
    desk.compute()

    with pytest.raises(IllegalTransition):
        desk.pay(desk.statement())


def test_a_waived_deduction_opens_its_line_again(desk: Desk, work: Work) -> None:
    work.false_report(work.verified(), by=desk.supervisor)
    desk.propose(desk.compute())
    (line,), (row,) = work.session.scalars(select(StatementLine)).all(), work.session.scalars(select(Deduction)).all()

    waive(work.session, deduction_id=row.id, reason="the customer withdrew it", by=desk.supervisor, now=_NOW)

    assert (line.verdict, line.proposed, line.reasons, line.net) == (Verdict.OPEN, Verdict.PAY, [], yuan(0))
    desk.decide(line, Verdict.PAY)
    assert line.net == yuan(80)
    with pytest.raises(Waived):
        waive(work.session, deduction_id=row.id, reason="again", by=desk.supervisor, now=_NOW)


def test_a_late_card_is_waived_only_on_an_excuse_in_time_or_on_appeal(desk: Desk, work: Work) -> None:
    visit = work.visit(work.ticket(), finished_at=local(9, 9))
    work.card(visit, due_at=local(10, 9), received_at=local(10, 16))
    work.callback(visit)
    desk.propose(desk.compute())
    statement = desk.statement()
    (row,) = work.session.scalars(select(Deduction))

    with pytest.raises(MayNotWaive):
        waive(work.session, deduction_id=row.id, reason="snow", by=desk.supervisor, now=_NOW)
    desk.publish(statement)
    audit.reopen(work.session, statement_id=statement.id, reason="appeal", by=desk.auditor, now=_NOW)
    waive(work.session, deduction_id=row.id, reason="snow", by=desk.supervisor, now=_NOW)

    assert row.waived_by == desk.supervisor.id


def test_another_regions_statement_does_not_exist(desk: Desk, work: Work) -> None:
    work.verified()
    (line,) = desk.compute()
    elsewhere = Scope(region_id=work.region.id + 1)

    steps = [
        lambda: desk.decide(line, Verdict.PAY, scope=elsewhere),
        lambda: statement_sheet(work.session, statement_id=line.statement_id, scope=elsewhere),
        lambda: statement_csv(work.session, statement_id=line.statement_id, scope=elsewhere),
    ]
    for step in steps:
        with pytest.raises(Refusal) as refusal:
            step()
        assert refusal.value.status == 404
    assert statements(work.session, scope=elsewhere).items == ()


def test_a_payee_sees_his_statement_once_it_is_published(desk: Desk, work: Work) -> None:
    work.verified()
    desk.propose(desk.compute())
    station = Scope(station_id=work.station.id)
    assert statements(work.session, scope=station).items == ()

    desk.publish(desk.statement())

    (entry,) = statements(work.session, scope=station).items
    assert (entry.payee, entry.sum, entry.lines, entry.undecided) == (work.station.name, yuan(80), 1, 0)


def test_the_auditor_sees_a_line_with_all_its_evidence(desk: Desk, work: Work) -> None:
    visit = work.verified()
    hindrance = work.false_report(visit, by=desk.supervisor)
    desk.compute()

    (line,) = statement_sheet(work.session, statement_id=desk.statement().id, scope=EVERYTHING).lines

    assert line.visit is visit
    assert line.card is not None
    assert line.callback is not None
    assert (line.hindrances, line.technician) == ((hindrance,), work.technician)
    assert [row.evidence_id for row in line.deductions] == [hindrance.id]
    assert "no_check_in" in {suspicion.code for suspicion in line.suspicions}


def test_the_statement_as_a_table_runs_nothing(desk: Desk, work: Work) -> None:
    work.technician.name = "=HYPERLINK(1)"
    work.false_report(work.verified(), by=desk.supervisor)
    (line,) = desk.compute()
    desk.decide(line, Verdict.REDUCED, remark="@SUM(A1)")

    rows = list(csv.DictReader(io.StringIO(statement_csv(work.session, statement_id=desk.statement().id))))

    assert (rows[0]["technician"], rows[0]["remark"]) == ("'=HYPERLINK(1)", "'@SUM(A1)")
    assert (rows[0]["price"], rows[0]["deductions"], rows[0]["net"]) == ("8000", "5000", "3000")
    assert (rows[-1]["kind"], rows[-1]["net"]) == ("sum", "3000")


def test_statements_are_listed_in_pages_without_loss(desk: Desk, work: Work) -> None:
    for month in (3, 4, 5):
        work.verified(finished_at=local(10, 9, month=month))
        desk.compute(month=date(2026, month, 1), now=local(1, 9, month=6))

    first = statements(work.session, scope=EVERYTHING, limit=2)
    second = statements(work.session, scope=EVERYTHING, limit=2, after=first.next)

    months = [entry.statement.month.month for entry in (*first.items, *second.items)]
    assert (months, second.next) == ([5, 4, 3], None)


def test_sixteen_who_pay_at_once_pay_once(committing_database: MadeDatabase) -> None:
    engine = create_engine(committing_database.url, pool_size=16)
    with Session(engine, expire_on_commit=False) as session:
        work = Work(session)
        work.price()
        desk = Desk(work)
        work.verified()
        desk.propose(desk.compute())
        statement = desk.statement()
        desk.publish(statement)
        closing.agree(session, statement_id=statement.id, by=SYSTEM, now=_NOW)
        desk.approve(statement)
        session.commit()
    start = Barrier(16)

    def pay(number: int) -> str:
        with Session(engine) as session:
            start.wait()
            try:
                closing.pay(session, statement_id=statement.id, reference=f"B-{number}", by=desk.payer, now=_NOW)
                session.commit()
            except closing.PaidBefore:
                return "refused"
            return "paid"

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(pay, range(16)))
    with Session(engine) as session:
        paid = session.scalars(select(Payment)).all()
    engine.dispose()

    assert (outcomes.count("paid"), outcomes.count("refused"), len(paid)) == (1, 15, 1)
