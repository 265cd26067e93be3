"""A statement as CSV, for the payee's and finance's own tables."""

import csv
import io
from dataclasses import astuple, dataclass, fields

from sqlalchemy.orm import Session

from server.organisation.access import EVERYTHING, Scope
from server.settlement.queries import statement_sheet
from server.settlement.sheets import LineSheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(cell: str) -> str:
    """Return text as a cell that no spreadsheet takes for a formula: what could begin one gets an apostrophe."""
    begins = cell.lstrip(" ")[:1]
    return f"'{cell}" if begins in _FORMULA and begins else cell


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file; the fields are its columns. Amounts are whole minor units, which is their only form."""

    line: int
    kind: str
    ticket: str
    visit_finished_at: str
    technician: str
    result: str
    price: int
    deductions: int
    net: int
    currency: str
    verdict: str
    reasons: str
    remark: str


def statement_csv(session: Session, *, statement_id: int, scope: Scope = EVERYTHING) -> str:
    """Return a statement's lines as CSV (UTF-8 text, CRLF, a header, a last row with the sum).

    Amounts are in minor units; everything that people wrote is safe to open in a spreadsheet.

    :raises UnknownStatement: if it does not exist for this scope.
    """
    sheet = statement_sheet(session, statement_id=statement_id, scope=scope)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([field.name for field in fields(_Row)])
    for line in sheet.lines:
        writer.writerow(_cells(_row(line)))
    total = _Row(0, "sum", "", "", sheet.payee, "", 0, 0, sheet.sum.amount, sheet.sum.currency, "", "", "")
    writer.writerow(_cells(total))
    return out.getvalue()


def _cells(row: _Row) -> list[str | int]:
    return [safe(cell) if isinstance(cell, str) else cell for cell in astuple(row)]


def _row(sheet: LineSheet) -> _Row:
    line, visit = sheet.line, sheet.visit
    return _Row(
        line=line.id,
        kind=str(line.kind),
        ticket=sheet.ticket.number if sheet.ticket else "",
        visit_finished_at=visit.finished_at.isoformat() if visit and visit.finished_at else "",
        technician=sheet.technician.name if sheet.technician else "",
        result=str(visit.result) if visit and visit.result else "",
        price=line.price.amount,
        deductions=sum(row.amount.amount for row in sheet.deductions if row.waived_at is None),
        net=line.net.amount,
        currency=line.net.currency,
        verdict=str(line.verdict),
        reasons=" ".join(line.reasons),
        remark=line.remark or "",
    )
