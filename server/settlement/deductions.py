"""Deductions: computed from the record with their evidence, kept with the numbers they were computed with (R40)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from server.core.db import Json
from server.core.money import Money, total
from server.orders.models import Hindrance
from server.orders.status import LIVE_VISIT
from server.orders.visit_models import Visit
from server.settlement import rules
from server.settlement.facts import Record, VisitRecord
from server.settlement.models import Deduction, Statement, StatementLine
from server.settlement.status import UNDECIDED, VISIT_LINES, DeductionKind, StatementStatus
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class Owed:
    """A deduction that the record calls for."""

    kind: DeductionKind
    ticket_id: int
    amount: Money
    rule: str
    evidence_id: int
    computation: Json
    policy_id: int


def late_card(record: Record, of: VisitRecord) -> Owed | None:
    """Return what a late completion card costs, or None if there is nothing to deduct (R19).

    Only a card that has arrived is late by a known time; while it is awaited its line is held.
    """
    card = of.card
    if card is None or card.card_due_at is None or card.received_at is None:
        return None
    force = record.versions.at(of.ended_at)
    late = rules.late_card_deduction(
        due_at=card.card_due_at, received_at=card.received_at, terms=force.terms, zone=of.desk_zone
    )
    if late is None:
        return None
    computation = {
        "due_at": card.card_due_at.isoformat(),
        "received_at": card.received_at.isoformat(),
        "overdue_seconds": round(late.overdue.total_seconds()),
        "period_seconds": round(force.terms.late_card_period.total_seconds()),
        "periods": late.periods,
        "counts": "begun" if force.terms.late_card_counts_begun else "full",
        "per_period": force.terms.late_card_per_period.amount,
        "at_most": force.terms.late_card_at_most.amount,
        "desk_from_hour": force.terms.desk_from_hour,
        "desk_to_hour": force.terms.desk_to_hour,
        "zone": of.desk_zone,
    }
    return Owed(DeductionKind.LATE_CARD, of.ticket.id, late.amount, "R19", card.id, computation, force.policy_id)


def false_report(record: Record, hindrance: Hindrance) -> Owed:
    """Return what a false report costs: a fixed sum, once per ticket (R17)."""
    force = record.versions.at(hindrance.reported_at)
    assert hindrance.false_at is not None
    computation = {"reported_at": hindrance.reported_at.isoformat(), "false_at": hindrance.false_at.isoformat()}
    return Owed(
        DeductionKind.FALSE_REPORT,
        hindrance.ticket_id,
        force.terms.false_report,
        "R17",
        hindrance.id,
        computation,
        force.policy_id,
    )


def of_lines(session: Session, lines: Iterable[StatementLine]) -> dict[int, list[Deduction]]:
    """Return the deductions of lines, by line, in the order in which they were found."""
    found: dict[int, list[Deduction]] = {line.id: [] for line in lines}
    for row in session.scalars(select(Deduction).where(Deduction.line_id.in_(found)).order_by(Deduction.id)):
        found[row.line_id].append(row)
    return found


def in_force(rows: Iterable[Deduction]) -> list[Deduction]:
    """Return those that nobody waived."""
    return [row for row in rows if row.waived_at is None]


def taken(rows: Iterable[Deduction], *, currency: str) -> Money:
    """Return the sum of those that nobody waived."""
    return total([row.amount for row in in_force(rows)], currency=currency)


def keep(session: Session, line: StatementLine, owed: Owed) -> None:
    """Put a deduction on an undecided line, or bring the one it has up to date; a waived one stays as it is."""
    present = session.scalar(
        select(Deduction).where(Deduction.kind == owed.kind, Deduction.evidence_id == owed.evidence_id)
    )
    if present is None:
        session.add(
            Deduction(
                line_id=line.id,
                ticket_id=owed.ticket_id,
                kind=owed.kind,
                amount=owed.amount,
                rule=owed.rule,
                evidence_id=owed.evidence_id,
                computation=owed.computation,
                policy_id=owed.policy_id,
            )
        )
        session.flush()
    elif present.line_id == line.id and present.waived_at is None and present.computation != owed.computation:
        present.amount, present.computation, present.policy_id = owed.amount, owed.computation, owed.policy_id


def drop_late_card(session: Session, line: StatementLine, card_id: int) -> None:
    """Take a late card's deduction off an undecided line: by the record as it is now, the card was in time."""
    row = session.scalar(
        select(Deduction).where(
            Deduction.line_id == line.id,
            Deduction.kind == DeductionKind.LATE_CARD,
            Deduction.evidence_id == card_id,
            Deduction.waived_at.is_(None),
        )
    )
    if row is not None:
        session.delete(row)
        session.flush()


def uncharged_false_reports(session: Session, *, station_id: int | None, technician_id: int | None) -> list[Hindrance]:
    """Return, one per ticket, reports of a payee's technicians that were decided to be false and not charged yet."""
    charged = select(Deduction.ticket_id).where(Deduction.kind == DeductionKind.FALSE_REPORT)
    query = (
        select(Hindrance)
        .join(Technician, Technician.id == Hindrance.technician_id)
        .where(Hindrance.false_at.is_not(None), Hindrance.ticket_id.not_in(charged))
        .order_by(Hindrance.ticket_id, Hindrance.false_at, Hindrance.id)
    )
    if technician_id is not None:
        query = query.where(Technician.id == technician_id)
    else:
        query = query.where(Technician.station_id == station_id)
    first: dict[int, Hindrance] = {}
    for row in session.scalars(query):
        first.setdefault(row.ticket_id, row)
    return list(first.values())


def undecided_line(session: Session, hindrance: Hindrance) -> StatementLine | None:
    """Return the line that a false report is taken off: of the technician's last visit, while it can still change."""
    return session.scalar(
        select(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            StatementLine.ticket_id == hindrance.ticket_id,
            StatementLine.technician_id == hindrance.technician_id,
            StatementLine.kind.in_(VISIT_LINES),
            StatementLine.verdict.in_(UNDECIDED),
            StatementLine.decided_at.is_(None),
            Statement.status == StatementStatus.DRAFT,
        )
        .order_by(StatementLine.id.desc())
        .limit(1)
    )


def awaits_a_line(session: Session, hindrance: Hindrance, *, month: date, zone: str) -> bool:
    """Return whether a false report is still to wait: its month lies ahead, or a line for it will come by itself.

    It will while the technician's visit is under way, has ended without a line yet, or stands undecided somewhere.
    """
    assert hindrance.false_at is not None
    if rules.month_of(hindrance.false_at, zone) > month:
        return True
    line = select(StatementLine.id).where(StatementLine.visit_id == Visit.id)
    successor = aliased(StatementLine)
    still_open = (
        select(StatementLine.id)
        .where(
            StatementLine.visit_id == Visit.id,
            StatementLine.verdict.in_(UNDECIDED),
            ~select(successor.id).where(successor.previous_id == StatementLine.id).exists(),
        )
        .exists()
    )
    coming = select(Visit.id).where(
        Visit.ticket_id == hindrance.ticket_id,
        Visit.technician_id == hindrance.technician_id,
        Visit.status.in_(LIVE_VISIT) | (Visit.finished_at.is_not(None) & ~line.exists()) | still_open,
    )
    return session.scalar(coming.limit(1)) is not None
