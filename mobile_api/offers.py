"""Offers: what the technician has not answered yet, and his answers."""

from dataclasses import dataclass
from typing import Any

from flask.views import MethodView
from marshmallow import missing
from sqlalchemy.orm import Session

from server.core import clock
from server.core.db import Json
from server.core.events import Via
from server.customers.models import Site
from server.dispatch import offers, queries
from server.dispatch.models import Offer
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.orders.words import Priority, WorkType
from server.web.auth import for_technicians
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Enum, Instant, Int, List, Nested, PositionSchema
from server.web.schemas import DeclineSchema, OfferSchema, Shown

blp = Blueprint("mobile_offers", __name__, url_prefix="/mobile/v1/offers", description="Offers to the technician")

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer with what he must know to answer it."""

    offer: Offer
    visit: Visit
    ticket: Ticket
    site: Site | None


class OfferedSchema(OfferSchema):
    """An offer with what he must know to answer it: work, place, time; nobody's name or telephone."""

    number = Shown(required=True)
    work_type = Enum(WorkType, required=True)
    product_category = Shown(required=True)
    priority = Enum(Priority, required=True)
    description = Shown(required=True)
    address = Shown(required=True, allow_none=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    window_from = Instant(required=True)
    window_to = Instant(required=True)
    travel_seconds = Int(required=True)

    def get_attribute(self, obj: Offered, attr: str, default: Any) -> Any:
        """Return a value of the offer, else of its visit, its ticket, the place."""
        for holder in (obj.offer, obj.visit, obj.ticket, obj.site):
            found = super().get_attribute(holder, attr, missing)
            if found is not missing:
                return found
        return None if obj.site is None else default


class OffersSchema(BaseSchema):
    """What is not answered yet."""

    items = List(Nested(OfferedSchema), required=True, most=_MOST)


@blp.route("")
class Offers(MethodView):
    """The technician's open offers."""

    @for_technicians
    @blp.reads(OffersSchema)
    def get(self, session: Session) -> dict[str, list[Offered]]:
        """List what is not answered yet, the soonest end first."""
        rows = queries.open_offers_of(session, technician_id=current().id)
        return {"items": [Offered(*row) for row in rows]}


@blp.route("/<int:offer_id>/acceptance")
class Acceptance(MethodView):
    """The job receipt."""

    @for_technicians
    @blp.changes(200, OfferSchema)
    def post(self, session: Session, offer_id: int) -> Offer:
        """Accept an offer; it is binding."""
        me = current()
        return offers.accept(session, offer_id=offer_id, technician_id=me.id, by=me.actor(Via.APP), now=clock.now())


@blp.route("/<int:offer_id>/decline")
class Decline(MethodView):
    """A no."""

    @for_technicians
    @blp.arguments(DeclineSchema)
    @blp.changes(200, OfferSchema)
    def post(self, session: Session, body: Json, offer_id: int) -> Offer:
        """Decline an offer with a reason; the next one is asked."""
        me = current()
        by = me.actor(Via.APP)
        return offers.decline(session, offer_id=offer_id, technician_id=me.id, **body, by=by, now=clock.now())


@blp.route("/<int:offer_id>/hand-back")
class HandBack(MethodView):
    """A yes taken back."""

    @for_technicians
    @blp.arguments(DeclineSchema)
    @blp.changes(200, OfferSchema)
    def post(self, session: Session, body: Json, offer_id: int) -> Offer:
        """Hand an accepted visit back before leaving; it is counted."""
        me = current()
        by = me.actor(Via.APP)
        return offers.hand_back(session, offer_id=offer_id, technician_id=me.id, **body, by=by, now=clock.now())
