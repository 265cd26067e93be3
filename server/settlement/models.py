"""Tables: labour prices, statements, lines, deductions, payments."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.callbacks.status import CallbackStatus
from server.core.columns import money
from server.core.db import Base, Identified, Json, Versioned
from server.core.events import ActorKind
from server.core.money import Money
from server.core.transitions import Machine
from server.customers.models import Zone
from server.orders.words import ChargeCategory, VisitResult, WorkType
from server.settlement.status import STATEMENT, DeductionKind, LineKind, StatementStatus, Verdict


class LabourPrice(Identified, Base):
    """What a visit is worth for a span of days (R37): by product category, work type, zone, charge category, result."""

    __tablename__ = "labour_price"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="days_in_order"),
        CheckConstraint("price_amount >= 0", name="not_negative"),
        ExcludeConstraint(
            (text("int8range(hashtextextended(key, 0), hashtextextended(key, 0), '[]')"), "&&"),
            (text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_labour_price_one_at_a_time",
            using="gist",
        ),
    )

    key: Mapped[str] = mapped_column(
        Computed(
            "product_category || '/' || work_type || '/' || zone || '/' || charge_category || '/' || result",
            persisted=True,
        )
    )
    """The five that name the price, in one: what the exclusion of overlapping days compares."""
    product_category: Mapped[str]
    work_type: Mapped[WorkType]
    zone: Mapped[Zone]
    charge_category: Mapped[ChargeCategory]
    result: Mapped[VisitResult]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The first day on which it does not hold any more; None while it holds."""
    price: Mapped[Money] = money("price")


class Statement(Versioned, Identified, Base):
    """One payee's month: a station, or a technician who is paid himself."""

    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("(station_id is null) <> (technician_id is null)", name="one_payee"),
        CheckConstraint("extract(day from month) = 1", name="month_by_first_day"),
        CheckConstraint(
            "approved_by is null or audited_by is null or approved_by <> audited_by", name="approver_is_not_auditor"
        ),
        CheckConstraint(
            "paid_by is null or (paid_by <> audited_by and paid_by <> approved_by)", name="payer_is_neither"
        ),
        CheckConstraint("(status in ('approved', 'paid')) = (approved_by is not null)", name="approved_by_somebody"),
        CheckConstraint("(status = 'paid') = (paid_by is not null)", name="paid_by_somebody"),
        CheckConstraint("(status <> 'draft') = (audited_by is not null)", name="audited_by_somebody"),
        CheckConstraint(
            "(status in ('published', 'approved', 'paid')) = (published_at is not null)", name="published_sometime"
        ),
        CheckConstraint("(approved_by is null) = (approved_hash is null)", name="approval_binds_the_lines"),
        Index("uq_statement_station", "station_id", "month", unique=True, postgresql_where="station_id is not null"),
        Index(
            "uq_statement_technician",
            "technician_id",
            "month",
            unique=True,
            postgresql_where="technician_id is not null",
        ),
    )

    machine: ClassVar[Machine] = STATEMENT

    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("technician.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    month: Mapped[date]
    """The first day of the month, in the sites' zones."""
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[StatementStatus] = mapped_column(default=StatementStatus.DRAFT)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    created_at: Mapped[datetime]
    audited_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    audited_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    first_published_at: Mapped[datetime | None]
    """Kept when it is reopened: whoever has seen his statement may appeal (R19)."""
    agreed_at: Mapped[datetime | None]
    """When the payee said that he agrees; opens the way to approval before the five days are over (R40)."""
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    approved_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Digest of the lines that were approved; paying computes it again (fault 64)."""
    paid_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    paid_at: Mapped[datetime | None]

    @property
    def about_ticket(self) -> None:
        """Return None: a statement is about many tickets."""
        return None


class StatementLine(Versioned, Identified, Base):
    """One visit of the month (or an amount carried over) with its price, verdict and reasons.

    A visit has one first line for ever; a line that was left open or held in a closed statement is continued by
    one line of a later month. No line about a visit can be paid unless the visit's own customer callback has passed or
    was re-confirmed (R39): the foreign key holds that status fast, whoever writes.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        UniqueConstraint("statement_id", "visit_id", "kind"),
        Index(
            "uq_statement_line_paid_once",
            "visit_id",
            "kind",
            unique=True,
            postgresql_where="verdict in ('pay', 'reduced') and visit_id is not null",
        ),
        Index(
            "uq_statement_line_labour_once",
            "ticket_id",
            unique=True,
            postgresql_where="kind = 'labour' and verdict in ('pay', 'reduced')",
        ),
        Index(
            "uq_statement_line_first",
            "visit_id",
            unique=True,
            postgresql_where="kind in ('labour', 'visit') and previous_id is null",
        ),
        ForeignKeyConstraint(
            ["callback_id", "callback_status", "visit_id"],
            ["customer_callback.id", "customer_callback.status", "customer_callback.visit_id"],
            name="fk_statement_line_callback",
        ),
        CheckConstraint(
            "kind not in ('labour', 'visit') or verdict not in ('pay', 'reduced') or coalesce("
            "callback_status in ('passed', 'reconfirmed') and callback_id is not null and visit_id is not null, false)",
            name="paid_is_verified",
        ),
        CheckConstraint("kind not in ('labour', 'visit') or visit_id is not null", name="visit_named"),
        CheckConstraint("kind in ('rest', 'carried') or net_amount >= 0", name="net_not_negative"),
        CheckConstraint("(kind = 'rest') = (rest_of_id is not null)", name="rest_of_something"),
        CheckConstraint("(kind = 'carried') = (from_statement_id is not null)", name="carried_from_somewhere"),
        CheckConstraint(
            "(verdict in ('refuse', 'hold', 'reduced')) <= (cardinality(reasons) > 0)", name="no_verdict_without_reason"
        ),
        CheckConstraint("price_currency = net_currency and net_amount <= price_amount", name="net_within_price"),
        CheckConstraint("(verdict in ('refuse', 'hold', 'open')) <= (net_amount = 0)", name="unpaid_is_zero"),
        CheckConstraint("(decided_by is null) = (decided_at is null)", name="decided_whole"),
    )

    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"), index=True)
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("technician.id"))
    kind: Mapped[LineKind]
    price: Mapped[Money] = money("price")
    price_id: Mapped[int | None] = mapped_column(ForeignKey("labour_price.id"))
    net: Mapped[Money] = money("net")
    verdict: Mapped[Verdict] = mapped_column(default=Verdict.OPEN)
    proposed: Mapped[Verdict]
    """What the rules say, before a person has looked."""
    reasons: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    callback_id: Mapped[int | None]
    callback_status: Mapped[CallbackStatus | None]
    """The verdict that the payment of this line rests on; set when it is decided to be paid."""
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("statement_line.id"), unique=True)
    """The undecided line of a closed statement that this one continues."""
    rest_of_id: Mapped[int | None] = mapped_column(ForeignKey("statement_line.id"), unique=True)
    """The line that could not bear all of its deductions."""
    from_statement_id: Mapped[int | None] = mapped_column(ForeignKey("statement.id"), unique=True)
    """The negative statement whose sum is carried here, once."""
    held_since: Mapped[datetime | None]
    """When it was first held; after 60 days it is refused (R38)."""
    evidence: Mapped[Json] = mapped_column(default=dict)
    """Ids of what was looked at: ``visit``, ``callback``, ``card``, ``offer``, ``policy``."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    remark: Mapped[str | None]

    statement: Mapped[Statement] = relationship(lazy="raise", foreign_keys=[statement_id])


class Deduction(Identified, Base):
    """Something a rule takes off a line: computed, with evidence; waived with a reason where the rule allows (R40)."""

    __tablename__ = "deduction"
    __table_args__ = (
        # Each penalty is charged once, whatever month or line; a false report once per ticket (R17).
        UniqueConstraint("kind", "evidence_id"),
        Index("uq_deduction_false_report", "ticket_id", unique=True, postgresql_where="kind = 'false_report'"),
        CheckConstraint("amount_amount > 0", name="takes_something"),
        CheckConstraint(
            "(waived_at is null) = (waived_by is null) and (waived_at is null) = (waived_reason is null)",
            name="waived_whole",
        ),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"), index=True)
    """Where it is taken off; it goes along when an undecided line is continued in a later month."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    kind: Mapped[DeductionKind]
    amount: Mapped[Money] = money("amount")
    rule: Mapped[str]
    """The rule's id in the handbook: R17, R19 …"""
    evidence_id: Mapped[int]
    """The row it follows from: a hindrance, a card, an urge."""
    computation: Mapped[Json]
    """The numbers it was computed with, so that everybody can do it again."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    waived_at: Mapped[datetime | None]
    waived_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    waived_reason: Mapped[str | None]


class Appeal(Identified, Base):
    """A payee objects to a line or to the whole of a published statement; answered by somebody else (R40)."""

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint(
            "(answered_at is null) = (answered_by is null) and (answered_at is null) = (accepted is null)"
            " and (answered_at is null) = (answer is null)",
            name="answered_whole",
        ),
    )

    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("statement_line.id"))
    text: Mapped[str]
    raised_at: Mapped[datetime]
    raised_by_kind: Mapped[ActorKind]
    raised_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    accepted: Mapped[bool | None]
    answer: Mapped[str | None]


class Payment(Identified, Base):
    """Money that left for a statement: one, for ever. Never changed, never deleted."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("statement_id"), CheckConstraint("sum_amount >= 0", name="not_negative"))

    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"))
    sum: Mapped[Money] = money("sum")
    paid_at: Mapped[datetime]
    paid_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reference: Mapped[str]
