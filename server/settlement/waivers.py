"""Waivers of deductions, with a reason and where the rule allows it (R19, R40)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import Actor, note
from server.orders.models import Hindrance
from server.orders.visit_models import CompletionCard
from server.organisation.access import EVERYTHING, Scope
from server.settlement import deductions, rules
from server.settlement.audit import UnknownLine, lock_line, person, settle_line
from server.settlement.models import Deduction, Statement, StatementLine
from server.settlement.status import DeductionKind, LineKind, Verdict


class MayNotWaive(Conflict):
    """The rule allows no waiver here: no excuse was recorded before the card was due (R19)."""

    code = "deduction.may_not_waive"


class UnknownDeduction(NotFound):
    """There is no such deduction in the caller's part of the company."""

    code = "deduction.unknown"


class Waived(Conflict):
    """This deduction has been waived."""

    code = "deduction.waived"


class WaiverReasonMissing(Invalid):
    """A waiver says why."""

    code = "deduction.reason_missing"


def waive(
    session: Session, *, deduction_id: int, reason: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Deduction:
    """Waive a deduction with a reason, where its rule allows; its line is to be decided anew (R19, R40).

    :raises UnknownDeduction: if it does not exist for this scope.
    :raises WaiverReasonMissing: if no reason is given.
    :raises NotADraft: if the statement has been audited: it must be reopened first.
    :raises Waived: if it was waived before.
    :raises MayNotWaive: if the rule does not allow it.
    """
    supervisor = person(by)
    if not reason.strip():
        raise WaiverReasonMissing
    row = session.get(Deduction, deduction_id)
    if row is None:
        raise UnknownDeduction(deduction_id=deduction_id)
    try:
        statement, line = lock_line(session, line_id=row.line_id, scope=scope)
    except UnknownLine:
        raise UnknownDeduction(deduction_id=deduction_id) from None
    session.refresh(row)
    if row.waived_at is not None:
        raise Waived(deduction_id=deduction_id)
    if not _may_waive(session, statement, row):
        raise MayNotWaive(deduction_id=deduction_id)
    row.waived_at, row.waived_by, row.waived_reason = now, supervisor, reason
    note(session, statement, "waive", by=by, now=now, reason=reason, details={"deduction_id": row.id})
    _take_back(session, line, proposed_without=row.kind)
    return row


def _may_waive(session: Session, statement: Statement, row: Deduction) -> bool:
    excused = session.scalar(
        select(Hindrance.reported_at)
        .where(Hindrance.ticket_id == row.ticket_id, Hindrance.false_at.is_(None))
        .order_by(Hindrance.reported_at)
        .limit(1)
    )
    due = session.get_one(CompletionCard, row.evidence_id).card_due_at if row.kind is DeductionKind.LATE_CARD else None
    return rules.may_waive(row.kind, excused_at=excused, due_at=due, published=statement.first_published_at is not None)


def _take_back(session: Session, line: StatementLine, *, proposed_without: DeductionKind) -> None:
    """Open a line whose deductions have changed, with a proposal that no longer counts what was waived."""
    left = deductions.in_force(deductions.of_lines(session, [line])[line.id])
    line.verdict, line.decided_by, line.decided_at = Verdict.OPEN, None, None
    line.callback_id, line.callback_status = None, None
    if not left and line.proposed is Verdict.REDUCED and line.kind is not LineKind.LATER:
        line.proposed = Verdict.PAY
    if all(row.kind is not proposed_without for row in left):
        line.reasons = [reason for reason in line.reasons if reason != str(proposed_without)]
    settle_line(session, line, left)
