"""Tables of a ticket: the report, its facts and their corrections, hindrances, urges, customer links."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.db import Base, Identified, Json, Versioned
from server.core.events import ActorKind, Via
from server.core.numbers import ticket_number
from server.core.transitions import Machine
from server.customers.models import Customer, Equipment, Site
from server.orders.status import OPEN_TICKET, TICKET, TicketStatus
from server.orders.words import (
    Channel,
    ChargeCategory,
    HindranceReason,
    LinkPurpose,
    Priority,
    WarrantyVerdict,
    WorkType,
)

_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN_TICKET))


class Ticket(Versioned, Identified, Base):
    """One request for service, from report to closure. The lock of everything below it.

    ``missing`` names the required facts that are absent (R2), empty when the facts are complete.
    ``due_at`` is the customer's clock (R16): it starts when the facts are complete and never restarts.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        Index("uq_ticket_external", "source", "external_id", unique=True, postgresql_where="external_id is not null"),
        Index("ix_ticket_opened_at", "opened_at", "id"),
        Index("ix_ticket_status", "status", "opened_at", "id"),
        Index("ix_ticket_region_status", "region_id", "status", "opened_at", "id"),
        Index("ix_ticket_place", "site_id", "work_type", postgresql_where=f"status in ({_OPEN})"),
        Index("ix_ticket_customer", "customer_id", "opened_at", "id"),
        Index("ix_ticket_equipment", "equipment_id", postgresql_where="equipment_id is not null"),
        Index("ix_ticket_waiting", "waits_until", postgresql_where="status = 'waiting'"),
        CheckConstraint("(agreed_from is null) = (agreed_to is null)", name="agreed_whole"),
        CheckConstraint("agreed_from < agreed_to", name="agreed_real"),
        CheckConstraint("(status = 'incomplete') <= (cardinality(missing) > 0)", name="incomplete_says_why"),
        CheckConstraint("duration > 0", name="takes_time"),
    )

    machine: ClassVar[Machine] = TICKET

    status: Mapped[TicketStatus] = mapped_column(default=TicketStatus.INCOMPLETE)
    channel: Mapped[Channel]
    profile: Mapped[str] = mapped_column(default="")
    """`public_work` for what a public administration reports: it has required facts of its own (R2)."""
    source: Mapped[str | None]
    """Which system or partner it came from; external ids are unique per source."""
    external_id: Mapped[str | None]
    work_type: Mapped[WorkType]
    product_category: Mapped[str]
    charge_category: Mapped[ChargeCategory]
    priority: Mapped[Priority] = mapped_column(default=Priority.NORMAL)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    """The region of the site; kept on the ticket because every list is scoped and sorted by it."""
    equipment_id: Mapped[int | None] = mapped_column(ForeignKey("equipment.id"))
    contact_name: Mapped[str | None]
    contact_phone: Mapped[str | None]
    """As given at intake: the number that the customer callback calls (R33)."""
    description: Mapped[str]
    wish: Mapped[str | None]
    skill: Mapped[str | None]
    """Code of the skill that the work needs."""
    skill_level: Mapped[int] = mapped_column(default=1)
    duration: Mapped[timedelta]
    answered_at: Mapped[datetime | None]
    """When the customer's number answered: asked for where a payee made the report (R1)."""
    new_fault: Mapped[bool] = mapped_column(default=False)
    """Whether the customer says that this is another fault than an earlier repair's, which guarantees it (R6a)."""
    missing: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    read_on_site: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    """Facts that can only be read on site: they leave the ticket complete and the warranty undetermined (R2)."""
    warranty: Mapped[WarrantyVerdict]
    opened_at: Mapped[datetime]
    facts_complete_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    partner_deadline_at: Mapped[datetime | None]
    agreed_from: Mapped[datetime | None]
    agreed_to: Mapped[datetime | None]
    waits_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    """Version of the clock policy that its due time was computed with."""

    customer: Mapped[Customer] = relationship(lazy="raise")
    site: Mapped[Site | None] = relationship(lazy="raise")
    equipment: Mapped[Equipment | None] = relationship(lazy="raise")

    @property
    def number(self) -> str:
        """Return the number people know it by."""
        return ticket_number(self.id, self.opened_at)

    @property
    def about_ticket(self) -> int:
        """Return its own id: its history is its own."""
        return self.id


class TicketReport(Identified, Base):
    """One report about a ticket: the first, and every further one that became an added fact (R1a)."""

    __tablename__ = "ticket_report"
    __table_args__ = (
        Index(
            "uq_ticket_report_external",
            "source",
            "external_id",
            unique=True,
            postgresql_where="external_id is not null",
        ),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    channel: Mapped[Channel]
    source: Mapped[str | None]
    external_id: Mapped[str | None]
    text: Mapped[str]
    reported_at: Mapped[datetime]
    received_at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship(lazy="raise")


class Correction(Identified, Base):
    """A changed fact: what it was, what it is, who says so and why (R2a). Never changed, never deleted."""

    __tablename__ = "correction"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    field: Mapped[str]
    before: Mapped[Json]
    after: Mapped[Json]
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind]
    actor_id: Mapped[int | None]
    via: Mapped[Via]
    reason: Mapped[str]


class WarrantyJudgement(Identified, Base):
    """One judgement of the warranty: at intake, after a correction, on site (R6). Never changed, never deleted."""

    __tablename__ = "warranty_judgement"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    verdict: Mapped[WarrantyVerdict]
    labour: Mapped[bool]
    parts: Mapped[bool]
    expenses: Mapped[bool]
    grounds: Mapped[str]
    """Which test decided: `special_sale`, `repair_guarantee`, `dates`, `no_date` …"""
    judged_at: Mapped[datetime]
    actor_kind: Mapped[ActorKind]
    actor_id: Mapped[int | None]

    ticket: Mapped[Ticket] = relationship(lazy="raise")


class Hindrance(Identified, Base):
    """Why a ticket cannot be finished within the limit, and until when (R17)."""

    __tablename__ = "hindrance"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("technician.id"))
    reason: Mapped[HindranceReason]
    text: Mapped[str]
    until: Mapped[date | None]
    reported_at: Mapped[datetime]
    counts: Mapped[bool]
    """Whether it came in time: not earlier than 6 h after dispatch and not later than the limit."""
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    false_at: Mapped[datetime | None]
    """When a supervisor decided, on evidence, that the report was false."""
    false_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    false_evidence: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("(accepted_at is null) = (accepted_by is null)", name="accepted_by_somebody"),
        CheckConstraint(
            "(false_at is null) = (false_by is null) and (false_at is null) = (false_evidence is null)",
            name="false_on_evidence",
        ),
    )


class Urge(Identified, Base):
    """The customer asks again because nothing has happened (R15)."""

    __tablename__ = "urge"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("technician.id"))
    urged_at: Mapped[datetime]
    contact_due_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    text: Mapped[str | None]


class CustomerLink(Identified, Base):
    """A link sent to a customer for one action on one ticket (fault 49): random, hashed at rest, expiring."""

    __tablename__ = "customer_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    visit_id: Mapped[int | None]
    purpose: Mapped[LinkPurpose]
    bound: Mapped[Json]
    """What exactly is confirmed or authorised: a window, items and a sum. A change of it revokes the link."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
