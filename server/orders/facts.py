"""Correcting a ticket's facts: who, what and why; every correction judges the ticket again (R2a)."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.errors import Conflict, Invalid
from server.core.events import Actor, note, record
from server.core.places import Position
from server.customers import files
from server.customers.files import NewSite
from server.customers.models import Customer, Equipment, Site, Zone
from server.orders import judged, judging
from server.orders.judging import Known
from server.orders.locks import lock_ticket
from server.orders.models import Correction, Ticket
from server.orders.rejudging import judge_again
from server.orders.status import OPEN_TICKET, TicketEvent
from server.orders.words import ChargeCategory, Priority
from server.sms import privacy_numbers


class Unchanged(StrEnum):
    """Says that a fact is left as it is; None would say that it is not known any more."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class Changes:
    """What a correction changes; everything not named stays.

    A new address makes the position untrusted, unless `locate` says where it is. Where the ticket has no place yet,
    an address makes one, in the ticket's region.
    """

    customer_name: str | Unchanged = UNCHANGED
    contact_name: str | Unchanged | None = UNCHANGED
    contact_phone: str | Unchanged | None = UNCHANGED
    description: str | Unchanged = UNCHANGED
    wish: str | Unchanged | None = UNCHANGED
    product_category: str | Unchanged = UNCHANGED
    charge_category: ChargeCategory | Unchanged = UNCHANGED
    priority: Priority | Unchanged = UNCHANGED
    skill: str | Unchanged | None = UNCHANGED
    skill_level: int | Unchanged = UNCHANGED
    duration: timedelta | Unchanged = UNCHANGED
    read_on_site: tuple[str, ...] | Unchanged = UNCHANGED
    new_fault: bool | Unchanged = UNCHANGED
    address: str | Unchanged = UNCHANGED
    zone: Zone | Unchanged = UNCHANGED
    access: str | Unchanged | None = UNCHANGED
    brand: str | Unchanged | None = UNCHANGED
    model: str | Unchanged | None = UNCHANGED
    serial: str | Unchanged | None = UNCHANGED
    purchased_on: date | Unchanged | None = UNCHANGED

    def named(self) -> dict[str, Any]:
        """Return the facts that are changed, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not UNCHANGED}


_ON_SITE = frozenset({"address", "zone", "access"})
_ON_UNIT = frozenset({"brand", "model", "serial", "purchased_on"})


class TicketClosed(Conflict):
    """The ticket has ended; what its record says stands."""

    code = "ticket.closed"


class TicketOutdated(Conflict):
    """Somebody else changed the ticket since the caller read it."""

    code = "ticket.outdated"
    status = 412


class NothingChanged(Invalid):
    """The correction changes nothing."""

    code = "correction.empty"


class ReasonMissing(Invalid):
    """What is done here needs a reason."""

    code = "reason.missing"


class SiteMissing(Invalid):
    """The ticket has no place yet whose facts could be corrected."""

    code = "ticket.site_missing"


class SerialOfAnother(Conflict):
    """The serial number belongs to a unit of another customer."""

    code = "unit.serial_of_another"


def correct(
    session: Session, *, ticket_id: int, version: int | None, changes: Changes, reason: str, by: Actor, now: datetime
) -> Ticket:
    """Correct facts of an open ticket and judge it again: completeness, warranty, who pays, due time (R2a).

    Every changed fact is kept with what it was before. Event: `ticket.correct` with the names of the facts, and
    with how the ticket was judged before and after.

    :param version: of the ticket as the caller read it; None where he read none (a text message).
    :raises UnknownTicket: if there is none.
    :raises TicketClosed: if it has ended.
    :raises TicketOutdated: if it was changed in between.
    :raises ReasonMissing: if no reason is given.
    :raises NothingChanged: if no fact is different.
    :raises SiteMissing: if a fact of the place is corrected before there is a place, and no address makes one.
    :raises SerialOfAnother: if the serial is that of another customer's unit.
    """
    ticket = _open_ticket(session, ticket_id, version, reason)
    before, judged_before = judging.known_about(session, ticket), judged.of(ticket)
    zone_before = judging.zone_of(before)
    named = changes.named()
    if isinstance(named.get("contact_phone"), str):
        named["contact_phone"] = files.telephone(named["contact_phone"])
    if before.site is None and named.get("address"):
        before = _with_place(session, before)
    said = _Said(reason, by, now)
    changed = ["serial"] if _unit_is_known(session, before, named, said) else []
    changed += [name for name, value in named.items() if _set(session, before, name, value, said)]
    if not changed:
        raise NothingChanged
    privacy_numbers.bind(session, [ticket.contact_phone], ticket_id=ticket.id, now=now)
    judge_again(session, ticket, zone_before=zone_before, changed=changed, by=by, now=now)
    details = {"facts": changed, **judged.kept(judged_before, ticket)}
    note(session, ticket, "correct", by=by, now=now, reason=reason, details=details)
    return ticket


def _open_ticket(session: Session, ticket_id: int, version: int | None, reason: str) -> Ticket:
    if not reason.strip():
        raise ReasonMissing
    ticket = lock_ticket(session, ticket_id)
    if version is not None and version != ticket.version:
        raise TicketOutdated(ticket_id=ticket.id)
    if ticket.status not in OPEN_TICKET:
        raise TicketClosed(number=ticket.number, status=str(ticket.status))
    return ticket


def _with_place(session: Session, known: Known) -> Known:
    """Give a ticket that was reported without an address its place; what that is follows as corrections of it."""
    site = files.make_site(session, NewSite("", known.ticket.region_id), customer=known.customer)
    known.ticket.site_id = site.id
    return replace(known, site=site)


@dataclass(frozen=True, slots=True)
class _Said:
    """Why, who and when."""

    reason: str
    by: Actor
    now: datetime


def _unit_is_known(session: Session, known: Known, named: dict[str, Any], said: _Said) -> bool:
    """Let the ticket be about the unit that the file has under the new serial, if there is one.

    The serial is then no change of a unit any more and is taken out of what is named.
    """
    serial = named.get("serial")
    unit = session.scalar(select(Equipment).where(Equipment.serial == serial)) if serial is not None else None
    if unit is None or unit.id == known.ticket.equipment_id:
        return False
    if unit.customer_id != known.ticket.customer_id:
        raise SerialOfAnother(serial=serial)
    del named["serial"]
    _keep(session, known.ticket, "serial", known.unit.serial if known.unit else None, serial, said)
    known.ticket.equipment_id = unit.id
    return True


def _set(session: Session, known: Known, name: str, value: Any, said: _Said) -> bool:
    """Change one fact where it is kept, and keep what it was; return whether it is another now."""
    holder = _holder(session, known, name)
    attribute = "name" if name == "customer_name" else name
    before, after = getattr(holder, attribute), list(value) if isinstance(value, tuple) else value
    if before == after:
        return False
    setattr(holder, attribute, after)
    if name == "address" and isinstance(holder, Site):
        holder.position_trusted = False
    _keep(session, known.ticket, name, before, after, said)
    return True


def _keep(session: Session, ticket: Ticket, name: str, before: Any, after: Any, said: _Said) -> None:
    session.add(
        Correction(
            ticket_id=ticket.id,
            field=name,
            before={"value": _plain(before)},
            after={"value": _plain(after)},
            at=said.now,
            actor_kind=said.by.kind,
            actor_id=said.by.id,
            via=said.by.via,
            reason=said.reason,
        )
    )


def _holder(session: Session, known: Known, name: str) -> Ticket | Customer | Site | Equipment:
    """Return the row that keeps a fact; a unit is made where the ticket had none."""
    ticket = known.ticket
    if name == "customer_name":
        return known.customer
    if name in _ON_SITE:
        if known.site is None:
            raise SiteMissing
        return known.site
    if name not in _ON_UNIT:
        return ticket
    if ticket.equipment_id is None:
        unit = Equipment(customer_id=ticket.customer_id, site_id=ticket.site_id, category=ticket.product_category)
        session.add(unit)
        session.flush()
        ticket.equipment_id = unit.id
    return session.get_one(Equipment, ticket.equipment_id)


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return round(value.total_seconds())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Position):
        return {"lat": value.lat, "lon": value.lon}
    return str(value) if isinstance(value, StrEnum) else value


def override(session: Session, *, ticket_id: int, reason: str, by: Actor, now: datetime) -> Ticket:
    """Let an incomplete ticket be dispatched all the same (R2): a supervisor's decision, with a reason.

    What is missing stays named. The customer's clock starts.

    :raises UnknownTicket: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises IllegalTransition: if the ticket is not incomplete.
    """
    ticket = _open_ticket(session, ticket_id, None, reason)
    record(
        session,
        ticket,
        TicketEvent.OVERRIDE_FACTS,
        by=by,
        now=now,
        reason=reason,
        details={"missing": list(ticket.missing)},
    )
    judging.start_clock(judging.known_about(session, ticket), terms=judging.policies_at(session, now), at=now)
    return ticket


def confirm_answer(session: Session, *, ticket_id: int, by: Actor, now: datetime) -> Ticket:
    """Keep that the customer's number has answered, which a payee's report waits for (R1).

    Confirmed again it changes nothing. Event: `ticket.answered`, with how the ticket was judged before and after.

    :raises UnknownTicket: if there is none.
    :raises TicketClosed: if it has ended.
    """
    ticket = _open_ticket(session, ticket_id, None, "answered")
    if ticket.answered_at is None:
        ticket.answered_at, judged_before = now, judged.of(ticket)
        zone = judging.zone_of(judging.known_about(session, ticket))
        judge_again(session, ticket, zone_before=zone, changed=[], by=by, now=now)
        note(session, ticket, "answered", by=by, now=now, details=judged.kept(judged_before, ticket))
    return ticket


def locate(
    session: Session,
    *,
    ticket_id: int,
    position: Position,
    trusted: bool,
    by: Actor,
    now: datetime,
    zone: Zone | None = None,
    reason: str = "located",
) -> Ticket:
    """Say where a ticket's place is (WGS-84) and whether that may be planned with; kept as a correction (R2a).

    A trusted position that is not there yet keeps a ticket out of every plan. Event: `ticket.locate`, with how the
    ticket was judged before and after.

    :param zone: the price zone, where that turns out to be another.
    :param reason: how somebody knows; kept with the correction.
    :raises UnknownTicket: if there is none.
    :raises TicketClosed: if it has ended.
    :raises SiteMissing: if the ticket has no place.
    """
    ticket = _open_ticket(session, ticket_id, None, reason)
    known = judging.known_about(session, ticket)
    if known.site is None:
        raise SiteMissing
    zone_before, said, judged_before = judging.zone_of(known), _Said(reason, by, now), judged.of(ticket)
    _keep(session, ticket, "position", known.site.position, position, said)
    known.site.position = position
    known.site.position_trusted = trusted
    if zone is not None:
        _set(session, known, "zone", zone, said)
    judge_again(session, ticket, zone_before=zone_before, changed=[], by=by, now=now)
    note(session, ticket, "locate", by=by, now=now, details={"trusted": trusted, **judged.kept(judged_before, ticket)})
    return ticket
