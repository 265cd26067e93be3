"""Tables: questions open at a telephone, with their job codes; texts that a human must read."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Identified


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
        CheckConstraint("code ~ '^[1-9][0-9]{2}$'", name="three_digits"),
    )

    phone: Mapped[str]
    code: Mapped[str]
    kind: Mapped[str]
    """`job` (a technician's visit), `confirm_visit`, `authorise_extra`, `survey` (a customer's)."""
    subject_id: Mapped[int]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


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
