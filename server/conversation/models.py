"""Tables: questions open at a telephone, with their job codes; texts that a human must read."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Identified


class QuestionKind(StrEnum):
    """What a telephone was asked, or may report about."""

    JOB = "job"
    """A technician's visit, from its offer to its end; the subject is the visit."""
    CONFIRM_VISIT = "confirm_visit"
    """Whether a window suits the customer; the subject is the visit."""
    AUTHORISE_EXTRA = "authorise_extra"
    """Whether extra work may be done at its price; the subject is the extra work."""
    SURVEY = "survey"
    """Whether all is well; the subject is the customer callback."""
    OUTCOME = "outcome"
    """Whether a report that puts the reason on the customer is right (R32); the subject is the customer callback."""


class Ended(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OVER = "over"
    """The job has ended."""


class OpenQuestion(Identified, Base):
    """Something a telephone was asked, or a job it may report about, under a three-digit job code.

    A code is unique among one telephone's questions and is not given out again for 7 days after the
    question closed.
    """

    __tablename__ = "open_question"
    __table_args__ = (
        Index("uq_open_question_code", "phone", "code", unique=True, postgresql_where="closed_at is null"),
        Index("ix_open_question_phone", "phone", "closed_at"),
        Index(
            "uq_open_question_subject", "phone", "kind", "subject_id", unique=True, postgresql_where="closed_at is null"
        ),
        Index("ix_open_question_subject", "kind", "subject_id", postgresql_where="closed_at is null"),
        CheckConstraint("code ~ '^[1-9][0-9]{2}$'", name="three_digits"),
        CheckConstraint("(closed_at is null) = (ended is null)", name="closed_says_how"),
    )

    phone: Mapped[str]
    code: Mapped[str]
    kind: Mapped[QuestionKind]
    subject_id: Mapped[int]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    ended: Mapped[Ended | None]


class HumanReading(Identified, Base):
    """A text that no rule understood, waiting for the desk with its thread beside it."""

    __tablename__ = "human_reading"
    __table_args__ = (Index("ix_human_reading_open", "id", postgresql_where="read_at is null"),)

    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound_message.id"), unique=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    waits_since: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    remark: Mapped[str | None]
