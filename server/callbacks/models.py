"""Tables: customer callbacks, their attempts, what the customer said, complaints."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.callbacks.status import CALLBACK, CallbackStatus, FailReason
from server.core.db import Base, Identified, Json, Versioned
from server.core.transitions import Machine
from server.orders.models import Ticket


class CustomerCallback(Versioned, Identified, Base):
    """The verification of one outcome with the customer (R32).

    A visit's outcome has one; a ticket that ended without any visit has one without visit.
    """

    __tablename__ = "customer_callback"
    __table_args__ = (
        UniqueConstraint("visit_id"),
        Index("uq_customer_callback_ticket", "ticket_id", unique=True, postgresql_where="visit_id is null"),
        Index("ix_customer_callback_waiting", "call_after", "id", postgresql_where="status = 'waiting'"),
        CheckConstraint(
            "(status in ('failed', 'not_confirmed')) <= (fail_reason is not null or without_customer)",
            name="fail_says_why",
        ),
        CheckConstraint(
            "(status in ('reconfirmed', 'not_confirmed')) = (reconfirmed_by is not null)",
            name="reconfirmed_by_somebody",
        ),
    )

    machine: ClassVar[Machine] = CALLBACK

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    outcome: Mapped[str]
    """What is to be verified: a visit result, `declined` or `cancelled`: it chooses the script (R34)."""
    phone: Mapped[str | None]
    """The number given at intake (R33)."""
    status: Mapped[CallbackStatus] = mapped_column(default=CallbackStatus.WAITING)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime]
    """The latest instant of the first attempt."""
    call_after: Mapped[datetime]
    """Not to be called before: rest hours, or a promise to call later."""
    survey_ends_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    fail_reason: Mapped[FailReason | None]
    without_customer: Mapped[bool] = mapped_column(default=False)
    """Whether it was re-confirmed without the customer's voice."""
    reconfirmed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reconfirmed_at: Mapped[datetime | None]
    evidence: Mapped[str | None]
    created_at: Mapped[datetime]

    ticket: Mapped[Ticket] = relationship(lazy="raise")

    @property
    def about_ticket(self) -> int:
        """Return the ticket it verifies."""
        return self.ticket_id


class CallbackAttempt(Identified, Base):
    """One call: when, by whom, whether somebody answered, what he said. Never changed."""

    __tablename__ = "callback_attempt"

    callback_id: Mapped[int] = mapped_column(ForeignKey("customer_callback.id"), index=True)
    called_at: Mapped[datetime]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reached: Mapped[bool]
    answers: Mapped[Json] = mapped_column(default=dict)
    """What the customer said: ``came``, ``done``, ``working``, ``charged`` (minor), ``satisfied`` (1-5), ``words``."""
    contradictions: Mapped[Json] = mapped_column(default=dict)
    """Found between the answers and the card, under ``items``."""


class Complaint(Identified, Base):
    """A complaint with a named handler (R36)."""

    __tablename__ = "complaint"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("customer_callback.id"), unique=True)
    kind: Mapped[str]
    handler_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    raised_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
