"""Tables of a visit: the dispatch order, check-ins, authorised extra work, the completion card."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.columns import Placed, money, placed_checks
from server.core.db import Base, Identified, Versioned
from server.core.money import Money
from server.core.transitions import Machine
from server.orders.models import Ticket
from server.orders.status import CARD, VISIT, CardStatus, VisitStatus
from server.orders.words import ChargeKind, CheckInOutcome, PartSource, VisitResult
from server.technicians.models import Technician


class Visit(Versioned, Identified, Base):
    """One planned or made trip of one technician for a ticket, with what its dispatch order says.

    Two visits of one technician never overlap in [busy_from, ends_at), the drive there included: the database
    refuses it, whoever writes. A withdrawn visit takes nobody's time.
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at and isfinite(starts_at) and isfinite(ends_at)", name="real_interval"),
        CheckConstraint("busy_from <= starts_at and isfinite(busy_from)", name="busy_before_start"),
        CheckConstraint("window_from < window_to", name="window_real"),
        CheckConstraint(
            "(status in ('done', 'not_finished', 'customer_absent', 'customer_declined')) = (result is not null)",
            name="ended_has_result",
        ),
        CheckConstraint("(result is null) = (finished_at is null)", name="ended_has_time"),
        UniqueConstraint("ticket_id", "ordinal"),
        ExcludeConstraint(
            (text("int8range(technician_id, technician_id, '[]')"), "&&"),
            (text("tstzrange(busy_from, ends_at)"), "&&"),
            name="ex_visit_one_at_a_time",
            using="gist",
            where=text("status <> 'withdrawn'"),
        ),
        Index(
            "uq_visit_one_live",
            "ticket_id",
            unique=True,
            postgresql_where="status in ('planned', 'offered', 'accepted', 'on_the_way', 'on_site')",
        ),
        Index("ix_visit_technician_day", "technician_id", "starts_at"),
        Index("ix_visit_starts_at", "starts_at"),
        Index("ix_visit_finished_at", "finished_at", postgresql_where="finished_at is not null"),
    )

    machine: ClassVar[Machine] = VISIT

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    ordinal: Mapped[int]
    """1 for the ticket's first visit."""
    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"))
    status: Mapped[VisitStatus] = mapped_column(default=VisitStatus.PLANNED)
    starts_at: Mapped[datetime]
    """The announced minute: when service is to begin."""
    ends_at: Mapped[datetime]
    window_from: Mapped[datetime]
    """Start of the window that the customer was promised."""
    window_to: Mapped[datetime]
    travel_seconds: Mapped[int] = mapped_column(default=0)
    busy_from: Mapped[datetime]
    """When the drive there begins to take the technician's time: `travel_seconds` before the start, later where
    the drive was cut short (`server.orders.slots`)."""
    by_hand: Mapped[bool] = mapped_column(default=False)
    """Placed by a dispatcher: no plan moves it."""
    sent_at: Mapped[datetime | None]
    """When the offer that was accepted had been sent: the technician's clock starts (R16)."""
    limit_at: Mapped[datetime | None]
    """When the technician's clock runs out."""
    accepted_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    """When the customer confirmed the window."""
    left_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    """When the end of the visit was reported (R16)."""
    result: Mapped[VisitResult | None]
    note: Mapped[str | None]
    created_at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship(lazy="raise")
    technician: Mapped[Technician] = relationship(lazy="raise")

    @property
    def about_ticket(self) -> int:
        """Return the ticket it belongs to."""
        return self.ticket_id


class CheckIn(Placed, Identified, Base):
    """Proof of arrival, or what was sent instead of one: kept as evidence, never a block (R20)."""

    __tablename__ = "check_in"
    __table_args__ = (
        *placed_checks(),
        CheckConstraint("accuracy_metres >= 0", name="accuracy_not_negative"),
        # Where the raw position is still there: it is forgotten after a while, distance and outcome stay.
        Index("ix_check_in_raw", "at", postgresql_where="lat is not null"),
    )

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    at: Mapped[datetime]
    accuracy_metres: Mapped[float | None] = mapped_column(Double)
    mocked: Mapped[bool] = mapped_column(default=False)
    distance_metres: Mapped[float | None] = mapped_column(Double)
    """From the site, over the ellipsoid."""
    fence_metres: Mapped[float | None] = mapped_column(Double)
    """The radius it was decided with."""
    outcome: Mapped[CheckInOutcome]


class ExtraWork(Identified, Base):
    """Work or parts found on site that were not agreed before, and the customer's answer (R21)."""

    __tablename__ = "extra_work"
    __table_args__ = (
        CheckConstraint("price_amount > 0", name="costs_something"),
        CheckConstraint("(answered_at is null) = (authorised is null)", name="answered_whole"),
    )

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    description: Mapped[str]
    price: Mapped[Money] = money("price")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    authorised: Mapped[bool | None]


class CompletionCard(Versioned, Identified, Base):
    """What was done: result, work, serials, charges, signature; one per finished visit."""

    __tablename__ = "completion_card"
    __table_args__ = (
        CheckConstraint("started_at <= ended_at", name="work_in_order"),
        CheckConstraint("(status = 'reported') <= (received_at is null)", name="received_has_time"),
        Index("ix_completion_card_status", "status", "id"),
    )

    machine: ClassVar[Machine] = CARD

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    status: Mapped[CardStatus] = mapped_column(default=CardStatus.REPORTED)
    diagnosis: Mapped[str]
    work_done: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    removed_serial: Mapped[str | None]
    fitted_serial: Mapped[str | None]
    signed_by: Mapped[str | None]
    """Name of the customer who signed; the picture of the signature is kept with the photos."""
    reported_at: Mapped[datetime]
    card_due_at: Mapped[datetime | None]
    """When it must have been handed in (R19); None for work types without that duty."""
    received_at: Mapped[datetime | None]
    """First receipt: what R19 counts from."""
    received_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    sent_back_at: Mapped[datetime | None]
    sent_back_reason: Mapped[str | None]

    @property
    def about_ticket(self) -> int:
        """Return the ticket it belongs to."""
        return self.ticket_id


class CardPart(Identified, Base):
    """A part used, as the card claims it."""

    __tablename__ = "card_part"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    card_id: Mapped[int] = mapped_column(ForeignKey("completion_card.id"), index=True)
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"))
    name: Mapped[str]
    quantity: Mapped[int]
    source: Mapped[PartSource]
    price: Mapped[Money] = money("price")
    """What the customer was charged for one; zero where it was free."""


class CardCharge(Identified, Base):
    """Something the customer was charged, as the card claims it."""

    __tablename__ = "card_charge"
    __table_args__ = (CheckConstraint("price_amount >= 0", name="not_negative"),)

    card_id: Mapped[int] = mapped_column(ForeignKey("completion_card.id"), index=True)
    kind: Mapped[ChargeKind]
    text: Mapped[str]
    price: Mapped[Money] = money("price")
    extra_work_id: Mapped[int | None] = mapped_column(ForeignKey("extra_work.id"), unique=True)
    """The customer's authorisation, where the work was extra."""
