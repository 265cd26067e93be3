"""Serial numbers that a completion card brings to the customer's file (R22)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.clock import local_day
from server.core.events import Actor, note
from server.customers.models import Equipment
from server.orders import judging
from server.orders.charging import CardClaim
from server.orders.models import Correction, Ticket
from server.orders.words import VisitResult, WorkType


def keep_serial(session: Session, ticket: Ticket, *, card: CardClaim, by: Actor, now: datetime) -> None:
    """Take the serial of an installed or exchanged unit into the customer's file, with what it was before.

    A serial that the file has under another unit already is left there: the card keeps the claim, and the
    event `ticket.serial_known` shows the contradiction. The installation's day is kept as well.
    """
    if ticket.equipment_id is None:
        return
    unit = session.get_one(Equipment, ticket.equipment_id)
    installs = ticket.work_type is WorkType.INSTALLATION
    if card.fitted_serial is not None and (installs or card.result is VisitResult.EXCHANGED):
        _use(session, ticket, unit, serial=card.fitted_serial, by=by, now=now)
    if installs and unit.installed_on is None:
        today = local_day(now, judging.time_zone(session, judging.known_about(session, ticket)))
        unit.installed_on = max(today, unit.purchased_on or today)


def _use(session: Session, ticket: Ticket, unit: Equipment, *, serial: str, by: Actor, now: datetime) -> None:
    if unit.serial == serial:
        return
    other = session.scalar(select(Equipment.id).where(Equipment.serial == serial))
    if other is not None:
        note(session, ticket, "serial_known", by=by, now=now, details={"serial": serial, "equipment_id": other})
        return
    session.add(
        Correction(
            ticket_id=ticket.id,
            field="serial",
            before={"value": unit.serial},
            after={"value": serial},
            at=now,
            actor_kind=by.kind,
            actor_id=by.id,
            via=by.via,
            reason="completion card",
        )
    )
    unit.serial = serial
