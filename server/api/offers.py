"""Offers: dispatch orders that wait for an answer; the desk records the answer of a technician who telephones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.core import clock
from server.core.db import Json
from server.core.events import Via
from server.dispatch import offers, queries
from server.dispatch.models import Offer
from server.dispatch.status import OfferStatus
from server.organisation.models import Role
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import Enum
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import DeclineSchema, OfferSchema

blp = Blueprint("offers", __name__, url_prefix="/api/v1/offers", description="Dispatch orders waiting for an answer")


class OfferQuery(PageQuery):
    """Which offers."""

    status = Enum(OfferStatus, load_default=None)


@blp.route("")
class Offers(MethodView):
    """Offers of the caller's part of the company."""

    @allowed(*DESK, Role.STATION, Role.STATION_CLERK)
    @blp.arguments(OfferQuery, location="query")
    @blp.reads(page_of(OfferSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Offer]:
        """List offers, those that end soonest first."""
        rows = queries.offers(
            session,
            scope=current().scope,
            status=query["status"],
            after=keyset(query, datetime, int),
            limit=query["limit"],
        )
        return page(rows, query=query, key=lambda row: (row.expires_at, row.id))


@blp.route("/<int:offer_id>/acceptance")
class Acceptance(MethodView):
    """The job receipt."""

    @allowed(*DESK)
    @blp.changes(200, OfferSchema)
    def post(self, session: Session, offer_id: int) -> Offer:
        """Accept an offer for its technician; it binds him."""
        queries.offer_of(session, offer_id, scope=current().scope)
        return offers.accept(
            session, offer_id=offer_id, technician_id=None, by=current().actor(Via.API), now=clock.now()
        )


@blp.route("/<int:offer_id>/decline")
class Decline(MethodView):
    """A no."""

    @allowed(*DESK)
    @blp.arguments(DeclineSchema)
    @blp.changes(200, OfferSchema)
    def post(self, session: Session, body: Json, offer_id: int) -> Offer:
        """Decline an offer for its technician; the next one is asked."""
        queries.offer_of(session, offer_id, scope=current().scope)
        by = current().actor(Via.API)
        return offers.decline(session, offer_id=offer_id, technician_id=None, **body, by=by, now=clock.now())


@blp.route("/<int:offer_id>/hand-back")
class HandBack(MethodView):
    """A yes taken back."""

    @allowed(*DESK)
    @blp.arguments(DeclineSchema)
    @blp.changes(200, OfferSchema)
    def post(self, session: Session, body: Json, offer_id: int) -> Offer:
        """Hand an accepted visit back for its technician, before he leaves; the next one is asked."""
        queries.offer_of(session, offer_id, scope=current().scope)
        by = current().actor(Via.API)
        return offers.hand_back(session, offer_id=offer_id, technician_id=None, **body, by=by, now=clock.now())
