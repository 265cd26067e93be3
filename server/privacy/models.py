"""Tables: when retention looks again."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class RetentionRun(Base):
    """When the next look for what has outlived its time is due; absent before the first."""

    __tablename__ = "retention_run"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]
