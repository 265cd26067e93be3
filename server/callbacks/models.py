"""Tables: customer callbacks, their attempts, what the customer said, complaints."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.callbacks.status import CALLBACK, CallbackStatus, FailReason, Respondent
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
        UniqueConstraint("id", "status", "visit_id", name="uq_customer_callback_proof"),
        Index(
            "uq_customer_callback_ticket",
            "ticket_id",
            unique=True,
            postgresql_where="visit_id is null and status in ('waiting', 'surveyed')",
        ),
        Index("ix_customer_callback_waiting", "due_at", "id", postgresql_where="status = 'waiting'"),
        Index("ix_customer_callback_window", "call_before", postgresql_where="status = 'waiting'"),
        Index("ix_customer_callback_survey", "survey_ends_at", postgresql_where="status = 'surveyed'"),
        Index("ix_customer_callback_lapse", "lapses_at", postgresql_where="status = 'unreachable'"),
        CheckConstraint("call_after < call_before", name="window_real"),
        CheckConstraint("(status = 'surveyed') <= (survey_ends_at is not null)", name="survey_ends"),
        CheckConstraint("(status = 'unreachable') <= (lapses_at is not null)", name="lapses"),
        CheckConstraint("(claimed_by is null) = (claimed_until is null)", name="claim_whole"),
        CheckConstraint("reconfirmed_with <> reconfirmed_by", name="second_person_is_another"),
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
    respondent: Mapped[Respondent]
    phone: Mapped[str | None]
    """The number given at intake (R33)."""
    status: Mapped[CallbackStatus] = mapped_column(default=CallbackStatus.WAITING)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime]
    """The latest instant of the first attempt."""
    call_after: Mapped[datetime]
    """Not to be called before: calling hours, a third of the day not yet tried, a promise to call later."""
    call_before: Mapped[datetime]
    """When this chance to call is over; a sweep then finds the next one."""
    asked_at: Mapped[datetime | None]
    """When a yes/no was asked by text message before any call (R32)."""
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """The agent who was handed this call."""
    claimed_until: Mapped[datetime | None]
    survey_ends_at: Mapped[datetime | None]
    lapses_at: Mapped[datetime | None]
    """When an unreachable and undecided one is refused (R35)."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    fail_reason: Mapped[FailReason | None]
    without_customer: Mapped[bool] = mapped_column(default=False)
    """Whether it was re-confirmed without the customer's voice."""
    reconfirmed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reconfirmed_at: Mapped[datetime | None]
    reconfirmed_with: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """The second person, where the first had dispatched by override (R35)."""
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
    third: Mapped[int | None] = mapped_column(SmallInteger)
    """Third of the local calling day, 0 to 2; None outside calling hours."""
    counts: Mapped[bool]
    """Whether it is one of the attempts of R33: unanswered, on a day and in a third of the day not yet tried."""
    answers: Mapped[Json] = mapped_column(default=dict)
    """What the customer said, as `rules.Answers` names it; absent where he was not asked."""
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
