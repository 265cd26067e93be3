"""Taking in a report by telephone: one form, the errors beside their fields, nothing lost."""

from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console
from server.console.frame import page
from server.console.words import say
from server.core import clock
from server.core.errors import Invalid
from server.core.events import Via
from server.core.places import Position
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.customers.models import Zone
from server.orders import intake
from server.orders.intake import NewReport, Registered
from server.orders.words import Channel, Priority, WorkType
from server.organisation.models import Region, Role
from server.technicians import queries as technicians
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database, settings
from server.web.errors import broken_rules
from server.web.fields import BaseSchema, Day, Enum, Id, Latitude, Longitude, Phone, Text, broken
from server.web.locale import locale
from server.web.texts import LOCALES

_DESK = (Role.DISPATCHER, Role.SUPERVISOR)
CATEGORIES = ("air_conditioner", "refrigerator", "washing_machine", "gas_water_heater", "television")
"""Products that the form proposes by their words; any other is kept as it was typed."""


class IntakeSchema(BaseSchema):
    """What the form holds; an empty field is absent."""

    name = Text(required=True, most=200)
    phone = Phone(required=True)
    region_id = Id(required=True)
    address = Text(load_default=None, most=500)
    zone = Enum(Zone, load_default=Zone.URBAN)
    lat = Latitude(load_default=None)
    lon = Longitude(load_default=None)
    work_type = Enum(WorkType, required=True)
    product_category = Text(required=True, most=100)
    model = Text(load_default=None, most=100)
    serial = Text(load_default=None, most=100)
    purchased_on = Day(load_default=None)
    skill = Text(load_default=None, most=60)
    priority = Enum(Priority, load_default=Priority.NORMAL)
    description = Text(required=True, most=2000, lines=True)
    wish = Text(load_default=None, most=500, lines=True)


@console.get("/console/tickets/new")
@allowed(*_DESK)
def intake_form() -> tuple[str, int]:
    """Show an empty form."""
    return _form({})


@console.post("/console/tickets/new")
@allowed(*_DESK)
def take_in() -> Response | tuple[str, int]:
    """Take the report in, or show what is wrong with it beside what was typed."""
    typed = {name: value for name, value in request.form.items() if name in IntakeSchema().fields and value.strip()}
    # A number field of a page is text; the schema's numbers are strict.
    given: dict[str, Any] = {**typed, **{name: _number(typed[name]) for name in ("lat", "lon") if name in typed}}
    if "product_category" in typed:
        given["product_category"] = _category(typed["product_category"])
    if typed.get("region_id", "").isdecimal():
        given["region_id"] = int(typed["region_id"])
    try:
        body: dict[str, Any] = IntakeSchema().load(given)
        position = _position(body)
        registered = database().attempt(lambda session: _register(session, body, position))
    except ValidationError as error:
        errors = {each.field: each.message for each in broken_rules(error.messages)}
        text = texts.said("request.rules_broken", locale=locale(), details={})
        return _form(request.form, errors=errors, problem=text, status=422)
    except Invalid as refusal:
        return _form(request.form, problem=texts.of(refusal, locale=locale()), status=422)
    done = "ticket.fact_added" if registered.added else "ticket.registered"
    return redirect(url_for("console.ticket", ticket_id=registered.ticket.id, done=done), code=303)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _category(text: str) -> str:
    """Return the code of a product that is named by its word in any language; other words stay."""
    named = text.strip().casefold()
    codes = (
        code for code in CATEGORIES for each in LOCALES if say(f"word.category.{code}", locale=each).casefold() == named
    )
    return next(codes, text)


def _position(body: dict[str, Any]) -> Position | None:
    lat, lon = body["lat"], body["lon"]
    if (lat is None) != (lon is None):
        raise ValidationError({"lon" if lon is None else "lat": broken("required").messages})
    return Position(lat, lon) if lat is not None else None


def _register(session: Session, body: dict[str, Any], position: Position | None) -> Registered:
    unit = NewUnit(
        body["product_category"], model=body["model"], serial=body["serial"], purchased_on=body["purchased_on"]
    )
    site = NewSite(
        body["address"] or "",
        body["region_id"],
        zone=body["zone"],
        position=position,
        trusted=position is not None,
    )
    report = NewReport(
        customer=NewCustomer(body["name"], phones=(body["phone"],), country=settings().country),
        site=site if body["address"] else None,
        region_id=body["region_id"],
        equipment=unit if body["model"] or body["serial"] or body["purchased_on"] else None,
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
    )
    return intake.register(session, report, by=current().actor(Via.CONSOLE), now=clock.now())


def _form(typed: Any, *, status: int = 200, **shown: Any) -> tuple[str, int]:
    with database().transaction() as session:
        regions = list(session.scalars(select(Region).order_by(Region.name)))
        skills = technicians.skills(session)
    return page(
        "intake.html",
        status=status,
        typed=typed,
        regions=regions,
        skills=skills,
        work_types=list(WorkType),
        zones=list(Zone),
        priorities=list(Priority),
        categories=CATEGORIES,
        **shown,
    )
