"""Visits: the technician's day, and every step of one, from the call to the completion card."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.core import clock
from server.core.clock import local_day, local_instant
from server.core.db import Json
from server.core.events import Via
from server.orders import lookups, reveal, visit_queries, visits
from server.orders.charging import CardClaim
from server.orders.status import VisitStatus
from server.orders.visit_models import CheckIn, CompletionCard, ExtraWork, Visit
from server.orders.visit_queries import VisitDetail, VisitRow
from server.orders.words import ChargeCategory, Priority, VisitResult, WarrantyVerdict, WorkType
from server.organisation.access import Principal
from server.technicians import queries as technicians
from server.web.auth import for_technicians
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import (
    BaseSchema,
    Day,
    Enum,
    Flag,
    Id,
    Instant,
    Int,
    List,
    Nested,
    PositionSchema,
    QuerySchema,
    TimeZone,
)
from server.web.schemas import (
    CardChargeSchema,
    CardClaimSchema,
    CardPartSchema,
    CardSchema,
    CheckInClaimSchema,
    CheckInSchema,
    ExtraWorkRequestSchema,
    ExtraWorkSchema,
    MaskedPhone,
    RevealedPhonesSchema,
    Shown,
    UnfinishedSchema,
    VisitSchema,
    WordsSchema,
    position_claim,
)

blp = Blueprint("mobile_visits", __name__, url_prefix="/mobile/v1/visits", description="The technician's visits")

_MOST = 2_000


class DayQuery(QuerySchema):
    """Which day, in the technician's time zone; today unless told."""

    day = Day(load_default=None)


class RowSchema(BaseSchema):
    """A visit as the day's list shows it."""

    id = Id(required=True)
    ticket_id = Id(required=True)
    number = Shown(required=True)
    status = Enum(VisitStatus, required=True)
    result = Enum(VisitResult, required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    window_from = Instant(required=True)
    window_to = Instant(required=True)
    travel_seconds = Int(required=True)
    confirmed = Flag(required=True)
    customer_name = Shown(required=True)
    address = Shown(required=True, allow_none=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    work_type = Enum(WorkType, required=True)
    product_category = Shown(required=True)
    priority = Enum(Priority, required=True)
    version = Int(required=True)


class RowsSchema(BaseSchema):
    """The visits of a day."""

    items = List(Nested(RowSchema), required=True, most=_MOST)


class OrderSchema(BaseSchema):
    """What the dispatch order says of the ticket."""

    id = Id(required=True)
    number = Shown(required=True)
    work_type = Enum(WorkType, required=True)
    product_category = Shown(required=True)
    charge_category = Enum(ChargeCategory, required=True)
    warranty = Enum(WarrantyVerdict, required=True)
    priority = Enum(Priority, required=True)
    description = Shown(required=True)
    wish = Shown(required=True, allow_none=True)
    contact_name = Shown(required=True, allow_none=True)
    contact_phone = MaskedPhone(required=True, allow_none=True)
    read_on_site = List(Shown(), required=True)


class PlaceSchema(BaseSchema):
    """Where to go."""

    address = Shown(required=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    time_zone = TimeZone(required=True)
    access = Shown(required=True, allow_none=True)


class UnitOnOrderSchema(BaseSchema):
    """The unit that the work is on."""

    category = Shown(required=True)
    brand = Shown(required=True, allow_none=True)
    model = Shown(required=True, allow_none=True)
    serial = Shown(required=True, allow_none=True)
    purchased_on = Day(required=True, allow_none=True)


class DetailSchema(BaseSchema):
    """A visit with its dispatch order and what was reported."""

    visit = Nested(VisitSchema, required=True)
    order = Nested(OrderSchema, required=True, attribute="ticket")
    customer_name = Shown(required=True, attribute="customer.name")
    site = Nested(PlaceSchema, required=True, allow_none=True)
    unit = Nested(UnitOnOrderSchema, required=True, allow_none=True)
    check_ins = List(Nested(CheckInSchema), required=True, most=10_000)
    extra_work = List(Nested(ExtraWorkSchema), required=True, most=10_000)
    card = Nested(CardSchema, required=True, allow_none=True)
    parts = List(Nested(CardPartSchema), required=True)
    charges = List(Nested(CardChargeSchema), required=True)


def _mine(session: Session, visit_id: int) -> Principal:
    """Return the technician; refuse a visit that is not his as if there were none."""
    me = current()
    lookups.visit_of(session, visit_id, scope=me.scope)
    return me


@blp.route("")
class Visits(MethodView):
    """The technician's day."""

    @for_technicians
    @blp.arguments(DayQuery, location="query")
    @blp.reads(RowsSchema, refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> dict[str, list[VisitRow]]:
        """List the visits of a day."""
        me = current()
        zone = technicians.zone_of(session, me.id)
        day = query["day"] or local_day(clock.now(), zone)
        start, end = local_instant(day, 0, 0, zone), local_instant(day + timedelta(days=1), 0, 0, zone)
        return {"items": visit_queries.visits_between(session, start=start, end=end, scope=me.scope)}


@blp.route("/<int:visit_id>")
class OneVisit(MethodView):
    """One visit."""

    @for_technicians
    @blp.reads(DetailSchema)
    def get(self, session: Session, visit_id: int) -> VisitDetail:
        """Show a visit with its dispatch order."""
        return visit_queries.visit_detail(session, visit_id=visit_id, scope=current().scope)


@blp.route("/<int:visit_id>/phone-reveal")
class PhoneReveal(MethodView):
    """The customer's telephone."""

    @for_technicians
    @blp.changes(200, RevealedPhonesSchema, withheld=("phones",))
    def post(self, session: Session, visit_id: int) -> dict[str, list[str]]:
        """Show the telephones to call the customer by; that they were shown is kept."""
        me = current()
        numbers = reveal.of_visit(session, visit_id, scope=me.scope, by=me.actor(Via.APP), now=clock.now())
        return {"phones": numbers}


@blp.route("/<int:visit_id>/contact")
class Contact(MethodView):
    """The call to the customer."""

    @for_technicians
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, visit_id: int) -> Visit:
        """Report that the customer was spoken to."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.report_contact(session, visit_id=visit_id, technician_id=me.id, by=by, now=clock.now())


@blp.route("/<int:visit_id>/departure")
class Departure(MethodView):
    """On the way."""

    @for_technicians
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, visit_id: int) -> Visit:
        """Report to be on the way; the customer is told."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.leave(session, visit_id=visit_id, technician_id=me.id, by=by, now=clock.now())


@blp.route("/<int:visit_id>/check-in")
class Arrival(MethodView):
    """Proof of arrival."""

    @for_technicians
    @blp.arguments(CheckInClaimSchema)
    @blp.changes(201, CheckInSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> CheckIn:
        """Check in, with whatever proves it; nothing of it is needed."""
        me = _mine(session, visit_id)
        return visits.check_in(
            session,
            visit_id=visit_id,
            technician_id=me.id,
            claim=position_claim(body),
            code_proof=body["code_proof"],
            by=me.actor(Via.APP),
            now=clock.now(),
        )


@blp.route("/<int:visit_id>/extra-work")
class ExtraWorks(MethodView):
    """Work that was not agreed before."""

    @for_technicians
    @blp.arguments(ExtraWorkRequestSchema)
    @blp.changes(201, ExtraWorkSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> ExtraWork:
        """Ask the customer to authorise extra work."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.ask_extra(session, visit_id=visit_id, technician_id=me.id, **body, by=by, now=clock.now())


@blp.route("/<int:visit_id>/completion")
class Completion(MethodView):
    """The work is done."""

    @for_technicians
    @blp.arguments(CardClaimSchema)
    @blp.changes(201, CardSchema)
    def post(self, session: Session, card: CardClaim, visit_id: int) -> CompletionCard:
        """End a visit whose work is done, with its completion card."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.finish(session, visit_id=visit_id, technician_id=me.id, card=card, by=by, now=clock.now())


@blp.route("/<int:visit_id>/unfinished")
class Unfinished(MethodView):
    """The work is not done."""

    @for_technicians
    @blp.arguments(UnfinishedSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """End a visit whose work is not done, with the reason."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.not_finish(session, visit_id=visit_id, technician_id=me.id, **body, by=by, now=clock.now())


@blp.route("/<int:visit_id>/absence")
class CustomerAbsent(MethodView):
    """Nobody is there."""

    @for_technicians
    @blp.arguments(WordsSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """End a visit at which the customer was absent."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.find_nobody(
            session, visit_id=visit_id, technician_id=me.id, text=body["text"], by=by, now=clock.now()
        )


@blp.route("/<int:visit_id>/refusal")
class CustomerRefusal(MethodView):
    """The customer does not want the work."""

    @for_technicians
    @blp.arguments(WordsSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """End a visit at which the customer declined the work."""
        me = _mine(session, visit_id)
        by = me.actor(Via.APP)
        return visits.be_declined(
            session, visit_id=visit_id, technician_id=me.id, reason=body["text"] or "", by=by, now=clock.now()
        )
