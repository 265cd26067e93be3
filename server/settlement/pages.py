"""Pages of a statement's lines, and one line with all its evidence; within the caller's scope."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.money import Money
from server.organisation.access import Scope
from server.settlement import content, sheets
from server.settlement.audit import UnknownLine, UnknownStatement
from server.settlement.models import Appeal, LabourPrice, Payment, Statement, StatementLine
from server.settlement.queries import payee_name, shown
from server.settlement.scope import visible
from server.settlement.sheets import LineSheet


@dataclass(frozen=True, slots=True)
class Cover:
    """A statement without its lines.

    :param digest: what an approval of exactly its present lines names.
    """

    statement: Statement
    payee: str
    sum: Money
    digest: bytes
    appeals: tuple[Appeal, ...]
    payment: Payment | None


def statement_of(session: Session, statement_id: int, *, scope: Scope) -> Statement:
    """Return a statement that is shown to the caller.

    :raises UnknownStatement: if there is none for him, or it is not yet published to him.
    """
    found = session.scalar(select(Statement).where(Statement.id == statement_id, visible(scope), shown(scope)))
    if found is None:
        raise UnknownStatement(statement_id=statement_id)
    return found


def cover(session: Session, statement_id: int, *, scope: Scope) -> Cover:
    """Return a statement with its sum, the digest of its lines, its appeals and its payment.

    :raises UnknownStatement: if there is none for the caller.
    """
    statement = statement_of(session, statement_id, scope=scope)
    appeals = select(Appeal).where(Appeal.statement_id == statement_id).order_by(Appeal.id)
    return Cover(
        statement=statement,
        payee=payee_name(session, statement),
        sum=content.sum_of(session, statement),
        digest=content.digest_of(session, statement),
        appeals=tuple(session.scalars(appeals)),
        payment=session.scalar(select(Payment).where(Payment.statement_id == statement_id)),
    )


def lines(
    session: Session, statement_id: int, *, scope: Scope, after: int | None = None, limit: int = 50
) -> Sequence[LineSheet]:
    """Return lines with their evidence in the order they were added, and one more than the limit if there are more.

    :param after: id of the last one of the page before.
    :raises UnknownStatement: if there is no such statement for the caller.
    """
    statement_of(session, statement_id, scope=scope)
    found = select(StatementLine).where(StatementLine.statement_id == statement_id)
    found = found.where(StatementLine.id > (after or 0)).order_by(StatementLine.id).limit(limit + 1)
    return sheets.line_sheets(session, session.scalars(found).all())


def line(session: Session, line_id: int, *, statement_id: int, scope: Scope) -> LineSheet:
    """Return one line of a statement with all its evidence.

    :raises UnknownStatement: if there is no such statement for the caller.
    :raises UnknownLine: if the line is not on it.
    """
    statement_of(session, statement_id, scope=scope)
    found = session.get(StatementLine, line_id)
    if found is None or found.statement_id != statement_id:
        raise UnknownLine(line_id=line_id)
    return sheets.line_sheets(session, [found])[0]


def labour_prices(
    session: Session, *, category: str | None = None, after: int | None = None, limit: int = 50
) -> Sequence[LabourPrice]:
    """Return labour prices of all days by id, and one more than the limit if there are more."""
    found = select(LabourPrice).where(LabourPrice.id > (after or 0)).order_by(LabourPrice.id).limit(limit + 1)
    if category is not None:
        found = found.where(LabourPrice.product_category == category)
    return session.scalars(found).all()
