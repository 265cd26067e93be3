"""What the pages of auditor, finance and payee show: statements, and one statement with all its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from server.core.money import Money
from server.organisation.access import Scope
from server.organisation.models import Station
from server.settlement import content
from server.settlement.audit import UnknownStatement
from server.settlement.models import Appeal, Payment, Statement, StatementLine
from server.settlement.scope import visible
from server.settlement.sheets import LineSheet, line_sheets
from server.settlement.status import PAID_VERDICTS, StatementStatus, Verdict
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the list of statements."""

    statement: Statement
    payee: str
    sum: Money
    lines: int
    undecided: int


@dataclass(frozen=True, slots=True)
class After:
    """Where the page before ended."""

    month: date
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of statements, and where the next one begins; None at the end."""

    items: tuple[Entry, ...]
    next: After | None


def statements(
    session: Session,
    *,
    scope: Scope,
    month: date | None = None,
    status: StatementStatus | None = None,
    limit: int = 50,
    after: After | None = None,
) -> Page:
    """Return statements, latest month first. A payee sees his from publication on; drafts are the auditor's."""
    query = (
        select(Statement, func.coalesce(Station.name, Technician.name))
        .outerjoin(Station, Station.id == Statement.station_id)
        .outerjoin(Technician, Technician.id == Statement.technician_id)
        .where(visible(scope), shown(scope))
        .order_by(Statement.month.desc(), Statement.id.desc())
        .limit(limit + 1)
    )
    if month is not None:
        query = query.where(Statement.month == month)
    if status is not None:
        query = query.where(Statement.status == status)
    if after is not None:
        query = query.where(tuple_(Statement.month, Statement.id) < (after.month, after.id))
    rows = session.execute(query).all()
    sums = _sums(session, [statement for statement, _ in rows[:limit]])
    items = tuple(Entry(statement, payee, *sums[statement.id]) for statement, payee in rows[:limit])
    more = len(rows) > limit and items
    return Page(items, After(items[-1].statement.month, items[-1].statement.id) if more else None)


def shown(scope: Scope) -> ColumnElement[bool]:
    """Return the condition for a statement to be shown: to a payee it is once it is published to him (R40)."""
    if scope.station_id is None and scope.technician_id is None:
        return Statement.id.is_not(None)
    return Statement.status.in_((StatementStatus.PUBLISHED, StatementStatus.APPROVED, StatementStatus.PAID))


def _sums(session: Session, rows: Sequence[Statement]) -> dict[int, tuple[Money, int, int]]:
    paid = StatementLine.verdict.in_(PAID_VERDICTS)
    # The columns of a composite are known to the table by their names.
    net = StatementLine.__table__.c.net_amount
    counted = session.execute(
        select(
            StatementLine.statement_id,
            func.coalesce(func.sum(net).filter(paid), 0),
            func.count(),
            func.count().filter(StatementLine.verdict == Verdict.OPEN),
        )
        .where(StatementLine.statement_id.in_([row.id for row in rows]))
        .group_by(StatementLine.statement_id)
    )
    by_id = {row[0]: row for row in counted}
    result = {}
    for row in rows:
        _, amount, lines, undecided = by_id.get(row.id, (row.id, 0, 0, 0))
        result[row.id] = (Money(int(amount), row.currency), lines, undecided)
    return result


@dataclass(frozen=True, slots=True)
class StatementSheet:
    """A statement with its lines.

    :param sum: of the decided lines, as it would be paid.
    :param digest: what an approval of exactly these lines names.
    """

    statement: Statement
    payee: str
    lines: tuple[LineSheet, ...]
    appeals: tuple[Appeal, ...]
    payment: Payment | None
    sum: Money
    digest: bytes


def statement_sheet(session: Session, *, statement_id: int, scope: Scope) -> StatementSheet:
    """Return a statement with its lines and everything an auditor must see to decide them, in few queries.

    :raises UnknownStatement: if it does not exist for this scope, or is not yet published to this payee.
    """
    statement = session.scalar(select(Statement).where(Statement.id == statement_id, visible(scope), shown(scope)))
    if statement is None:
        raise UnknownStatement(statement_id=statement_id)
    lines = content.lines_of(session, statement)
    appeals = session.scalars(select(Appeal).where(Appeal.statement_id == statement.id).order_by(Appeal.id))
    return StatementSheet(
        statement=statement,
        payee=payee_name(session, statement),
        lines=line_sheets(session, lines),
        appeals=tuple(appeals),
        payment=session.scalar(select(Payment).where(Payment.statement_id == statement.id)),
        sum=content.sum_of(session, statement),
        digest=content.digest_of(session, statement),
    )


def payee_name(session: Session, statement: Statement) -> str:
    """Return the name of who is paid."""
    if statement.station_id is not None:
        return session.get_one(Station, statement.station_id).name
    assert statement.technician_id is not None
    return session.get_one(Technician, statement.technician_id).name
