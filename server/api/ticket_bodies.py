"""What is told about tickets: reports, corrections, agreements, hindrances."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import post_load, validates_schema

from server.core.db import Json
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.customers.models import Zone
from server.orders.facts import Changes
from server.orders.intake import NewReport
from server.orders.words import Channel, ChargeCategory, HindranceReason, Priority, WorkType
from server.web.context import settings
from server.web.fields import (
    BaseSchema,
    Day,
    Enum,
    Flag,
    Id,
    Instant,
    Int,
    Latitude,
    List,
    Longitude,
    Nested,
    OneOf,
    Phone,
    PositionSchema,
    Seconds,
    Text,
    TimeZone,
    broken,
)
from server.web.schemas import LONG, SHORT
from server.web.texts import LOCALES

PROFILES = ("", "public_work")
ON_SITE = ("serial", "model", "purchased_on")
"""Facts that can only be read on site (R2)."""
_LONGEST_WORK = 14 * 86_400


def _known_or_new(data: Json, *, needed: tuple[str, ...], defaults: frozenset[str] = frozenset()) -> None:
    """Refuse a thing that is both named by its id and described, or neither."""
    described = {name for name in data if name != "id"} - defaults
    if data.get("id") is not None:
        if described:
            raise broken("either")
        return
    absent = [name for name in needed if name not in data]
    if absent:
        raise broken("needed", names=absent)


class CustomerBodySchema(BaseSchema):
    """Whose ticket it is: the id of a file, or a name and telephones."""

    id = Id()
    name = Text(most=200)
    phones = List(Phone(), most=10, distinct=True)
    organisation = Text(allow_none=True, most=200)
    locale = OneOf(*LOCALES)

    @validates_schema
    def _one_way(self, data: Json, **_: Any) -> None:
        _known_or_new(data, needed=("name",))

    @post_load
    def _make(self, data: Json, **_: Any) -> int | NewCustomer:
        if "id" in data:
            return int(data["id"])
        phones = tuple(data.pop("phones", ()))
        return NewCustomer(**data, phones=phones, country=settings().country)


class SiteBodySchema(BaseSchema):
    """Where the work is: the id of a place, or its address."""

    id = Id()
    address = Text(most=500)
    position = Nested(PositionSchema, allow_none=True)
    position_trusted = Flag()
    time_zone = TimeZone()
    zone = Enum(Zone)
    region_id = Id()
    access = Text(allow_none=True, most=LONG, lines=True)
    external_id = Text(allow_none=True, most=200)

    @validates_schema
    def _one_way(self, data: Json, **_: Any) -> None:
        _known_or_new(data, needed=("address", "region_id", "zone"))

    @post_load
    def _make(self, data: Json, **_: Any) -> int | NewSite:
        if "id" in data:
            return int(data["id"])
        trusted = data.pop("position_trusted", False)
        return NewSite(**data, trusted=trusted)


class UnitBodySchema(BaseSchema):
    """Which unit: its id, or what is known of it."""

    id = Id()
    category = Text(most=100)
    brand = Text(allow_none=True, most=100)
    model = Text(allow_none=True, most=100)
    serial = Text(allow_none=True, most=100)
    purchased_on = Day(allow_none=True)
    installed_on = Day(allow_none=True)
    labour_warranty_until = Day(allow_none=True)
    parts_warranty_until = Day(allow_none=True)
    expenses_warranty_until = Day(allow_none=True)
    pre_sale = Flag()

    @validates_schema
    def _one_way(self, data: Json, **_: Any) -> None:
        _known_or_new(data, needed=("category",))
        bought, fitted = data.get("purchased_on"), data.get("installed_on")
        if bought is not None and fitted is not None and bought > fitted:
            raise broken("bought_first")

    @post_load
    def _make(self, data: Json, **_: Any) -> int | NewUnit:
        return int(data["id"]) if "id" in data else NewUnit(**data)


class NewReportSchema(BaseSchema):
    """A report as it is taken down; it is made now."""

    customer = Nested(CustomerBodySchema, required=True)
    site = Nested(SiteBodySchema, load_default=None, allow_none=True)
    equipment = Nested(UnitBodySchema, load_default=None, allow_none=True)
    work_type = Enum(WorkType, required=True)
    product_category = Text(required=True, most=100)
    charge_category = Enum(ChargeCategory, load_default=None, allow_none=True)
    channel = Enum(Channel, required=True)
    source = Text(load_default=None, allow_none=True, most=100)
    external_id = Text(load_default=None, allow_none=True, most=200)
    priority = Enum(Priority, load_default=Priority.NORMAL)
    description = Text(required=True, most=LONG, lines=True)
    wish = Text(load_default=None, allow_none=True, most=SHORT, lines=True)
    contact_name = Text(load_default=None, allow_none=True, most=200)
    contact_phone = Phone(load_default=None, allow_none=True)
    skill = Text(load_default=None, allow_none=True, most=60)
    skill_level = Int(load_default=1, least=1, most=9)
    duration = Seconds(load_default=None, allow_none=True, least=60, most=_LONGEST_WORK)
    profile = OneOf(*PROFILES, load_default="")
    read_on_site = List(OneOf(*ON_SITE), load_default=list, most=len(ON_SITE), distinct=True)
    deadline_at = Instant(load_default=None, allow_none=True)
    new_fault = Flag(load_default=False)
    region_id = Id(load_default=None, allow_none=True)
    second_ticket_reason = Text(load_default=None, allow_none=True, most=SHORT, lines=True)


def report_of(body: Json, *, now: datetime) -> NewReport:
    """Return the report that a body describes."""
    site = body["site"]
    if isinstance(site, NewSite) and site.external_id is not None:
        # The other system that knows the report knows the place too.
        site = replace(site, source=body["source"])
    return NewReport(**{**body, "site": site, "read_on_site": tuple(body["read_on_site"])}, opened_at=now)


class CorrectionBodySchema(BaseSchema):
    """Facts that turn out to be others; what is not named stays as it is (R2a)."""

    reason = Text(required=True, most=SHORT, lines=True)
    customer_name = Text(most=200)
    contact_name = Text(allow_none=True, most=200)
    contact_phone = Phone(allow_none=True)
    description = Text(most=LONG, lines=True)
    wish = Text(allow_none=True, most=SHORT, lines=True)
    product_category = Text(most=100)
    charge_category = Enum(ChargeCategory)
    priority = Enum(Priority)
    skill = Text(allow_none=True, most=60)
    skill_level = Int(least=1, most=9)
    duration = Seconds(least=60, most=_LONGEST_WORK)
    read_on_site = List(OneOf(*ON_SITE), most=len(ON_SITE), distinct=True)
    new_fault = Flag()
    address = Text(most=500)
    zone = Enum(Zone)
    access = Text(allow_none=True, most=LONG, lines=True)
    brand = Text(allow_none=True, most=100)
    model = Text(allow_none=True, most=100)
    serial = Text(allow_none=True, most=100)
    purchased_on = Day(allow_none=True)


def correction_of(body: Json) -> Changes:
    """Return the facts that a body changes."""
    named = {name: value for name, value in body.items() if name != "reason"}
    if "read_on_site" in named:
        named["read_on_site"] = tuple(named["read_on_site"])
    return Changes(**named)


class PositionBodySchema(BaseSchema):
    """Where the ticket's place is, by somebody who has looked it up."""

    lat = Latitude(required=True)
    lon = Longitude(required=True)
    zone = Enum(Zone, load_default=None, allow_none=True)
    reason = Text(required=True, most=SHORT, lines=True)

    @validates_schema
    def _real(self, data: Json, **_: Any) -> None:
        if data["lat"] == 0 and data["lon"] == 0:
            raise broken("position")


class WaitSchema(BaseSchema):
    """Until when a ticket waits and why; the cause decides whether its clocks stand still (R17, R18)."""

    until = Instant(required=True)
    reason = Text(required=True, most=SHORT, lines=True)
    cause = Enum(HindranceReason, load_default=HindranceReason.OTHER)


class AgreementSchema(BaseSchema):
    """The time that was agreed with the customer."""

    start = Instant(required=True, data_key="from")
    end = Instant(required=True, data_key="to")


class HindranceBodySchema(BaseSchema):
    """Why a ticket cannot be finished within the limit, and until when (R17)."""

    reason = Enum(HindranceReason, required=True)
    text = Text(required=True, most=LONG, lines=True)
    until = Day(load_default=None, allow_none=True)
