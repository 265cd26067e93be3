"""Tables: the part catalogue."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.core.columns import money
from server.core.db import Base, Identified
from server.core.money import Money


class Part(Identified, Base):
    """A part that can be fitted, known by its number."""

    __tablename__ = "part"

    number: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str]
    name_zh: Mapped[str]
    category: Mapped[str | None]


class PartPrice(Identified, Base):
    """The list price of a part from a day on."""

    __tablename__ = "part_price"
    __table_args__ = (
        Index("uq_part_price_day", "part_id", "valid_from", unique=True),
        CheckConstraint("price_amount >= 0", name="not_negative"),
    )

    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    valid_from: Mapped[date]
    price: Mapped[Money] = money("price")
