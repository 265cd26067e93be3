"""Tables: the cache of travel times."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Identified


class TravelPair(Identified, Base):
    """Seconds and metres from one place to another by one source; places are rounded to 1e-5 degrees (a metre)."""

    __tablename__ = "travel_pair"
    __table_args__ = (
        Index("uq_travel_pair", "source", "from_lat", "from_lon", "to_lat", "to_lon", unique=True),
        CheckConstraint("seconds >= 0", name="not_negative"),
    )

    source: Mapped[str]
    from_lat: Mapped[float] = mapped_column(Double)
    from_lon: Mapped[float] = mapped_column(Double)
    to_lat: Mapped[float] = mapped_column(Double)
    to_lon: Mapped[float] = mapped_column(Double)
    seconds: Mapped[int]
    metres: Mapped[int | None]
    measured_at: Mapped[datetime]
