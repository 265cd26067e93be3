"""A known caller in the intake form (R4): found by what was typed, chosen, and let go again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.console.forms import category_code, whole
from server.core.numbers import BadPhone, e164
from server.customers.files import UnknownCustomer
from server.orders import callers
from server.orders.callers import Caller
from server.orders.models import Ticket
from server.orders.past import Ended
from server.orders.words import WorkType
from server.organisation.access import Scope
from server.web.context import settings
from server.web.field_base import is_storable

_SHORTEST_SERIAL = 4
_LONGEST = 100
_FILLED = "name_filled"
"""Holds the name that choosing a customer has written: letting him go takes that name away again, and no other."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the form shows about the caller.

    :param asked: whether enough was typed to look somebody up.
    :param found: who may be calling, as long as nobody is chosen.
    :param chosen: who was chosen.
    :param open_about: the open ticket that the report will be added to, and its number may be told (R1a).
    :param guaranteed: the repair of the chosen unit whose own guarantee covers the same fault again (R6a).
    """

    asked: bool = False
    found: tuple[Caller, ...] = ()
    chosen: Caller | None = None
    open_about: Ticket | None = None
    guaranteed: Ended | None = None


def known(session: Session, typed: Mapping[str, str], *, scope: Scope, now: datetime) -> Known:
    """Return what is known about whoever has the telephone, or owns the unit, that was typed."""
    customer_id, serial = whole(typed.get("customer_id", "")), _serial(typed)
    if customer_id is not None:
        try:
            chosen_one = callers.caller(
                session,
                customer_id=customer_id,
                scope=scope,
                now=now,
                serial=serial,
                unit_id=whole(typed.get("equipment_id", "")),
            )
        except UnknownCustomer:
            return Known()
        open_about = _open_about(session, typed, chosen_one, scope=scope)
        return Known(chosen=chosen_one, open_about=open_about, guaranteed=_guaranteed(typed, chosen_one))
    phone = _phone(typed)
    if phone is None and serial is None:
        return Known()
    return Known(asked=True, found=callers.recognise(session, scope=scope, now=now, phone=phone, serial=serial))


def chosen(session: Session, typed: Mapping[str, str], *, scope: Scope, now: datetime) -> Mapping[str, str]:
    """Return what the form holds after the button `choose` was pressed, if it was: with a customer's id, or without.

    What was typed about place and unit stays, for whoever lets the customer go again.

    :raises UnknownCustomer: if the customer is not the caller's.
    """
    held = {name: text for name, text in typed.items() if name != "choose"}
    if "choose" not in typed:
        return held
    filled = held.pop(_FILLED, "")
    if filled and held.get("name") == filled:
        held["name"] = ""
    for name in ("customer_id", "site_id", "equipment_id", "second_ticket_reason", "new_fault"):
        held.pop(name, None)
    customer_id = whole(typed["choose"])
    return held if customer_id is None else {**held, **_fill(session, held, customer_id, scope=scope, now=now)}


def _fill(
    session: Session, held: Mapping[str, str], customer_id: int, *, scope: Scope, now: datetime
) -> dict[str, str]:
    """Return what a customer's file fills in: what there is no doubt about."""
    serial = _serial(held)
    caller = callers.caller(session, customer_id=customer_id, scope=scope, now=now, serial=serial)
    filled = {"customer_id": str(customer_id)}
    category = category_code(held.get("product_category", ""))
    alike = [unit for unit in caller.units if not category or unit.category == category]
    units = [unit for unit in caller.units if serial is not None and unit.serial == serial] or alike
    unit = units[0] if len(units) == 1 else None
    here = [site for site in caller.sites if unit is not None and site.id == unit.site_id] or list(caller.sites)
    if unit is not None and (serial is None or unit.serial == serial):
        filled["equipment_id"] = str(unit.id)
    if len(here) == 1:
        filled["site_id"] = str(here[0].id)
    if not held.get("name", "").strip():
        filled |= {"name": caller.customer.name, _FILLED: caller.customer.name}
    return filled


def _open_about(session: Session, typed: Mapping[str, str], caller: Caller, *, scope: Scope) -> Ticket | None:
    """Return the open ticket that the report, as the form stands, is about."""
    site_id, unit_id = whole(typed.get("site_id", "")), whole(typed.get("equipment_id", ""))
    unit = next((each for each in caller.units if each.id == unit_id), None)
    work_type, category = typed.get("work_type", ""), category_code(typed.get("product_category", ""))
    if work_type not in set(WorkType) or not is_storable(category, lines=False):
        return None
    ticket = callers.open_about(
        session,
        site_id=site_id if any(site.id == site_id for site in caller.sites) else None,
        equipment_id=unit.id if unit is not None else None,
        work_type=WorkType(work_type),
        product_category=unit.category if unit is not None else category,
    )
    # Of another part of the company nothing is told, not even its number.
    is_told = ticket is not None and scope.region_id in {None, ticket.region_id}
    return ticket if is_told else None


def _guaranteed(typed: Mapping[str, str], caller: Caller) -> Ended | None:
    """Return the repair whose guarantee the report, as the form stands, falls under (R6a)."""
    unit_id = whole(typed.get("equipment_id", ""))
    if unit_id is None or typed.get("work_type", "") != WorkType.REPAIR:
        return None
    covering = (each for each in caller.ended if each.equipment_id == unit_id and each.guarantee_until is not None)
    return next(covering, None)


def _phone(typed: Mapping[str, str]) -> str | None:
    """Return the telephone in international form, None while it is not a whole number yet."""
    text = typed.get("phone", "").strip()
    if not text or len(text) > _LONGEST or not is_storable(text, lines=False):
        return None
    try:
        return e164(text, country=settings().country)
    except BadPhone:
        return None


def _serial(typed: Mapping[str, str]) -> str | None:
    text = typed.get("serial", "").strip()
    fits = _SHORTEST_SERIAL <= len(text) <= _LONGEST and is_storable(text, lines=False)
    return text if fits else None
