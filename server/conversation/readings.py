"""Texts that no rule understood: what waits for the desk, with the thread beside it, and that it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from server.conversation.models import HumanReading
from server.core.errors import Conflict, NotFound
from server.core.events import Actor, ActorKind, note
from server.orders.models import Ticket
from server.organisation.access import Scope
from server.sms.models import InboundMessage, OutboxMessage

_THREAD = 10
"""How many messages of either side stand beside a text."""


class UnknownReading(NotFound):
    """There is no such text for the caller."""

    code = "reading.unknown"


class AlreadyRead(Conflict):
    """Somebody was faster."""

    code = "reading.already_read"


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that waits, with what was said before it.

    :param texts: what came from that telephone before, the latest first.
    :param sent: what was sent to it, the latest first.
    """

    reading: HumanReading
    message: InboundMessage
    texts: tuple[InboundMessage, ...]
    sent: tuple[OutboxMessage, ...]


def waiting(
    session: Session, *, scope: Scope, after: int | None = None, limit: int = 50
) -> Sequence[tuple[HumanReading, InboundMessage]]:
    """Return the texts that wait, the longest waiting first, and one more than the limit if there are more.

    A text about no ticket of anybody's is everybody's at a desk.

    :param after: id of the last one of the page before.
    """
    found = (
        select(HumanReading, InboundMessage)
        .join(InboundMessage, InboundMessage.id == HumanReading.inbound_id)
        .where(HumanReading.read_at.is_(None), _visible(scope), HumanReading.id > (after or 0))
        .order_by(HumanReading.id)
        .limit(limit + 1)
    )
    return [(reading, message) for reading, message in session.execute(found)]


def one(session: Session, reading_id: int, *, scope: Scope) -> Unread:
    """Return a text with its thread.

    :raises UnknownReading: if there is none for the caller.
    """
    reading = session.scalar(select(HumanReading).where(HumanReading.id == reading_id, _visible(scope)))
    if reading is None:
        raise UnknownReading(reading_id=reading_id)
    message = session.get_one(InboundMessage, reading.inbound_id)
    texts = select(InboundMessage).where(InboundMessage.phone == message.phone, InboundMessage.id < message.id)
    sent = select(OutboxMessage).where(OutboxMessage.phone == message.phone)
    return Unread(
        reading=reading,
        message=message,
        texts=tuple(session.scalars(texts.order_by(InboundMessage.id.desc()).limit(_THREAD))),
        sent=tuple(session.scalars(sent.order_by(OutboxMessage.id.desc()).limit(_THREAD))),
    )


def settle(session: Session, *, reading_id: int, remark: str, by: Actor, now: datetime, scope: Scope) -> HumanReading:
    """Note that somebody has read a text and what he did about it.

    Event, where it is about a ticket: `ticket.read_text`.

    :raises UnknownReading: if there is none for the caller.
    :raises AlreadyRead: if somebody has read it before.
    """
    # The lock prevents that two people answer one text.
    reading = session.scalar(
        select(HumanReading)
        .where(HumanReading.id == reading_id, _visible(scope))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if reading is None:
        raise UnknownReading(reading_id=reading_id)
    if reading.read_at is not None:
        raise AlreadyRead(reading_id=reading_id)
    reading.read_at, reading.remark = now, remark
    reading.read_by = by.id if by.kind is ActorKind.STAFF else None
    if reading.ticket_id is not None:
        ticket = session.get_one(Ticket, reading.ticket_id)
        note(session, ticket, "read_text", by=by, now=now, reason=remark, details={"reading_id": reading.id})
    session.flush()
    return reading


def _visible(scope: Scope) -> ColumnElement[bool]:
    if scope.region_id is None:
        return true()
    here = select(Ticket.id).where(Ticket.region_id == scope.region_id)
    return or_(HumanReading.ticket_id.is_(None), HumanReading.ticket_id.in_(here))
