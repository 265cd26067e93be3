"""Readings: texts that no rule understood, read by somebody at the desk."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.conversation import readings
from server.conversation.models import HumanReading
from server.conversation.readings import Unread
from server.core import clock
from server.core.events import Via
from server.sms.models import InboundMessage
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Id, Instant, List, Nested
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import MaskedPhone, RemarkSchema, Shown

blp = Blueprint("readings", __name__, url_prefix="/api/v1/readings", description="Texts for a human")


class ReadingSchema(BaseSchema):
    """A text that somebody must read, or has read."""

    id = Id(required=True)
    inbound_id = Id(required=True)
    ticket_id = Id(required=True, allow_none=True)
    waits_since = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)
    read_by = Id(required=True, allow_none=True)
    remark = Shown(required=True, allow_none=True)


class WaitingSchema(ReadingSchema):
    """A text that waits, and what it says."""

    phone = MaskedPhone(required=True)
    body = Shown(required=True)
    received_at = Instant(required=True)

    def get_attribute(self, obj: tuple[HumanReading, InboundMessage], attr: str, default: Any) -> Any:
        """Return a value of the message for what it says, else of the reading."""
        reading, message = obj
        of_message = attr in {"phone", "body", "received_at"}
        return super().get_attribute(message if of_message else reading, attr, default)


class TextSchema(BaseSchema):
    """A text that came before."""

    id = Id(required=True)
    body = Shown(required=True)
    received_at = Instant(required=True)
    outcome = Shown(required=True, allow_none=True)


class SentSchema(BaseSchema):
    """A message that was sent there."""

    id = Id(required=True)
    template = Shown(required=True)
    status = Shown(required=True)
    created_at = Instant(required=True)
    sent_at = Instant(required=True, allow_none=True)


class UnreadSchema(BaseSchema):
    """A text with the thread beside it, the latest first."""

    reading = Nested(ReadingSchema, required=True)
    phone = MaskedPhone(required=True, attribute="message.phone")
    body = Shown(required=True, attribute="message.body")
    texts = List(Nested(TextSchema), required=True)
    sent = List(Nested(SentSchema), required=True)


@blp.route("")
class Readings(MethodView):
    """Texts that wait."""

    @allowed(*DESK)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(WaitingSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[tuple[HumanReading, InboundMessage]]:
        """List texts that no rule understood, the longest waiting first."""
        after = keyset(query, int)
        rows = readings.waiting(session, scope=current().scope, after=after[0] if after else None, limit=query["limit"])
        return page(rows, query=query, key=lambda row: (row[0].id,))


@blp.route("/<int:reading_id>")
class OneReading(MethodView):
    """One text."""

    @allowed(*DESK)
    @blp.reads(UnreadSchema)
    def get(self, session: Session, reading_id: int) -> Unread:
        """Show a text with the thread beside it."""
        return readings.one(session, reading_id, scope=current().scope)


@blp.route("/<int:reading_id>/settlement")
class Settlement(MethodView):
    """Somebody has read it."""

    @allowed(*DESK)
    @blp.arguments(RemarkSchema)
    @blp.changes(200, ReadingSchema)
    def post(self, session: Session, body: Mapping[str, str], reading_id: int) -> HumanReading:
        """Note what was done about a text."""
        return readings.settle(
            session,
            reading_id=reading_id,
            remark=body["remark"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )
