"""The special-sale list: units sold without warranty, by serial number (R6)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.errors import Conflict
from server.customers.models import SpecialSale


class AlreadyListed(Conflict):
    """The serial number is on the special-sale list already."""

    code = "special_sale.listed"


def list_special_sale(
    session: Session, *, serial: str, kind: str, model: str | None = None, sold_on: date | None = None
) -> SpecialSale:
    """Put a unit that was sold without warranty on the list (R6).

    :raises AlreadyListed: if it is there.
    """
    if is_special_sale(session, serial):
        raise AlreadyListed(serial=serial)
    sale = SpecialSale(serial=serial, model=model, kind=kind, sold_on=sold_on)
    session.add(sale)
    session.flush()
    return sale


def is_special_sale(session: Session, serial: str | None) -> bool:
    """Return whether a unit was sold without warranty (R6); without a serial number nobody can say so."""
    if serial is None:
        return False
    return session.scalar(select(SpecialSale.id).where(SpecialSale.serial == serial)) is not None
