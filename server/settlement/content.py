"""What a statement says, as one digest and one sum: approval binds the digest, payment the sum (fault 64)."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.db import Json
from server.core.money import Money, total
from server.settlement import deductions
from server.settlement.models import Deduction, Statement, StatementLine
from server.settlement.status import PAID_VERDICTS, UNDECIDED


def lines_of(session: Session, statement: Statement) -> list[StatementLine]:
    """Return a statement's lines as they stand in the database, in the order in which they were added."""
    session.flush()
    query = select(StatementLine).where(StatementLine.statement_id == statement.id).order_by(StatementLine.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def sum_of(session: Session, statement: Statement) -> Money:
    """Return what a statement comes to: its paid lines, less the rest of deductions and what is carried forward."""
    return _sum(lines_of(session, statement), currency=statement.currency)


def _sum(lines: Sequence[StatementLine], *, currency: str) -> Money:
    return total([line.net for line in lines if line.verdict in PAID_VERDICTS], currency=currency)


def digest_of(session: Session, statement: Statement) -> bytes:
    """Return a digest of everything that makes the sum of a statement and of the verdicts that it gives.

    Deductions of undecided lines are left out: they go along with their line into a later month.
    """
    lines = lines_of(session, statement)
    rows = deductions.of_lines(session, lines)
    content = {
        "statement": statement.id,
        "month": statement.month.isoformat(),
        "payee": [statement.station_id, statement.technician_id],
        "currency": statement.currency,
        "sum": _sum(lines, currency=statement.currency).amount,
        "lines": [_line(line, rows[line.id]) for line in lines],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).digest()


def _line(line: StatementLine, rows: Sequence[Deduction]) -> Json:
    return {
        "id": line.id,
        "kind": str(line.kind),
        "ticket": line.ticket_id,
        "visit": line.visit_id,
        "price": line.price.amount,
        "net": line.net.amount,
        "currency": line.net.currency,
        "verdict": str(line.verdict),
        "reasons": list(line.reasons),
        "callback": [line.callback_id, str(line.callback_status)],
        "deductions": []
        if line.verdict in UNDECIDED
        else [[row.id, str(row.kind), row.amount.amount, row.waived_at is not None] for row in rows],
    }
