"""Bodies and answers about statements."""

from typing import Any

from marshmallow import missing

from server.callbacks.status import CallbackStatus
from server.core.events import ActorKind
from server.orders.words import VisitResult
from server.settlement.status import DeductionKind, LineKind, Reason, StatementStatus, Verdict
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
    Money,
    Nested,
    Text,
)
from server.web.paging import PageQuery
from server.web.schemas import (
    LONG,
    SHORT,
    CardChargeSchema,
    CardPartSchema,
    CardSchema,
    CheckInSchema,
    ExtraWorkSchema,
    OfferSchema,
    Shown,
    VisitSchema,
)

HASH = "[0-9a-f]{64}"
_MOST = 10_000


class StatementQuery(PageQuery):
    """Which statements."""

    month = Day(load_default=None)
    status = Enum(StatementStatus, load_default=None)


class ComputationSchema(BaseSchema):
    """Which month is computed, by its first day, and whose: one region's payees, or all."""

    month = Day(required=True)
    region_id = Id(load_default=None, allow_none=True)


class StatementSchema(BaseSchema):
    """One payee's month."""

    id = Id(required=True)
    station_id = Id(required=True, allow_none=True)
    technician_id = Id(required=True, allow_none=True)
    region_id = Id(required=True)
    month = Day(required=True)
    currency = Shown(required=True)
    status = Enum(StatementStatus, required=True)
    created_at = Instant(required=True)
    audited_by = Id(required=True, allow_none=True)
    audited_at = Instant(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)
    agreed_at = Instant(required=True, allow_none=True)
    approved_by = Id(required=True, allow_none=True)
    approved_at = Instant(required=True, allow_none=True)
    paid_by = Id(required=True, allow_none=True)
    paid_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class StatementsSchema(BaseSchema):
    """The statements that a computation looked at or made."""

    items = List(Nested(StatementSchema), required=True, most=_MOST)


class EntrySchema(StatementSchema):
    """A statement as lists show it."""

    payee = Shown(required=True)
    sum = Money(required=True, negative=True)
    lines = Int(required=True)
    undecided = Int(required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the entry, else of its statement."""
        found = super().get_attribute(obj, attr, missing)
        return super().get_attribute(obj.statement, attr, default) if found is missing else found


class AppealSchema(BaseSchema):
    """A payee's objection, and its answer."""

    id = Id(required=True)
    statement_id = Id(required=True)
    line_id = Id(required=True, allow_none=True)
    text = Shown(required=True)
    raised_at = Instant(required=True)
    raised_by_kind = Enum(ActorKind, required=True)
    raised_by = Id(required=True, allow_none=True)
    answered_at = Instant(required=True, allow_none=True)
    answered_by = Id(required=True, allow_none=True)
    accepted = Flag(required=True, allow_none=True)
    answer = Shown(required=True, allow_none=True)


class PaymentSchema(BaseSchema):
    """Money that left for a statement."""

    id = Id(required=True)
    statement_id = Id(required=True)
    sum = Money(required=True)
    paid_at = Instant(required=True)
    paid_by = Id(required=True)
    reference = Shown(required=True)


class CoverSchema(StatementSchema):
    """A statement with its sum, the hash of its lines, its appeals and its payment."""

    payee = Shown(required=True)
    sum = Money(required=True, negative=True)
    lines_hash = Shown(required=True)
    appeals = List(Nested(AppealSchema), required=True, most=_MOST)
    payment = Nested(PaymentSchema, required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the cover, else of its statement."""
        if attr == "lines_hash":
            return obj.digest.hex()
        found = super().get_attribute(obj, attr, missing)
        return super().get_attribute(obj.statement, attr, default) if found is missing else found


class DeductionSchema(BaseSchema):
    """Something a rule takes off a line, with the numbers it was computed with."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    kind = Enum(DeductionKind, required=True)
    amount = Money(required=True)
    rule = Shown(required=True)
    evidence_id = Id(required=True)
    computation = JsonObject(required=True)
    waived_at = Instant(required=True, allow_none=True)
    waived_by = Id(required=True, allow_none=True)
    waived_reason = Shown(required=True, allow_none=True)


class SuspicionSchema(BaseSchema):
    """What an auditor should look at."""

    code = Shown(required=True)
    found = Shown(required=True)


class LineSchema(BaseSchema):
    """One line with what the rules take off and propose."""

    id = Id(required=True)
    statement_id = Id(required=True)
    ticket_id = Id(required=True, allow_none=True)
    ticket_number = Shown(required=True, allow_none=True)
    visit_id = Id(required=True, allow_none=True)
    technician_id = Id(required=True, allow_none=True)
    technician_name = Shown(required=True, allow_none=True)
    result = Enum(VisitResult, required=True, allow_none=True)
    kind = Enum(LineKind, required=True)
    price = Money(required=True, negative=True)
    net = Money(required=True, negative=True)
    verdict = Enum(Verdict, required=True)
    proposed = Enum(Verdict, required=True)
    reasons = List(Shown(), required=True)
    callback_id = Id(required=True, allow_none=True)
    callback_status = Enum(CallbackStatus, required=True, allow_none=True)
    held_since = Instant(required=True, allow_none=True)
    decided_by = Id(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    remark = Shown(required=True, allow_none=True)
    deductions = List(Nested(DeductionSchema), required=True, most=_MOST)
    suspicions = List(Nested(SuspicionSchema), required=True, most=_MOST)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the sheet, a name of what the line is about, else a value of the line."""
        if attr == "ticket_number":
            return obj.ticket.number if obj.ticket else None
        if attr == "technician_name":
            return obj.technician.name if obj.technician else None
        if attr == "result":
            return obj.visit.result if obj.visit else None
        found = super().get_attribute(obj, attr, missing)
        return super().get_attribute(obj.line, attr, default) if found is missing else found


class ProofSchema(BaseSchema):
    """The customer callback that a line rests on, in short."""

    id = Id(required=True)
    outcome = Shown(required=True)
    status = Enum(CallbackStatus, required=True)
    decided_at = Instant(required=True, allow_none=True)
    without_customer = Flag(required=True)


class LineSheetSchema(LineSchema):
    """One line with all its evidence side by side (R38)."""

    visit = Nested(VisitSchema, required=True, allow_none=True)
    offer = Nested(OfferSchema, required=True, allow_none=True)
    check_ins = List(Nested(CheckInSchema), required=True, most=_MOST)
    card = Nested(CardSchema, required=True, allow_none=True)
    parts = List(Nested(CardPartSchema), required=True, most=_MOST)
    charges = List(Nested(CardChargeSchema), required=True, most=_MOST)
    extra_works = List(Nested(ExtraWorkSchema), required=True, most=_MOST)
    callback = Nested(ProofSchema, required=True, allow_none=True)


class DecidedLineSchema(BaseSchema):
    """A line as it was decided."""

    id = Id(required=True)
    statement_id = Id(required=True)
    kind = Enum(LineKind, required=True)
    price = Money(required=True, negative=True)
    net = Money(required=True, negative=True)
    verdict = Enum(Verdict, required=True)
    proposed = Enum(Verdict, required=True)
    reasons = List(Shown(), required=True)
    decided_by = Id(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    remark = Shown(required=True, allow_none=True)


class VerdictSchema(BaseSchema):
    """What the auditor decides on a line (R38)."""

    verdict = Enum(Verdict, required=True)
    reasons = List(Enum(Reason), load_default=list, most=len(Reason), distinct=True)
    remark = Text(load_default=None, allow_none=True, most=SHORT, lines=True)


class ApprovalSchema(BaseSchema):
    """The hash of the lines that were looked at."""

    lines_hash = Text(required=True, least=64, most=64, pattern=HASH, rule="hash")


class PaymentOrderSchema(BaseSchema):
    """How finance finds the payment again."""

    reference = Text(required=True, most=200)


class AppealBodySchema(BaseSchema):
    """An objection to a line, or to the whole."""

    line_id = Id(load_default=None, allow_none=True)
    text = Text(required=True, most=LONG, lines=True)


class AppealAnswerSchema(BaseSchema):
    """What somebody above decided on an objection."""

    accepted = Flag(required=True)
    answer = Text(required=True, most=LONG, lines=True)


class LabourPriceQuery(PageQuery):
    """Which prices."""

    product_category = Text(load_default=None, most=100)
