"""Bodies and answers about customer callbacks."""

from typing import Any

from marshmallow import missing

from server.api.ticket_schemas import EventSchema, TicketCustomerSchema
from server.callbacks.calls import CallVerdict
from server.callbacks.rules import Answers
from server.callbacks.status import CallbackStatus, FailReason, Respondent
from server.orders.words import ChargeCategory, WorkType
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
    Text,
)
from server.web.paging import PageQuery
from server.web.schemas import (
    LONG,
    CardChargeSchema,
    CardPartSchema,
    CardSchema,
    CheckInSchema,
    EvidenceSchema,
    MaskedPhone,
    Shown,
    VisitSchema,
)

_MOST_CHARGED = 2**40
_MOST = 1_000


class CallbackQuery(PageQuery):
    """Which customer callbacks."""

    status = Enum(CallbackStatus, load_default=None)


class CallbackSchema(BaseSchema):
    """A customer callback."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    visit_id = Id(required=True, allow_none=True)
    outcome = Shown(required=True)
    respondent = Enum(Respondent, required=True)
    phone = MaskedPhone(required=True, allow_none=True)
    status = Enum(CallbackStatus, required=True)
    attempts = Int(required=True)
    due_at = Instant(required=True)
    call_after = Instant(required=True)
    call_before = Instant(required=True)
    asked_at = Instant(required=True, allow_none=True)
    claimed_by = Id(required=True, allow_none=True)
    claimed_until = Instant(required=True, allow_none=True)
    survey_ends_at = Instant(required=True, allow_none=True)
    lapses_at = Instant(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    decided_by = Id(required=True, allow_none=True)
    fail_reason = Enum(FailReason, required=True, allow_none=True)
    without_customer = Flag(required=True)
    reconfirmed_by = Id(required=True, allow_none=True)
    reconfirmed_at = Instant(required=True, allow_none=True)
    reconfirmed_with = Id(required=True, allow_none=True)
    evidence = Shown(required=True, allow_none=True)
    created_at = Instant(required=True)
    version = Int(required=True)


class AnswersSchema(BaseSchema):
    """What the customer said; absent where he was not asked or did not know."""

    makes = Answers

    came = Flag(load_default=None, allow_none=True)
    came_on = Day(load_default=None, allow_none=True)
    done = Flag(load_default=None, allow_none=True)
    working = Flag(load_default=None, allow_none=True)
    parts = Flag(load_default=None, allow_none=True)
    charged = Int(load_default=None, allow_none=True, least=0, most=_MOST_CHARGED)
    agrees = Flag(load_default=None, allow_none=True)
    satisfied = Int(load_default=None, allow_none=True, least=1, most=5)
    words = Text(load_default="", least=0, most=LONG, lines=True)


class AttemptBodySchema(BaseSchema):
    """One call: whether somebody answered, what he said, the verdict or the hour promised to call again."""

    reached = Flag(required=True)
    answers = Nested(AnswersSchema, load_default=None, allow_none=True)
    verdict = Enum(CallVerdict, load_default=None, allow_none=True)
    fail_reason = Enum(FailReason, load_default=None, allow_none=True)
    promised_at = Instant(load_default=None, allow_none=True)


class ReconfirmationSchema(EvidenceSchema):
    """What a re-confirmation rests on, and whether the customer's voice is among it."""

    without_customer = Flag(required=True)


class ContradictionSchema(BaseSchema):
    """Where an answer and the record differ."""

    code = Shown(required=True)
    claimed = Shown(required=True)
    said = Shown(required=True)
    grave = Flag(required=True)


class AttemptSchema(BaseSchema):
    """One call that was made."""

    id = Id(required=True)
    callback_id = Id(required=True)
    called_at = Instant(required=True)
    agent_id = Id(required=True, allow_none=True)
    reached = Flag(required=True)
    third = Int(required=True, allow_none=True)
    counts = Flag(required=True)
    answers = JsonObject(required=True)
    contradictions = List(Nested(ContradictionSchema), required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the attempt; of the contradictions the list."""
        found = super().get_attribute(obj, attr, default)
        return found.get("items", []) if attr == "contradictions" else found


class CallTicketSchema(BaseSchema):
    """What the call is about."""

    id = Id(required=True)
    number = Shown(required=True)
    work_type = Enum(WorkType, required=True)
    product_category = Shown(required=True)
    charge_category = Enum(ChargeCategory, required=True)
    description = Shown(required=True)
    wish = Shown(required=True, allow_none=True)
    contact_name = Shown(required=True, allow_none=True)
    opened_at = Instant(required=True)


class CallSiteSchema(BaseSchema):
    """Where it was."""

    address = Shown(required=True)
    time_zone = Shown(required=True)


class CallTechnicianSchema(BaseSchema):
    """Who went."""

    id = Id(required=True)
    name = Shown(required=True)


class ComplaintSchema(BaseSchema):
    """A complaint with a named handler (R36)."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    callback_id = Id(required=True, allow_none=True)
    kind = Shown(required=True)
    handler_id = Id(required=True)
    raised_at = Instant(required=True)
    answer_due_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    decision = Shown(required=True, allow_none=True)


class SheetSchema(BaseSchema):
    """All that is needed to make one call, or to decide on one."""

    callback = Nested(CallbackSchema, required=True)
    ticket = Nested(CallTicketSchema, required=True)
    customer = Nested(TicketCustomerSchema, required=True)
    site = Nested(CallSiteSchema, required=True, allow_none=True)
    visit = Nested(VisitSchema, required=True, allow_none=True)
    technician = Nested(CallTechnicianSchema, required=True, allow_none=True)
    check_ins = List(Nested(CheckInSchema), required=True, most=_MOST)
    card = Nested(CardSchema, required=True, allow_none=True)
    parts = List(Nested(CardPartSchema), required=True, most=_MOST)
    charges = List(Nested(CardChargeSchema), required=True, most=_MOST)
    attempts = List(Nested(AttemptSchema), required=True, most=_MOST)
    complaint = Nested(ComplaintSchema, required=True, allow_none=True)
    history = List(Nested(EventSchema), required=True, most=_MOST)
    script = List(Shown(), required=True)
    newer_phone = MaskedPhone(required=True, allow_none=True)


class HandedSchema(SheetSchema):
    """A call to make now; the telephone stands in full in it, once."""

    phone = Shown(required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of what was handed out, else of its sheet."""
        found = super().get_attribute(obj, attr, missing)
        return super().get_attribute(obj.sheet, attr, default) if found is missing else found
