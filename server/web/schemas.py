"""Bodies and answers that both APIs share: visits, offers, claims of a technician, masked telephones."""

from typing import Any

from marshmallow import post_load

from server.core.numbers import masked
from server.dispatch.status import DeclineReason, OfferStatus
from server.orders.charging import CardClaim, ChargeClaim, PartClaim
from server.orders.rules import PositionClaim
from server.orders.status import CardStatus, VisitStatus
from server.orders.words import (
    ChargeKind,
    CheckInOutcome,
    HindranceReason,
    PartSource,
    VisitResult,
)
from server.web.fields import (
    BaseSchema,
    Day,
    Enum,
    Flag,
    Id,
    Instant,
    Int,
    List,
    Money,
    Nested,
    Number,
    PositionSchema,
    Ruled,
    Text,
)

LONG = 2_000
"""The most characters of what somebody writes down."""
SHORT = 500
"""The most characters of a reason."""
_FARTHEST = 1_000_000.0


class Shown(Ruled):
    """A text in an answer, however long it is: bounds are for what comes in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dump_only=True, **kwargs)
        self.metadata = {"type": "string", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)


class MaskedPhone(Ruled):
    """A telephone number as lists and details show it: country and last three digits (fault 53)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dump_only=True, **kwargs)
        self.metadata = {"type": "string", "example": "+86…000", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else masked(str(value))


class ReasonSchema(BaseSchema):
    """Why."""

    reason = Text(required=True, most=SHORT, lines=True)


class RemarkSchema(BaseSchema):
    """What was decided, in words."""

    remark = Text(required=True, most=SHORT, lines=True)


class EvidenceSchema(BaseSchema):
    """What a decision rests on."""

    evidence = Text(required=True, most=LONG, lines=True)


class WordsSchema(BaseSchema):
    """What somebody wants to add, if anything."""

    text = Text(load_default=None, allow_none=True, most=LONG, lines=True)


class RevealedPhonesSchema(BaseSchema):
    """Telephone numbers in full, shown once for each request; that they were shown is in the record."""

    phones = List(Shown(), required=True, allow_none=True)


class VisitSchema(BaseSchema):
    """One planned or made trip of one technician for a ticket."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    ordinal = Int(required=True)
    technician_id = Id(required=True)
    status = Enum(VisitStatus, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    window_from = Instant(required=True)
    window_to = Instant(required=True)
    travel_seconds = Int(required=True)
    by_hand = Flag(required=True)
    sent_at = Instant(required=True, allow_none=True)
    limit_at = Instant(required=True, allow_none=True)
    accepted_at = Instant(required=True, allow_none=True)
    contacted_at = Instant(required=True, allow_none=True)
    confirmed_at = Instant(required=True, allow_none=True)
    left_at = Instant(required=True, allow_none=True)
    arrived_at = Instant(required=True, allow_none=True)
    finished_at = Instant(required=True, allow_none=True)
    result = Enum(VisitResult, required=True, allow_none=True)
    note = Shown(required=True, allow_none=True)
    created_at = Instant(required=True)
    version = Int(required=True)


class OfferSchema(BaseSchema):
    """A dispatch order that waits, or waited, for a technician's answer."""

    id = Id(required=True)
    visit_id = Id(required=True)
    ticket_id = Id(required=True)
    technician_id = Id(required=True)
    round = Int(required=True)
    status = Enum(OfferStatus, required=True)
    sent_at = Instant(required=True)
    expires_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)
    decline_reason = Enum(DeclineReason, required=True, allow_none=True)
    remark = Shown(required=True, allow_none=True)


class DeclineSchema(BaseSchema):
    """Why a technician does not go."""

    reason = Enum(DeclineReason, required=True)
    remark = Text(load_default=None, allow_none=True, most=SHORT, lines=True)


class CheckInClaimSchema(BaseSchema):
    """Where the telephone says it is; nothing of it is needed (R20)."""

    position = Nested(PositionSchema, load_default=None, allow_none=True)
    accuracy_metres = Number(load_default=None, allow_none=True, least=0, most=_FARTHEST)
    mocked = Flag(load_default=False)
    code_proof = Flag(load_default=False)


def position_claim(body: dict[str, Any]) -> PositionClaim | None:
    """Return what a telephone claims of its place, None where it claims nothing."""
    if body["position"] is None:
        return None
    return PositionClaim(body["position"], accuracy_metres=body["accuracy_metres"], mocked=body["mocked"])


class CheckInSchema(BaseSchema):
    """A proof of arrival, or what was sent instead of one."""

    id = Id(required=True)
    visit_id = Id(required=True)
    at = Instant(required=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    accuracy_metres = Number(required=True, allow_none=True, least=0, most=_FARTHEST)
    mocked = Flag(required=True)
    distance_metres = Number(required=True, allow_none=True, least=0, most=1e8)
    fence_metres = Number(required=True, allow_none=True, least=0, most=1e8)
    outcome = Enum(CheckInOutcome, required=True)


class PartClaimSchema(BaseSchema):
    """A part that was used."""

    makes = PartClaim

    name = Text(required=True, most=200)
    quantity = Int(required=True, least=1, most=1_000)
    source = Enum(PartSource, required=True)
    price = Money(required=True)
    number = Text(load_default=None, allow_none=True, most=100)


class ChargeClaimSchema(BaseSchema):
    """Something the customer was charged."""

    makes = ChargeClaim

    kind = Enum(ChargeKind, required=True)
    text = Text(required=True, most=SHORT)
    price = Money(required=True)
    extra_work_id = Id(load_default=None, allow_none=True)


class CardClaimSchema(BaseSchema):
    """What a technician says was done."""

    result = Enum(VisitResult, required=True)
    work_done = Text(required=True, most=LONG, lines=True)
    started_at = Instant(required=True)
    ended_at = Instant(required=True)
    diagnosis = Text(load_default="", least=0, most=LONG, lines=True)
    removed_serial = Text(load_default=None, allow_none=True, most=100)
    fitted_serial = Text(load_default=None, allow_none=True, most=100)
    signed_by = Text(load_default=None, allow_none=True, most=200)
    parts = List(Nested(PartClaimSchema), load_default=list, most=50)
    charges = List(Nested(ChargeClaimSchema), load_default=list, most=50)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return CardClaim(**{**data, "parts": tuple(data["parts"]), "charges": tuple(data["charges"])})


class CardPartSchema(BaseSchema):
    """A part used, as the card claims it."""

    id = Id(required=True)
    part_id = Id(required=True, allow_none=True)
    name = Shown(required=True)
    quantity = Int(required=True)
    source = Enum(PartSource, required=True)
    price = Money(required=True)


class CardChargeSchema(BaseSchema):
    """Something the customer was charged, as the card claims it."""

    id = Id(required=True)
    kind = Enum(ChargeKind, required=True)
    text = Shown(required=True)
    price = Money(required=True)
    extra_work_id = Id(required=True, allow_none=True)


class CardSchema(BaseSchema):
    """A completion card."""

    id = Id(required=True)
    visit_id = Id(required=True)
    ticket_id = Id(required=True)
    status = Enum(CardStatus, required=True)
    diagnosis = Shown(required=True)
    work_done = Shown(required=True)
    started_at = Instant(required=True)
    ended_at = Instant(required=True)
    removed_serial = Shown(required=True, allow_none=True)
    fitted_serial = Shown(required=True, allow_none=True)
    signed_by = Shown(required=True, allow_none=True)
    reported_at = Instant(required=True)
    card_due_at = Instant(required=True, allow_none=True)
    received_at = Instant(required=True, allow_none=True)
    received_by = Id(required=True, allow_none=True)
    sent_back_at = Instant(required=True, allow_none=True)
    sent_back_reason = Shown(required=True, allow_none=True)
    version = Int(required=True)


class UnfinishedSchema(BaseSchema):
    """Why a visit ends without its work being done, and until when (R27)."""

    result = Enum(VisitResult, required=True)
    reason = Enum(HindranceReason, required=True)
    text = Text(required=True, most=LONG, lines=True)
    until = Day(load_default=None, allow_none=True)


class ExtraWorkRequestSchema(BaseSchema):
    """Extra work that the customer is asked to authorise (R21)."""

    description = Text(required=True, most=SHORT, lines=True)
    price = Money(required=True)


class ExtraWorkSchema(BaseSchema):
    """Extra work, and what the customer answered."""

    id = Id(required=True)
    visit_id = Id(required=True)
    description = Shown(required=True)
    price = Money(required=True)
    asked_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)
    authorised = Flag(required=True, allow_none=True)
