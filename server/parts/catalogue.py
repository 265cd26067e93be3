"""The part catalogue: parts by number, and their list prices day by day."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.errors import Conflict, NotFound
from server.core.money import Money
from server.parts.models import Part, PartPrice


class PartKnown(Conflict):
    """The catalogue has a part of this number."""

    code = "part.known"


class NoSuchPart(NotFound):
    """The catalogue has no part of this number."""

    code = "part.unknown"


def add(session: Session, *, number: str, name_en: str, name_zh: str, category: str | None = None) -> Part:
    """Add a part to the catalogue.

    :raises PartKnown: if its number is taken.
    """
    if ids_of(session, [number]):
        raise PartKnown(number=number)
    part = Part(number=number, name_en=name_en, name_zh=name_zh, category=category)
    session.add(part)
    session.flush()
    return part


def find(session: Session, number: str) -> Part:
    """Return a part by its number.

    :raises NoSuchPart: if there is none.
    """
    part = session.scalar(select(Part).where(Part.number == number))
    if part is None:
        raise NoSuchPart
    return part


def one(session: Session, part_id: int) -> Part:
    """Return a part.

    :raises NoSuchPart: if there is none.
    """
    part = session.get(Part, part_id)
    if part is None:
        raise NoSuchPart
    return part


def ids_of(session: Session, numbers: Iterable[str]) -> dict[str, int]:
    """Return the ids of those parts that the catalogue has, by number."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    parts = session.scalars(select(Part).where(Part.number.in_(wanted)))
    return {part.number: part.id for part in parts}


def set_price(session: Session, *, part_id: int, price: Money, valid_from: date) -> None:
    """Set the list price of a part from a day on; a price set before for that very day is replaced."""
    row = insert(PartPrice).values(
        part_id=part_id, valid_from=valid_from, price_amount=price.amount, price_currency=price.currency
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["part_id", "valid_from"],
            set_={"price_amount": row.excluded.price_amount, "price_currency": row.excluded.price_currency},
        )
    )


def price_on(session: Session, *, part_id: int, day: date) -> Money | None:
    """Return the list price valid on a day, None where none was set yet (R29: the day of fitting counts)."""
    row = session.scalar(
        select(PartPrice)
        .where(PartPrice.part_id == part_id, PartPrice.valid_from <= day)
        .order_by(PartPrice.valid_from.desc())
        .limit(1)
    )
    return row.price if row is not None else None


def search(session: Session, *, text: str = "", after: str = "", limit: int = 50) -> list[Part]:
    """Return parts in the order of their numbers, from behind a number on; ``text`` begins a number or is in a name."""
    query = select(Part).where(Part.number > after).order_by(Part.number).limit(limit)
    if text.strip():
        wanted = text.strip()
        query = query.where(
            Part.number.istartswith(wanted, autoescape=True)
            | Part.name_en.icontains(wanted, autoescape=True)
            | Part.name_zh.icontains(wanted, autoescape=True)
        )
    return list(session.scalars(query))
