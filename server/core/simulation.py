"""Simulated time: one row, written by a rehearsal's conductor, read at the start of every request and job.

A process uses it only if it was started so *and* the database carries the row, which nothing but
`truckroll rehearse` writes: no header, parameter or environment value sets the time. The application's
role may read the row and not touch it.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Engine, select
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Simulation(Base):
    """The mark of a rehearsal's database, and its present instant."""

    __tablename__ = "simulation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


_AT = select(Simulation.__table__.c.at)


class NotARehearsal(RuntimeError):
    """A process was started on simulated time, but its database carries no mark of a rehearsal."""


class SimulatedClock:
    """The clock of a rehearsal."""

    def __init__(self, engine: Engine) -> None:
        # One statement is all: a transaction around it would be two round trips more, with every request.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def read(self) -> datetime:
        """Return the conductor's present instant.

        :raises NotARehearsal: if the database carries no mark.
        """
        with self._engine.connect() as connection:
            at: datetime | None = connection.execute(_AT).scalar_one_or_none()
        if at is None:
            raise NotARehearsal
        return at
