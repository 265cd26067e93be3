"""The audit of a month, line by line: pay, pay reduced, hold, refuse - with reasons (R38)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.callbacks.status import CallbackStatus
from server.core.db import violated
from server.core.errors import Conflict, Forbidden, Invalid, NotFound
from server.core.events import Actor, ActorKind, note, record
from server.organisation.access import EVERYTHING, Scope
from server.settlement import deductions, rules
from server.settlement.content import lines_of
from server.settlement.facts import gather
from server.settlement.models import Deduction, LabourPrice, Statement, StatementLine
from server.settlement.scope import visible
from server.settlement.status import (
    AUDITED_LINES,
    PAID_VERDICTS,
    VISIT_LINES,
    LineKind,
    Reason,
    StatementEvent,
    StatementStatus,
    Verdict,
)


class UnknownStatement(NotFound):
    """There is no such statement in the caller's part of the company."""

    code = "statement.unknown"


class UnknownLine(NotFound):
    """There is no such line in the caller's part of the company."""

    code = "statement.unknown_line"


class NotADraft(Conflict):
    """Lines are decided while the statement is a draft; afterwards it must be reopened first."""

    code = "statement.not_a_draft"


class NotAudited(Conflict):
    """This line follows from others; nobody decides on it."""

    code = "statement.line_follows"


class ReasonsMissing(Invalid):
    """A line that is not paid in full says why, in reasons of the list."""

    code = "statement.reasons_missing"


class NotPayable(Conflict):
    """What the record says forbids to pay this line, whoever decides (R39)."""

    code = "statement.not_payable"


class RemarkMissing(Invalid):
    """An auditor who decides otherwise than proposed says why in a remark."""

    code = "statement.remark_missing"


class DeductionsStand(Conflict):
    """A line with deductions is paid reduced, or its deductions are waived first."""

    code = "statement.deductions_stand"


class NothingToReduce(Conflict):
    """A line is reduced by deductions, and this one has none."""

    code = "statement.nothing_to_reduce"


class NotStaff(Forbidden):
    """Statements are audited, approved and paid by members of staff, under their own names."""

    code = "statement.not_staff"


def person(by: Actor) -> int:
    """Return the id of the member of staff who acts.

    :raises NotStaff: if it is anybody else.
    """
    if by.kind is not ActorKind.STAFF or by.id is None:
        raise NotStaff
    return by.id


def lock(session: Session, *, statement_id: int, scope: Scope = EVERYTHING) -> Statement:
    """Return a statement, locked: of two who act on it at once, the second sees what the first has done.

    :raises UnknownStatement: if it does not exist for this scope.
    """
    statement = session.scalar(
        select(Statement)
        .where(Statement.id == statement_id, visible(scope))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if statement is None:
        raise UnknownStatement(statement_id=statement_id)
    return statement


def allow(statement: Statement, event: StatementEvent) -> None:
    """Look whether an event may happen, before anything is written.

    :raises IllegalTransition: if it may not.
    """
    Statement.machine.follows(statement.status, event)


def lock_line(session: Session, *, line_id: int, scope: Scope) -> tuple[Statement, StatementLine]:
    """Return a line of a draft with its statement, which is locked.

    :raises UnknownLine: if it does not exist for this scope.
    :raises NotADraft: if the statement has been audited.
    """
    statement_id = session.scalar(select(StatementLine.statement_id).where(StatementLine.id == line_id))
    if statement_id is None:
        raise UnknownLine(line_id=line_id)
    try:
        statement = lock(session, statement_id=statement_id, scope=scope)
    except UnknownStatement:
        raise UnknownLine(line_id=line_id) from None
    if statement.status is not StatementStatus.DRAFT:
        raise NotADraft(statement_id=statement.id, status=str(statement.status))
    return statement, session.get_one(StatementLine, line_id, populate_existing=True)


def demand_line(session: Session, *, line_id: int, statement_id: int) -> None:
    """Refuse a line that is not of this statement.

    :raises UnknownLine: then.
    """
    known = select(StatementLine.id).where(StatementLine.id == line_id, StatementLine.statement_id == statement_id)
    if session.scalar(known) is None:
        raise UnknownLine(line_id=line_id)


def decide(
    session: Session,
    *,
    line_id: int,
    verdict: Verdict,
    reasons: Sequence[Reason] = (),
    remark: str | None = None,
    by: Actor,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> StatementLine:
    """Decide a line of a draft; until the audit is finished it can be decided anew (R38).

    The record is read again: what it forbids cannot be paid, even if it changed a moment ago. Verdict *open* takes a
    decision back.

    :raises UnknownLine: if it does not exist for this scope.
    :raises NotADraft: if the statement has been audited.
    :raises NotAudited: if the line only follows from others.
    :raises ReasonsMissing: if it is held, refused or reduced without a reason.
    :raises NotPayable: if it is to be paid against the record.
    :raises RemarkMissing: if it is to be paid although the rules propose not to, without a remark.
    :raises DeductionsStand: if it is to be paid in full although it has deductions.
    :raises NothingToReduce: if it is to be reduced without deductions.
    """
    auditor = person(by)
    statement, line = lock_line(session, line_id=line_id, scope=scope)
    if line.kind not in AUDITED_LINES:
        raise NotAudited(line_id=line_id)
    rows = deductions.in_force(deductions.of_lines(session, [line])[line.id])
    ground = None
    if verdict in PAID_VERDICTS:
        ground = _ground(session, statement, line, verdict, remark=remark, rows=rows)
        reasons = [*reasons, *(Reason(str(row.kind)) for row in rows)] if rows else []
    elif verdict is not Verdict.OPEN and not reasons:
        raise ReasonsMissing(verdict=str(verdict))
    decision = _Decision(verdict, tuple(dict.fromkeys(reasons)), remark, auditor, now)
    try:
        with session.begin_nested():
            _write(line, decision, ground)
            settle_line(session, line, rows)
    except IntegrityError as error:
        # Another statement has paid the same work a moment ago: the database says so.
        if violated(error) not in _TWICE:
            raise
        raise NotPayable(line_id=line_id, reasons=[str(Reason.PAID_BEFORE)]) from error
    details = {"line_id": line.id, "verdict": str(verdict), "reasons": list(line.reasons)}
    note(session, statement, "decide", by=by, now=now, reason=remark, details=details)
    return line


_TWICE = frozenset({"uq_statement_line_paid_once", "uq_statement_line_labour_once"})


@dataclass(frozen=True, slots=True)
class _Decision:
    """What somebody decided on a line."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    remark: str | None
    auditor: int
    at: datetime


def _write(line: StatementLine, decision: _Decision, ground: "_Ground | None") -> None:
    line.callback_id, line.callback_status = (ground.callback_id, ground.callback) if ground else (None, None)
    if ground is not None and ground.price is not None:
        line.price, line.price_id = ground.price.price, ground.price.id
    line.verdict, line.reasons = decision.verdict, [str(reason) for reason in decision.reasons]
    line.remark = decision.remark
    decided = decision.verdict is not Verdict.OPEN
    line.decided_by, line.decided_at = (decision.auditor, decision.at) if decided else (None, None)
    if decision.verdict is Verdict.HOLD:
        line.held_since = line.held_since or decision.at


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a payment rests on: the price of the day and the verified callback; neither for a mere deduction."""

    price: LabourPrice | None = None
    callback_id: int | None = None
    callback: CallbackStatus | None = None


def _ground(
    session: Session,
    statement: Statement,
    line: StatementLine,
    verdict: Verdict,
    *,
    remark: str | None,
    rows: Sequence[Deduction],
) -> _Ground:
    """Return what the payment of a line rests on; refuse what the record, read again, forbids (R39)."""
    if verdict is Verdict.PAY and rows:
        raise DeductionsStand(line_id=line.id, deductions=[str(row.kind) for row in rows])
    if verdict is Verdict.REDUCED and not rows:
        raise NothingToReduce(line_id=line.id)
    if line.kind not in VISIT_LINES:
        return _Ground()
    assert line.visit_id is not None
    known = gather(session, visit_ids=[line.visit_id])
    found = known.visits[line.visit_id]
    taken = tuple(row.kind for row in rows)
    facts = known.facts(found, line_id=line.id, currency=statement.currency, hold_expired=False, taken=taken)
    forbidden = rules.forbids_payment(facts)
    if forbidden:
        raise NotPayable(line_id=line.id, reasons=[str(reason) for reason in forbidden])
    if rules.propose(facts).verdict is not verdict and not (remark or "").strip():
        raise RemarkMissing(line_id=line.id)
    assert found.callback is not None
    return _Ground(known.price(found), found.callback.id, found.callback.status)


def settle_line(session: Session, line: StatementLine, rows: Sequence[Deduction]) -> None:
    """Write what a line comes to, and the line of its rest: made, changed or removed as it needs."""
    deducted = deductions.taken(rows, currency=line.price.currency)
    settled = rules.settle(price=line.price, deducted=deducted, verdict=line.verdict)
    line.net = settled.net
    rest = session.scalar(select(StatementLine).where(StatementLine.rest_of_id == line.id))
    if not settled.rest:
        if rest is not None:
            session.delete(rest)
        session.flush()
        return
    if rest is None:
        rest = StatementLine(
            statement_id=line.statement_id,
            kind=LineKind.REST,
            rest_of_id=line.id,
            ticket_id=line.ticket_id,
            technician_id=line.technician_id,
            price=settled.rest.zero(),
            net=settled.rest.zero(),
            verdict=Verdict.PAY,
            proposed=Verdict.PAY,
            evidence={"line": line.id},
        )
        session.add(rest)
    rest.price = rest.net = -settled.rest
    session.flush()


class LinesUndecided(Conflict):
    """The audit is finished when every line that can be decided is."""

    code = "statement.lines_undecided"


def finish_audit(
    session: Session, *, statement_id: int, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Statement:
    """Finish the audit of a draft. What only waits for the customer's word stays open and is settled later (R37).

    :raises UnknownStatement: if it does not exist for this scope.
    :raises IllegalTransition: if it is not a draft.
    :raises LinesUndecided: if a line that could be decided is not.
    """
    auditor = person(by)
    statement = lock(session, statement_id=statement_id, scope=scope)
    allow(statement, StatementEvent.AUDIT)
    undecided = [
        line.id
        for line in lines_of(session, statement)
        if line.kind in AUDITED_LINES and line.verdict is Verdict.OPEN and line.proposed is not Verdict.OPEN
    ]
    if undecided:
        raise LinesUndecided(statement_id=statement_id, lines=undecided[:20], count=len(undecided))
    statement.audited_by, statement.audited_at = auditor, now
    record(session, statement, StatementEvent.AUDIT, by=by, now=now)
    return statement


def reopen(
    session: Session, *, statement_id: int, reason: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Statement:
    """Make an audited or published statement a draft again; what was decided on its lines stays until decided anew.

    :raises UnknownStatement: if it does not exist for this scope.
    :raises IllegalTransition: if it is a draft, approved or paid.
    """
    person(by)
    statement = lock(session, statement_id=statement_id, scope=scope)
    allow(statement, StatementEvent.REOPEN)
    statement.audited_by = statement.audited_at = statement.published_at = statement.agreed_at = None
    record(session, statement, StatementEvent.REOPEN, by=by, now=now, reason=reason)
    return statement
