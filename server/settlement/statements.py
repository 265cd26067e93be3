"""Compute a month: every ended visit on one line of its payee's statement, with price, deductions and a proposal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from server.core.clock import local_instant
from server.core.errors import Invalid
from server.core.events import Actor, note
from server.core.money import Money
from server.customers.models import Site
from server.orders.models import Hindrance, Ticket
from server.orders.visit_models import Visit
from server.organisation.models import Region
from server.settlement import deductions, rules
from server.settlement.content import sum_of
from server.settlement.facts import ENDED, Record, Versions, VisitRecord, gather
from server.settlement.models import Deduction, Statement, StatementLine
from server.settlement.payees import Payee, new_statement, payees, statement_of
from server.settlement.rules import LineFacts, Proposal
from server.settlement.status import (
    CLOSED_STATEMENT,
    UNDECIDED,
    VISIT_LINES,
    LineKind,
    StatementStatus,
    Verdict,
)
from server.technicians.models import Technician

_WIDEST_ZONE = timedelta(hours=14)
"""No local clock is further from UTC."""
_COMPUTING = "settlement/compute"


class BadMonth(Invalid):
    """A month is named by its first day and has begun."""

    code = "statement.bad_month"


@dataclass(frozen=True, slots=True)
class Computed:
    """What computing a month did.

    :param statements: ids of the statements that it looked at or made, ascending.
    :param added: how many lines are new.
    """

    statements: tuple[int, ...]
    added: int


def compute(session: Session, *, month: date, region_id: int | None, by: Actor, now: datetime) -> Computed:
    """Bring the drafts of a month up to date with the record (R37).

    Every ended visit of the month, in its site's time zone, gets one line on the statement of its payee; what earlier
    statements left open or held returns; a negative statement is carried forward. What was decided stays as it is;
    what was not is judged anew. Computing again without news changes nothing.

    :param month: its first day.
    :param region_id: payees of this region only; None for the whole company.
    :raises BadMonth: if it is not the first day of a month that has begun.
    """
    if month.day != 1 or now + _WIDEST_ZONE < local_instant(month, 0, 0, "UTC"):
        raise BadMonth(month=month.isoformat())
    # Two who compute at once would both add the same visits: the second waits and then finds them there.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_COMPUTING, 0))))
    statements, added = [], 0
    for payee in payees(session, region_id=region_id):
        draft = _Draft(session, payee, month=month, by=by, now=now)
        draft.bring_up_to_date()
        if draft.statement is not None:
            statements.append(draft.statement.id)
        added += draft.added
    return Computed(tuple(sorted(statements)), added)


class _Draft:
    """The computation of one payee's month."""

    touchable: ClassVar[frozenset[StatementStatus]] = frozenset({StatementStatus.DRAFT})

    def __init__(self, session: Session, payee: Payee, *, month: date, by: Actor, now: datetime) -> None:
        self.session, self.payee, self.month, self.by, self.now = session, payee, month, by, now
        self.versions = Versions(session)
        self.statement = statement_of(session, payee, month=month)
        self.added = 0

    def bring_up_to_date(self) -> None:
        """Add what is new, then judge every line that nobody has decided."""
        if self.statement is not None and self.statement.status not in self.touchable:
            return
        visits, returning, carried = self._new_visits(), self._returning(), self._to_carry()
        waiting = self._undecided()
        record = gather(
            self.session, visit_ids=[*visits, *(line.visit_id for line in (*returning, *waiting) if line.visit_id)]
        )
        waiting += [self._add_visit(record.visits[visit_id]) for visit_id in visits]
        waiting += [self._continue(line) for line in returning]
        for earlier in carried:
            self._carry(earlier)
        self.session.flush()
        self._deduct(record, waiting)
        rows = deductions.of_lines(self.session, waiting)
        for line in waiting:
            self._judge(line, record, rows[line.id])
        self.session.flush()
        if self.added and self.statement is not None:
            note(self.session, self.statement, "compute", by=self.by, now=self.now, details={"added": self.added})

    # --- what is new ----------------------------------------------------------------------------------------------

    def _new_visits(self) -> list[int]:
        """Return the payee's ended visits of this month without a line, and late ones of months that are closed."""
        until = local_instant(rules.month_after(self.month), 0, 0, "UTC") + _WIDEST_ZONE
        rows = self.session.execute(
            select(Visit.id, Visit.finished_at, func.coalesce(Site.time_zone, Region.time_zone))
            .join(Technician, Technician.id == Visit.technician_id)
            .join(Ticket, Ticket.id == Visit.ticket_id)
            .join(Region, Region.id == Ticket.region_id)
            .outerjoin(Site, Site.id == Ticket.site_id)
            .where(
                self.payee.employs,
                Visit.status.in_(ENDED),
                Visit.finished_at < until,
                ~select(StatementLine.id)
                .where(StatementLine.visit_id == Visit.id, StatementLine.kind.in_(VISIT_LINES))
                .exists(),
            )
            .order_by(Visit.finished_at, Visit.id)
        )
        closed = set(
            self.session.scalars(select(Statement.month).where(self.payee.owns, Statement.status.in_(CLOSED_STATEMENT)))
        )
        found = []
        for visit_id, finished_at, zone in rows:
            assert finished_at is not None
            month = rules.month_of(finished_at, zone)
            if month == self.month or (month < self.month and month in closed):
                found.append(visit_id)
        return found

    def _returning(self) -> list[StatementLine]:
        """Return the lines that earlier, closed statements left open or held and no later one continues (R38)."""
        successor = aliased(StatementLine)
        query = (
            select(StatementLine)
            .join(Statement, Statement.id == StatementLine.statement_id)
            .where(
                self.payee.owns,
                Statement.month < self.month,
                Statement.status.in_(CLOSED_STATEMENT),
                StatementLine.kind.in_(VISIT_LINES | {LineKind.LATER}),
                StatementLine.verdict.in_(UNDECIDED),
                ~select(successor.id).where(successor.previous_id == StatementLine.id).exists(),
            )
            .order_by(StatementLine.id)
        )
        return list(self.session.scalars(query))

    def _to_carry(self) -> list[tuple[Statement, Money]]:
        """Return the payee's paid statements with a negative sum that no later one carries yet, with that sum."""
        carried = select(StatementLine.from_statement_id).where(StatementLine.from_statement_id.is_not(None))
        earlier = self.session.scalars(
            select(Statement)
            .where(
                self.payee.owns,
                Statement.month < self.month,
                Statement.status == StatementStatus.PAID,
                Statement.id.not_in(carried),
            )
            .order_by(Statement.month)
        )
        sums = [(statement, sum_of(self.session, statement)) for statement in earlier]
        return [(statement, amount) for statement, amount in sums if amount < amount.zero()]

    def _undecided(self) -> list[StatementLine]:
        if self.statement is None:
            return []
        query = select(StatementLine).where(
            StatementLine.statement_id == self.statement.id,
            StatementLine.kind.in_(VISIT_LINES | {LineKind.LATER}),
            StatementLine.decided_at.is_(None),
        )
        return list(self.session.scalars(query.order_by(StatementLine.id)))

    # --- lines ----------------------------------------------------------------------------------------------------

    def _draft(self) -> Statement:
        if self.statement is None:
            self.statement = new_statement(
                self.session, self.payee, month=self.month, versions=self.versions, now=self.now
            )
        return self.statement

    def _line(self, kind: LineKind, *, price: Money | None = None) -> StatementLine:
        statement = self._draft()
        nothing = Money(0, statement.currency)
        line = StatementLine(
            statement_id=statement.id, kind=kind, price=price or nothing, net=nothing, proposed=Verdict.OPEN
        )
        self.session.add(line)
        self.added += 1
        return line

    def _add_visit(self, found: VisitRecord) -> StatementLine:
        line = self._line(found.kind)
        line.ticket_id, line.visit_id = found.ticket.id, found.visit.id
        line.technician_id = found.visit.technician_id
        return line

    def _continue(self, earlier: StatementLine) -> StatementLine:
        """Continue an undecided line of a closed statement; its deductions go along, to be charged with it."""
        line = self._line(earlier.kind)
        line.ticket_id, line.visit_id, line.technician_id = earlier.ticket_id, earlier.visit_id, earlier.technician_id
        line.previous_id, line.held_since = earlier.id, earlier.held_since
        self.session.flush()
        for row in deductions.of_lines(self.session, [earlier])[earlier.id]:
            row.line_id = line.id
        return line

    def _carry(self, earlier: tuple[Statement, Money]) -> None:
        statement, amount = earlier
        line = self._line(LineKind.CARRIED, price=amount)
        line.net, line.from_statement_id = amount, statement.id
        line.verdict = line.proposed = Verdict.PAY
        line.evidence = {"statement": statement.id}

    # --- deductions -----------------------------------------------------------------------------------------------

    def _deduct(self, record: Record, waiting: Sequence[StatementLine]) -> None:
        for line in waiting:
            found = record.visits.get(line.visit_id or 0)
            if found is None or found.card is None or found.card.card_due_at is None:
                continue
            owed = deductions.late_card(record, found)
            if owed is not None:
                deductions.keep(self.session, line, owed)
            else:
                deductions.drop_late_card(self.session, line, found.card.id)
        for hindrance in deductions.uncharged_false_reports(
            self.session, station_id=self.payee.station_id, technician_id=self.payee.technician_id
        ):
            self._charge_false_report(record, hindrance, waiting)

    def _charge_false_report(self, record: Record, hindrance: Hindrance, waiting: Sequence[StatementLine]) -> None:
        """Take a false report off the technician's own line, or off a line of its own if that was decided before."""
        own = deductions.undecided_line(self.session, hindrance)
        if own is not None:
            if own in waiting:
                deductions.keep(self.session, own, deductions.false_report(record, hindrance))
            return
        if deductions.awaits_a_line(self.session, hindrance, month=self.month, zone=self.payee.zone):
            return
        line = self._line(LineKind.LATER)
        line.ticket_id, line.technician_id = hindrance.ticket_id, hindrance.technician_id
        self.session.flush()
        deductions.keep(self.session, line, deductions.false_report(record, hindrance))
        self._judge(line, record, deductions.of_lines(self.session, [line])[line.id])

    # --- proposals ------------------------------------------------------------------------------------------------

    def _judge(self, line: StatementLine, record: Record, rows: Sequence[Deduction]) -> None:
        """Write price, proposal, reasons and evidence of a line that nobody has decided."""
        found = record.visits.get(line.visit_id or 0)
        proposal = self._proposal(line, record, found, rows)
        line.proposed, line.reasons = proposal.verdict, [str(reason) for reason in proposal.reasons]
        line.evidence = _evidence(found, record, rows, line)

    def _proposal(
        self, line: StatementLine, record: Record, found: VisitRecord | None, rows: Sequence[Deduction]
    ) -> Proposal:
        taken = tuple(row.kind for row in deductions.in_force(rows))
        if found is None:
            return rules.propose(LineFacts(kind=line.kind, price=line.price, callback=None, deductions=taken))
        statement = self._draft()
        price = record.price(found)
        if price is not None and price.price.currency == statement.currency:
            line.price, line.price_id = price.price, price.id
        else:
            line.price, line.price_id = Money(0, statement.currency), None
        expired = (
            line.held_since is not None and self.now - line.held_since > record.versions.at(found.ended_at).terms.hold
        )
        line.net = line.price.zero()
        return rules.propose(
            record.facts(found, line_id=line.id, currency=statement.currency, hold_expired=expired, taken=taken)
        )


def _evidence(
    found: VisitRecord | None, record: Record, rows: Sequence[Deduction], line: StatementLine
) -> dict[str, int | list[int]]:
    """Return the ids of what the proposal rests on, and of the policy's version that it is frozen with."""
    if found is None:
        return {"hindrance": rows[0].evidence_id, "policy": rows[0].policy_id} if rows else {}
    evidence: dict[str, int | list[int]] = {"visit": found.visit.id}
    if found.callback is not None:
        evidence["callback"] = found.callback.id
    if found.card is not None:
        evidence["card"] = found.card.id
    if line.price_id is not None:
        evidence["price"] = line.price_id
    if rows:
        evidence["deductions"] = [row.id for row in rows]
    return evidence | {"policy": record.versions.at(found.ended_at).policy_id}
