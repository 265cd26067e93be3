"""Taking in a report by telephone: one form, errors beside their fields, nothing lost, a known caller recognised."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console, known_caller
from server.console.forms import CATEGORIES, category_code, errors_of, rules_broken
from server.console.frame import page
from server.console.roles import DESK
from server.core import clock
from server.core.errors import Refusal
from server.core.events import Via
from server.core.places import Position
from server.customers import queries as customers
from server.customers.files import NewCustomer, NewSite, NewUnit, UnknownUnit
from server.customers.models import Zone
from server.orders import intake
from server.orders.intake import NewReport, Registered, UnknownRegion
from server.orders.words import Channel, Priority, WorkType
from server.organisation.models import Region
from server.technicians import queries as technicians
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database, settings
from server.web.fields import BaseSchema, Day, Enum, Flag, Id, Latitude, Longitude, Phone, Text, broken
from server.web.locale import locale
from server.web.schemas import SHORT

_OF_PLACE = frozenset({"region_id", "address", "zone", "lat", "lon"})
_OF_UNIT = frozenset({"product_category", "model", "serial", "purchased_on"})
_OF_CUSTOMER = frozenset({"site_id", "equipment_id", "second_ticket_reason", "new_fault"})
_NUMBERS = ("lat", "lon")
_IDS = ("region_id", "customer_id", "site_id", "equipment_id")


class IntakeSchema(BaseSchema):
    """What the form holds; an empty field is absent."""

    name = Text(required=True, most=200)
    phone = Phone(required=True)
    customer_id = Id(load_default=None)
    site_id = Id(load_default=None)
    region_id = Id(load_default=None)
    address = Text(load_default=None, most=500)
    zone = Enum(Zone, load_default=Zone.URBAN)
    lat = Latitude(load_default=None)
    lon = Longitude(load_default=None)
    work_type = Enum(WorkType, required=True)
    equipment_id = Id(load_default=None)
    product_category = Text(load_default=None, most=100)
    model = Text(load_default=None, most=100)
    serial = Text(load_default=None, most=100)
    purchased_on = Day(load_default=None)
    skill = Text(load_default=None, most=60)
    priority = Enum(Priority, load_default=Priority.NORMAL)
    description = Text(required=True, most=2000, lines=True)
    wish = Text(load_default=None, most=500, lines=True)
    second_ticket_reason = Text(load_default=None, most=SHORT, lines=True)
    new_fault = Flag(load_default=False)


@console.get("/console/tickets/new")
@allowed(*DESK)
def intake_form() -> tuple[str, int]:
    """Show an empty form."""
    return _form({})


@console.post("/console/tickets/new")
@allowed(*DESK)
def take_in() -> Response | tuple[str, int]:
    """Take the report in, or show what is wrong with it beside what was typed."""
    try:
        body: dict[str, Any] = IntakeSchema().load(_given(request.form))
        _demand_needed(body)
        registered = database().attempt(lambda session: _register(session, body))
    except ValidationError as error:
        return _form(request.form, errors=errors_of(error), problem=rules_broken(), status=422)
    except Refusal as refusal:
        return _form(request.form, problem=texts.of(refusal, locale=locale()), status=refusal.status)
    done = "ticket.fact_added" if registered.added else "ticket.registered"
    return redirect(url_for("console.ticket", ticket_id=registered.ticket.id, done=done), code=303)


@console.get("/console/tickets/new/caller")
@allowed(*DESK)
def caller_form() -> Response:
    """Lead whoever opens the address of a look-up to the form: what was typed there is in no address."""
    return redirect(url_for("console.intake_form"))


@console.post("/console/tickets/new/caller")
@allowed(*DESK)
def look_up_caller() -> tuple[str, int]:
    """Show the form again with whoever has the telephone or owns the unit, or with the customer who was chosen.

    Sent and not asked for: a telephone number in an address would stand in every log on its way.
    """
    with database().transaction() as session:
        typed = known_caller.chosen(session, request.form, scope=current().scope, now=clock.now())
    return _form(typed, just_chosen="choose" in request.form)


def _given(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the schema is to look at: nothing of what a chosen customer, place or unit says already."""
    given: dict[str, Any] = {
        name: text for name, text in form.items() if name in IntakeSchema().fields and text.strip()
    }
    ignored = set() if "customer_id" in given else set(_OF_CUSTOMER)
    ignored |= _OF_PLACE if "site_id" in given.keys() - ignored else set()
    ignored |= _OF_UNIT if "equipment_id" in given.keys() - ignored else set()
    given = {name: text for name, text in given.items() if name not in ignored}
    # A number field of a page is text; the schema's numbers are strict.
    given |= {name: _number(given[name]) for name in _NUMBERS if name in given}
    given |= {name: int(given[name]) for name in _IDS if given.get(name, "").isdecimal()}
    if "new_fault" in given:
        given["new_fault"] = given["new_fault"] == "yes"
    if "product_category" in given:
        given["product_category"] = category_code(given["product_category"])
    return given


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _demand_needed(body: dict[str, Any]) -> None:
    """Refuse a report that lacks what no chosen place or unit says.

    :raises ValidationError: on each field that is needed.
    """
    needed = {"region_id": body["site_id"], "product_category": body["equipment_id"]}
    absent = [name for name, instead in needed.items() if instead is None and body[name] is None]
    if (body["lat"] is None) != (body["lon"] is None):
        absent.append("lon" if body["lon"] is None else "lat")
    if absent:
        raise ValidationError({name: broken("required").messages for name in absent})


def _register(session: Session, body: dict[str, Any]) -> Registered:
    scope = current().scope
    if body["customer_id"] is not None:
        customers.customer_of(session, body["customer_id"], scope=scope)
    if body["site_id"] is not None:
        customers.site_of(session, body["site_id"], scope=scope)
    elif scope.region_id not in {None, body["region_id"]}:
        raise UnknownRegion(region_id=body["region_id"])
    unit = _unit(session, body)
    report = NewReport(
        customer=body["customer_id"] or NewCustomer(body["name"], phones=(body["phone"],), country=settings().country),
        site=body["site_id"] or _new_site(body),
        region_id=body["region_id"],
        equipment=unit,
        work_type=body["work_type"],
        product_category=body["product_category"],
        channel=Channel.PHONE,
        description=body["description"],
        wish=body["wish"],
        contact_name=body["name"],
        contact_phone=body["phone"],
        skill=body["skill"],
        priority=body["priority"],
        opened_at=clock.now(),
        new_fault=body["new_fault"],
        second_ticket_reason=body["second_ticket_reason"],
    )
    return intake.register(session, report, by=current().actor(Via.CONSOLE), now=clock.now())


def _unit(session: Session, body: dict[str, Any]) -> int | NewUnit | None:
    """Return the unit that the work is on; a chosen one says what product it is."""
    if body["equipment_id"] is not None:
        unit = customers.unit_of(session, body["equipment_id"], scope=current().scope)
        if unit.customer_id != body["customer_id"]:
            raise UnknownUnit
        body["product_category"] = unit.category
        return unit.id
    if not (body["model"] or body["serial"] or body["purchased_on"]):
        return None
    return NewUnit(
        body["product_category"], model=body["model"], serial=body["serial"], purchased_on=body["purchased_on"]
    )


def _new_site(body: dict[str, Any]) -> NewSite | None:
    if not body["address"]:
        return None
    position = Position(body["lat"], body["lon"]) if body["lat"] is not None else None
    return NewSite(
        body["address"], body["region_id"], zone=body["zone"], position=position, trusted=position is not None
    )


def _form(typed: Mapping[str, str], *, status: int = 200, **shown: Any) -> tuple[str, int]:
    scope = current().scope
    with database().transaction() as session:
        regions = select(Region).order_by(Region.name)
        if scope.region_id is not None:
            regions = regions.where(Region.id == scope.region_id)
        known = known_caller.known(session, typed, scope=scope, now=clock.now())
        found = list(session.scalars(regions))
        skills = technicians.skills(session)
    return page(
        "intake.html",
        status=status,
        typed=typed,
        known=known,
        regions=found,
        skills=skills,
        work_types=list(WorkType),
        zones=list(Zone),
        priorities=list(Priority),
        categories=CATEGORIES,
        most_reason=SHORT,
        **shown,
    )
