"""Tables: answers kept for repeated requests."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Identified, Json


class IdempotencyKey(Identified, Base):
    """A key that a caller chose for a change, and the answer it got (fault 41).

    Written in the transaction of the change: both are there, or neither.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (
        Index("uq_idempotency_key", "caller", "route", "key", unique=True),
        Index("ix_idempotency_key_age", "created_at", postgresql_where="not keep"),
    )

    caller: Mapped[str]
    route: Mapped[str]
    key: Mapped[str]
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[Json]
    location: Mapped[str | None]
    etag: Mapped[str | None]
    keep: Mapped[bool]
    """Money: kept for ever."""
    created_at: Mapped[datetime]
