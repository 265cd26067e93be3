"""How tickets are shown: a row of a list, and everything about one."""

from dataclasses import dataclass
from typing import Any

from marshmallow import missing

from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackStatus
from server.core.events import ActorKind, Via
from server.customers.models import Zone
from server.orders.records import TicketDetail
from server.orders.status import TicketStatus, VisitStatus
from server.orders.words import (
    Channel,
    ChargeCategory,
    HindranceReason,
    Priority,
    WarrantyVerdict,
    WorkType,
)
from server.web.fields import (
    BaseSchema,
    Day,
    Enum,
    Flag,
    Id,
    Instant,
    Int,
    JsonObject,
    List,
    Nested,
    PositionSchema,
    Seconds,
    TimeZone,
)
from server.web.schemas import MaskedPhone, Shown, VisitSchema

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class TicketView:
    """Everything about one ticket, as it is shown."""

    detail: TicketDetail
    callbacks: tuple[CustomerCallback, ...]

    @property
    def version(self) -> int:
        """Return the ticket's version, for the ETag."""
        return self.detail.ticket.version


class TicketRowSchema(BaseSchema):
    """A ticket as lists show it, with the visit that is ahead of it."""

    id = Id(required=True)
    number = Shown(required=True)
    status = Enum(TicketStatus, required=True)
    priority = Enum(Priority, required=True)
    work_type = Enum(WorkType, required=True)
    product_category = Shown(required=True)
    charge_category = Enum(ChargeCategory, required=True)
    warranty = Enum(WarrantyVerdict, required=True)
    description = Shown(required=True)
    customer_id = Id(required=True)
    customer_name = Shown(required=True)
    address = Shown(required=True, allow_none=True)
    zone = Enum(Zone, required=True, allow_none=True)
    located = Flag(required=True)
    region_id = Id(required=True)
    opened_at = Instant(required=True)
    due_at = Instant(required=True, allow_none=True)
    waits_until = Instant(required=True, allow_none=True)
    agreed_from = Instant(required=True, allow_none=True)
    agreed_to = Instant(required=True, allow_none=True)
    missing = List(Shown(), required=True)
    visit_id = Id(required=True, allow_none=True)
    visit_status = Enum(VisitStatus, required=True, allow_none=True)
    starts_at = Instant(required=True, allow_none=True)
    technician_id = Id(required=True, allow_none=True)
    technician_name = Shown(required=True, allow_none=True)
    version = Int(required=True)


class PhoneSchema(BaseSchema):
    """A telephone of the customer's file, masked."""

    id = Id(required=True)
    number = MaskedPhone(required=True)
    added_at = Instant(required=True)


class TicketCustomerSchema(BaseSchema):
    """Whose ticket it is."""

    id = Id(required=True)
    name = Shown(required=True)
    organisation = Shown(required=True, allow_none=True)
    locale = Shown(required=True)


class TicketSiteSchema(BaseSchema):
    """Where the work is."""

    id = Id(required=True)
    address = Shown(required=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    position_trusted = Flag(required=True)
    time_zone = TimeZone(required=True)
    zone = Enum(Zone, required=True)
    access = Shown(required=True, allow_none=True)
    region_id = Id(required=True)


class UnitSchema(BaseSchema):
    """The unit that the work is on."""

    id = Id(required=True)
    category = Shown(required=True)
    brand = Shown(required=True, allow_none=True)
    model = Shown(required=True, allow_none=True)
    serial = Shown(required=True, allow_none=True)
    purchased_on = Day(required=True, allow_none=True)
    installed_on = Day(required=True, allow_none=True)
    labour_warranty_until = Day(required=True, allow_none=True)
    parts_warranty_until = Day(required=True, allow_none=True)
    expenses_warranty_until = Day(required=True, allow_none=True)
    pre_sale = Flag(required=True)
    unsafe_since = Instant(required=True, allow_none=True)


class ReportSchema(BaseSchema):
    """One report about the ticket."""

    id = Id(required=True)
    channel = Enum(Channel, required=True)
    source = Shown(required=True, allow_none=True)
    external_id = Shown(required=True, allow_none=True)
    text = Shown(required=True)
    reported_at = Instant(required=True)
    received_at = Instant(required=True)


class CorrectionSchema(BaseSchema):
    """A changed fact; telephone numbers are masked in it like everywhere."""

    id = Id(required=True)
    field = Shown(required=True)
    before = JsonObject(required=True)
    after = JsonObject(required=True)
    at = Instant(required=True)
    actor_kind = Enum(ActorKind, required=True)
    actor_id = Id(required=True, allow_none=True)
    via = Enum(Via, required=True)
    reason = Shown(required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the correction, a telephone number without its middle."""
        found = super().get_attribute(obj, attr, default)
        if attr in {"before", "after"} and obj.field == "contact_phone":
            return {name: MaskedPhone().serialize("v", {"v": value}) for name, value in found.items()}
        return found


class JudgementSchema(BaseSchema):
    """One judgement of the warranty."""

    id = Id(required=True)
    verdict = Enum(WarrantyVerdict, required=True)
    labour = Flag(required=True)
    parts = Flag(required=True)
    expenses = Flag(required=True)
    grounds = Shown(required=True)
    judged_at = Instant(required=True)


class HindranceSchema(BaseSchema):
    """Why the ticket cannot be finished within the limit."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    technician_id = Id(required=True, allow_none=True)
    reason = Enum(HindranceReason, required=True)
    text = Shown(required=True)
    until = Day(required=True, allow_none=True)
    reported_at = Instant(required=True)
    counts = Flag(required=True)
    accepted_at = Instant(required=True, allow_none=True)
    accepted_by = Id(required=True, allow_none=True)
    false_at = Instant(required=True, allow_none=True)
    false_by = Id(required=True, allow_none=True)
    false_evidence = Shown(required=True, allow_none=True)


class UrgeSchema(BaseSchema):
    """The customer asked again."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    technician_id = Id(required=True, allow_none=True)
    urged_at = Instant(required=True)
    contact_due_at = Instant(required=True, allow_none=True)
    contacted_at = Instant(required=True, allow_none=True)
    text = Shown(required=True, allow_none=True)


class CallbackSummarySchema(BaseSchema):
    """A customer callback of the ticket, in short."""

    id = Id(required=True)
    visit_id = Id(required=True, allow_none=True)
    outcome = Shown(required=True)
    status = Enum(CallbackStatus, required=True)
    attempts = Int(required=True)
    due_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)


class TicketSchema(BaseSchema):
    """Everything about one ticket; the history has an address of its own."""

    id = Id(required=True)
    number = Shown(required=True)
    status = Enum(TicketStatus, required=True)
    channel = Enum(Channel, required=True)
    profile = Shown(required=True)
    source = Shown(required=True, allow_none=True)
    external_id = Shown(required=True, allow_none=True)
    work_type = Enum(WorkType, required=True)
    product_category = Shown(required=True)
    charge_category = Enum(ChargeCategory, required=True)
    priority = Enum(Priority, required=True)
    region_id = Id(required=True)
    contact_name = Shown(required=True, allow_none=True)
    contact_phone = MaskedPhone(required=True, allow_none=True)
    description = Shown(required=True)
    wish = Shown(required=True, allow_none=True)
    skill = Shown(required=True, allow_none=True)
    skill_level = Int(required=True)
    duration = Seconds(required=True)
    answered_at = Instant(required=True, allow_none=True)
    new_fault = Flag(required=True)
    missing = List(Shown(), required=True)
    read_on_site = List(Shown(), required=True)
    warranty = Enum(WarrantyVerdict, required=True)
    opened_at = Instant(required=True)
    facts_complete_at = Instant(required=True, allow_none=True)
    due_at = Instant(required=True, allow_none=True)
    partner_deadline_at = Instant(required=True, allow_none=True)
    agreed_from = Instant(required=True, allow_none=True)
    agreed_to = Instant(required=True, allow_none=True)
    waits_until = Instant(required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    version = Int(required=True)
    customer = Nested(TicketCustomerSchema, required=True)
    phones = List(Nested(PhoneSchema), required=True)
    site = Nested(TicketSiteSchema, required=True, allow_none=True)
    equipment = Nested(UnitSchema, required=True, allow_none=True, attribute="unit")
    reports = List(Nested(ReportSchema), required=True, most=_MOST)
    visits = List(Nested(VisitSchema), required=True, most=_MOST)
    corrections = List(Nested(CorrectionSchema), required=True, most=_MOST)
    judgements = List(Nested(JudgementSchema), required=True, most=_MOST)
    hindrances = List(Nested(HindranceSchema), required=True, most=_MOST)
    urges = List(Nested(UrgeSchema), required=True, most=_MOST)
    callbacks = List(Nested(CallbackSummarySchema), required=True, most=_MOST)

    def get_attribute(self, obj: TicketView, attr: str, default: Any) -> Any:
        """Return a value of the view, else of its detail, else of the ticket itself."""
        for holder in (obj, obj.detail):
            found = super().get_attribute(holder, attr, missing)
            if found is not missing:
                return found
        return super().get_attribute(obj.detail.ticket, attr, default)


class RegisteredSchema(BaseSchema):
    """What became of a report: a ticket of its own, or a fact added to one that is open."""

    ticket = Nested(TicketSchema, required=True)
    added = Flag(required=True)


class EventSchema(BaseSchema):
    """One thing that happened."""

    id = Id(required=True)
    kind = Shown(required=True)
    subject = Shown(required=True)
    subject_id = Id(required=True)
    at = Instant(required=True)
    actor_kind = Enum(ActorKind, required=True)
    actor_id = Id(required=True, allow_none=True)
    via = Enum(Via, required=True)
    before = Shown(required=True, allow_none=True)
    after = Shown(required=True, allow_none=True)
    reason = Shown(required=True, allow_none=True)
    details = JsonObject(required=True)
