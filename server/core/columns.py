"""Columns that several tables share: positions and money."""

from sqlalchemy import BigInteger, CheckConstraint, Double, String
from sqlalchemy.orm import Composite, Mapped, composite, mapped_column

from server.core.money import Money
from server.core.places import Position


class Placed:
    """A table whose rows may have a WGS-84 position."""

    lat: Mapped[float | None] = mapped_column(Double)
    lon: Mapped[float | None] = mapped_column(Double)

    @property
    def position(self) -> Position | None:
        """Return the position, or None where none is known."""
        return Position(self.lat, self.lon) if self.lat is not None and self.lon is not None else None

    @position.setter
    def position(self, value: Position | None) -> None:
        self.lat, self.lon = (value.lat, value.lon) if value else (None, None)


def money(name: str) -> Composite[Money]:
    """Return an amount as two columns: `<name>_amount` in minor units and `<name>_currency`."""
    return composite(mapped_column(f"{name}_amount", BigInteger), mapped_column(f"{name}_currency", String(3)))


def placed_checks() -> tuple[CheckConstraint, ...]:
    """Return the constraints of a table with a position: both or neither, within range, never NaN or 0, 0."""
    return (
        CheckConstraint("(lat is null) = (lon is null)", name="position_whole"),
        CheckConstraint("lat between -90 and 90 and lon between -180 and 180", name="position_in_range"),
        CheckConstraint("not (lat = 0 and lon = 0)", name="position_not_zero"),
    )
