"""The way of an audited statement to its payee: published, appealed, agreed, approved, paid (R40, R41)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.errors import Conflict, Forbidden, Invalid, NotFound
from server.core.events import Actor, note, record
from server.organisation.access import EVERYTHING, Scope
from server.settlement.audit import UnknownLine, allow, lock, person
from server.settlement.content import digest_of, lines_of, sum_of
from server.settlement.models import Appeal, Deduction, Payment, Statement, StatementLine
from server.settlement.scope import answers_for
from server.settlement.status import StatementEvent, StatementStatus, Verdict
from server.settlement.terms import SettlementTerms


def publish(session: Session, *, statement_id: int, by: Actor, now: datetime, scope: Scope = EVERYTHING) -> Statement:
    """Show an audited statement to its payee as a draft, and tell him the sum (R40).

    The event `statement.publish` says what the payee's text message needs: who he is by id, the month, the
    sum, how many lines are refused, until when he may appeal.

    :raises UnknownStatement: if it does not exist for this scope.
    :raises IllegalTransition: if it has not been audited, or was published before.
    """
    person(by)
    statement = lock(session, statement_id=statement_id, scope=scope)
    allow(statement, StatementEvent.PUBLISH)
    amount = sum_of(session, statement)
    terms = policies.version(session, SettlementTerms, policy_id=statement.policy_id)
    details = {
        "amount": amount.amount,
        "currency": amount.currency,
        "station_id": statement.station_id,
        "technician_id": statement.technician_id,
        "month": statement.month.isoformat(),
        "refused": sum(line.verdict is Verdict.REFUSE for line in lines_of(session, statement)),
        "appeals_until": (now + terms.objection).isoformat(),
    }
    statement.published_at, statement.first_published_at = now, statement.first_published_at or now
    record(session, statement, StatementEvent.PUBLISH, by=by, now=now, details=details)
    return statement


class NotThePayee(Forbidden):
    """A station sees what its technicians are paid themselves, and does not answer for them."""

    code = "statement.not_the_payee"


class NotPublished(Conflict):
    """A payee answers to a statement while it is published to him."""

    code = "statement.not_published"


def agree(session: Session, *, statement_id: int, by: Actor, now: datetime, scope: Scope = EVERYTHING) -> Statement:
    """Keep that the payee agrees: it can be approved before the five days are over (R40).

    :raises UnknownStatement: if it does not exist for this scope.
    :raises NotThePayee: if a station would answer for a technician.
    :raises NotPublished: if it is not published.
    """
    statement = _published(session, statement_id=statement_id, scope=scope)
    if statement.agreed_at is None:
        statement.agreed_at = now
        note(session, statement, "agree", by=by, now=now)
    return statement


class AppealTextMissing(Invalid):
    """An appeal, and the answer to it, say something."""

    code = "appeal.text_missing"


def appeal(
    session: Session,
    *,
    statement_id: int,
    line_id: int | None,
    text: str,
    by: Actor,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> Appeal:
    """Keep the payee's objection to a line, or to the whole; until it is answered nothing is approved (R40).

    :raises UnknownStatement: if it does not exist for this scope.
    :raises NotThePayee: if a station would answer for a technician.
    :raises NotPublished: if it is not published.
    :raises UnknownLine: if the line is not one of it.
    :raises AppealTextMissing: if nothing is said.
    """
    if not text.strip():
        raise AppealTextMissing
    statement = _published(session, statement_id=statement_id, scope=scope)
    if line_id is not None:
        line = session.get(StatementLine, line_id)
        if line is None or line.statement_id != statement.id:
            raise UnknownLine(line_id=line_id)
    row = Appeal(
        statement_id=statement.id,
        line_id=line_id,
        text=text,
        raised_at=now,
        raised_by_kind=by.kind,
        raised_by=by.id,
    )
    session.add(row)
    # Whoever objects does not agree any more.
    statement.agreed_at = None
    session.flush()
    note(session, statement, "appeal", by=by, now=now, details={"appeal_id": row.id, "line_id": line_id})
    return row


def _published(session: Session, *, statement_id: int, scope: Scope) -> Statement:
    statement = lock(session, statement_id=statement_id, scope=scope)
    if not answers_for(scope, statement):
        raise NotThePayee(statement_id=statement_id)
    if statement.status is not StatementStatus.PUBLISHED:
        raise NotPublished(statement_id=statement_id, status=str(statement.status))
    return statement


class UnknownAppeal(NotFound):
    """There is no such appeal in the caller's part of the company."""

    code = "appeal.unknown"


class AppealAnswered(Conflict):
    """This appeal has its answer."""

    code = "appeal.answered"


class OwnDecision(Forbidden):
    """Nobody judges an appeal against what he decided himself."""

    code = "appeal.own_decision"


def answer_appeal(
    session: Session,
    *,
    appeal_id: int,
    accepted: bool,
    answer: str,
    by: Actor,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> Appeal:
    """Answer an appeal. An accepted one changes no line by itself: the statement is reopened and decided anew.

    :raises UnknownAppeal: if it does not exist for this scope.
    :raises AppealAnswered: if it was answered before.
    :raises OwnDecision: if he audited the statement, or decided the line, that it is about.
    :raises AppealTextMissing: if nothing is said.
    """
    judge = person(by)
    if not answer.strip():
        raise AppealTextMissing
    row = session.get(Appeal, appeal_id)
    if row is None:
        raise UnknownAppeal(appeal_id=appeal_id)
    statement = lock(session, statement_id=row.statement_id, scope=scope)
    session.refresh(row)
    if row.answered_at is not None:
        raise AppealAnswered(appeal_id=appeal_id)
    if judge in auditors(session, statement):
        raise OwnDecision
    row.answered_at, row.answered_by, row.accepted, row.answer = now, judge, accepted, answer
    note(session, statement, "answer_appeal", by=by, now=now, details={"appeal_id": row.id, "accepted": accepted})
    return row


def auditors(session: Session, statement: Statement) -> frozenset[int]:
    """Return everybody who had a hand in the audit of a statement: who finished it, decided lines, waived."""
    of_it = StatementLine.statement_id == statement.id
    decided = session.scalars(select(StatementLine.decided_by).where(of_it, StatementLine.decided_by.is_not(None)))
    waived = session.scalars(
        select(Deduction.waived_by)
        .join(StatementLine, StatementLine.id == Deduction.line_id)
        .where(of_it, Deduction.waived_by.is_not(None))
    )
    return frozenset(who for who in (statement.audited_by, *decided, *waived) if who is not None)


class SamePerson(Forbidden):
    """Auditor, approver and payer are different people (R41)."""

    code = "statement.same_person"


class TooEarly(Conflict):
    """The payee has not agreed, and his five days are not over."""

    code = "statement.too_early"


class AppealsOpen(Conflict):
    """An appeal waits for its answer."""

    code = "statement.appeals_open"


class Changed(Conflict):
    """The lines are not those that were looked at."""

    code = "statement.changed"


def approve(
    session: Session,
    *,
    statement_id: int,
    lines_hash: bytes,
    by: Actor,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> Statement:
    """Approve a published statement as it was looked at, and bind its content to that (R40, R41).

    :param lines_hash: the digest shown with the lines (`content.digest_of`).
    :raises UnknownStatement: if it does not exist for this scope.
    :raises IllegalTransition: if it is not published.
    :raises SamePerson: if he had a hand in its audit.
    :raises TooEarly: if the payee has not agreed and still may object.
    :raises AppealsOpen: if an appeal is not answered.
    :raises Changed: if a line is not what he saw.
    """
    approver = person(by)
    statement = lock(session, statement_id=statement_id, scope=scope)
    allow(statement, StatementEvent.APPROVE)
    if approver in auditors(session, statement):
        raise SamePerson
    assert statement.published_at is not None
    terms = policies.version(session, SettlementTerms, policy_id=statement.policy_id)
    until = statement.published_at + terms.objection
    if statement.agreed_at is None and now < until:
        raise TooEarly(statement_id=statement_id, until=until.isoformat())
    waiting = session.scalar(
        select(func.count()).where(Appeal.statement_id == statement.id, Appeal.answered_at.is_(None))
    )
    if waiting:
        raise AppealsOpen(statement_id=statement_id, count=waiting)
    digest = digest_of(session, statement)
    if digest != lines_hash:
        raise Changed(statement_id=statement_id)
    statement.approved_by, statement.approved_at, statement.approved_hash = approver, now, digest
    record(session, statement, StatementEvent.APPROVE, by=by, now=now, details={"digest": digest.hex()})
    return statement


class ReferenceMissing(Invalid):
    """A payment carries the reference that the bank statement will show."""

    code = "payment.reference_missing"


class PaidBefore(Conflict):
    """This statement is paid; nothing is paid twice."""

    code = "payment.paid_before"


def pay(
    session: Session, *, statement_id: int, reference: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Payment:
    """Pay an approved statement, once for ever (R41). The same order given again returns the payment that was made.

    A negative sum pays nothing and is carried forward when a later month is computed.

    :raises UnknownStatement: if it does not exist for this scope.
    :raises ReferenceMissing: if there is no reference.
    :raises PaidBefore: if it was paid by another order.
    :raises IllegalTransition: if it is not approved.
    :raises SamePerson: if he audited or approved it.
    :raises Changed: if a line is not what was approved.
    """
    payer = person(by)
    if not reference.strip():
        raise ReferenceMissing
    statement = lock(session, statement_id=statement_id, scope=scope)
    made = session.scalar(select(Payment).where(Payment.statement_id == statement.id))
    if made is not None:
        if (made.reference, made.paid_by) == (reference, payer):
            return made
        raise PaidBefore(statement_id=statement_id)
    allow(statement, StatementEvent.PAY)
    if payer in auditors(session, statement) | {statement.approved_by}:
        raise SamePerson
    if digest_of(session, statement) != statement.approved_hash:
        raise Changed(statement_id=statement_id)
    amount = sum_of(session, statement)
    payment = Payment(
        statement_id=statement.id,
        sum=max(amount.zero(), amount),
        paid_at=now,
        paid_by=payer,
        reference=reference,
    )
    session.add(payment)
    statement.paid_by, statement.paid_at = payer, now
    details = {"amount": payment.sum.amount, "currency": payment.sum.currency}
    record(session, statement, StatementEvent.PAY, by=by, now=now, reason=reference, details=details)
    return payment
