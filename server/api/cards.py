"""Completion cards at the receiving desk: received, or sent back for correction (R19)."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import RECEIVING
from server.core import clock
from server.core.events import Via
from server.orders import cards, lookups
from server.orders.lookups import CardSheet
from server.orders.status import CardStatus
from server.orders.visit_models import CompletionCard
from server.organisation.models import Role
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Enum, List, Nested
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import CardChargeSchema, CardPartSchema, CardSchema, ReasonSchema

blp = Blueprint("cards", __name__, url_prefix="/api/v1/cards", description="Completion cards")

_READERS = (*RECEIVING, Role.SUPERVISOR, Role.STATION, Role.AUDITOR)


class CardQuery(PageQuery):
    """Which cards."""

    status = Enum(CardStatus, load_default=None)


class CardSheetSchema(BaseSchema):
    """A card with what it lists."""

    card = Nested(CardSchema, required=True)
    parts = List(Nested(CardPartSchema), required=True)
    charges = List(Nested(CardChargeSchema), required=True)


@blp.route("")
class Cards(MethodView):
    """Cards of the caller's technicians."""

    @allowed(*_READERS)
    @blp.arguments(CardQuery, location="query")
    @blp.reads(page_of(CardSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[CompletionCard]:
        """List completion cards in the order they were reported."""
        after = keyset(query, int)
        rows = lookups.cards(
            session,
            scope=current().scope,
            status=query["status"],
            after=after[0] if after else None,
            limit=query["limit"],
        )
        return page(rows, query=query, key=lambda row: (row.id,))


@blp.route("/<int:card_id>")
class OneCard(MethodView):
    """One card."""

    @allowed(*_READERS)
    @blp.reads(CardSheetSchema)
    def get(self, session: Session, card_id: int) -> CardSheet:
        """Show a completion card with its parts and charges."""
        return lookups.card_sheet(session, card_id, scope=current().scope)


@blp.route("/<int:card_id>/receipt")
class Receipt(MethodView):
    """The card is here."""

    @allowed(*RECEIVING)
    @blp.changes(200, CardSchema, keep=True)
    def post(self, session: Session, card_id: int) -> CompletionCard:
        """Receive a card: what lateness is counted to."""
        lookups.card_of(session, card_id, scope=current().scope)
        return cards.receive(session, card_id=card_id, by=current().actor(Via.API), now=clock.now())


@blp.route("/<int:card_id>/return")
class Return(MethodView):
    """The card is wrong."""

    @allowed(*RECEIVING)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, CardSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], card_id: int) -> CompletionCard:
        """Send a card back for correction."""
        lookups.card_of(session, card_id, scope=current().scope)
        by = current().actor(Via.API)
        return cards.send_back(session, card_id=card_id, reason=body["reason"], by=by, now=clock.now())
