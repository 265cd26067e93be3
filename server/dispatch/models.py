"""Tables: plans with their stops and what they left out, offers, what a human must decide."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.db import Base, Identified, Json, Versioned
from server.core.transitions import Machine
from server.dispatch.status import OFFER, PLAN, DeclineReason, OfferStatus, PlanStatus
from server.orders.visit_models import Visit


class Plan(Versioned, Identified, Base):
    """One run of the optimiser for a region and a span of local days: what was asked, how far it is, its proposal."""

    __tablename__ = "plan"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        CheckConstraint("seconds between 1 and 3600", name="limit_in_range"),
        Index("ix_plan_region", "region_id", "first_day", "id"),
        Index("ix_plan_raw", "requested_at", postgresql_where="problem is not null"),
    )

    machine: ClassVar[Machine] = PLAN

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    earliest: Mapped[datetime]
    """Nothing is planned before this instant."""
    status: Mapped[PlanStatus] = mapped_column(default=PlanStatus.QUEUED)
    seed: Mapped[int] = mapped_column(default=1)
    seconds: Mapped[int]
    iterations: Mapped[int | None]
    """A limit that makes the same data give the same plan, whatever the machine's speed."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    requested_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    """When a worker last began to solve it."""
    progress: Mapped[Json] = mapped_column(default=dict)
    """``{"cost", "unserved", "seconds"}`` of the best so far; ``{"compiling": true}`` once after an installation."""
    watched: Mapped[Json] = mapped_column(default=dict)
    """``{"tickets": {id: version}, "technicians": {id: digest}}``: looked at again before publication."""
    problem: Mapped[Json | None]
    cost: Mapped[int | None]
    bound: Mapped[int | None]
    findings: Mapped[Json] = mapped_column(default=dict)
    """Named findings of the validator under ``items``."""
    failure: Mapped[str | None]

    @property
    def gap(self) -> float | None:
        """Return the share of the cost that could at most still be saved, by the proven bound; None without one."""
        if self.cost is None or self.bound is None:
            return None
        return (self.cost - self.bound) / self.cost if self.cost else 0.0

    @property
    def about_ticket(self) -> None:
        """Return None: a plan is about many tickets."""
        return None


class PlanStop(Identified, Base):
    """A visit that a plan proposes."""

    __tablename__ = "plan_stop"
    __table_args__ = (UniqueConstraint("plan_id", "ticket_id"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    travel_seconds: Mapped[int]
    candidates: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    """Who else could go, best first: where the next offer goes if this one is declined."""
    why: Mapped[Json] = mapped_column(default=dict)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    skipped: Mapped[str | None]
    """Why publication left it out: the world had changed."""


class PlanOmission(Identified, Base):
    """A ticket that a plan leaves out, with the reason and the cheapest change that would let it in."""

    __tablename__ = "plan_omission"
    __table_args__ = (UniqueConstraint("plan_id", "ticket_id"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    reason: Mapped[str]
    details: Mapped[Json] = mapped_column(default=dict)


class Offer(Identified, Base):
    """A dispatch order waiting for a technician's answer (R11)."""

    __tablename__ = "offer"
    __table_args__ = (
        Index("uq_offer_one_open", "visit_id", unique=True, postgresql_where="status = 'open'"),
        Index("uq_offer_one_accepted", "visit_id", unique=True, postgresql_where="status = 'accepted'"),
        Index("ix_offer_expiry", "expires_at", postgresql_where="status = 'open'"),
        CheckConstraint("sent_at < expires_at", name="open_for_a_while"),
    )

    machine: ClassVar[Machine] = OFFER

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"), index=True)
    round: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[OfferStatus] = mapped_column(default=OfferStatus.OPEN)
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    decline_reason: Mapped[DeclineReason | None]
    remark: Mapped[str | None]

    visit: Mapped[Visit] = relationship(lazy="raise")

    @property
    def about_ticket(self) -> int:
        """Return the ticket it belongs to."""
        return self.ticket_id


class Escalation(Identified, Base):
    """Something that needs a human: who must decide, about what, since when, how it ended (R9, R11, R17)."""

    __tablename__ = "escalation"
    __table_args__ = (
        Index("uq_escalation_open", "ticket_id", "kind", unique=True, postgresql_where="settled_at is null"),
        Index("ix_escalation_region", "region_id", postgresql_where="settled_at is null"),
    )

    kind: Mapped[str]
    """`no_technician`, `limit_passed`, `no_position`, `unread_message`, `not_reached` …"""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    raised_at: Mapped[datetime]
    details: Mapped[Json] = mapped_column(default=dict)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    remark: Mapped[str | None]
