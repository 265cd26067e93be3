"""China's privacy numbers: bound to a ticket, and reached only as long as they are (fault 72).

A platform lends such a number for one order and gives it to somebody else later. It is deny by default: nothing is
sent to one that is bound to no ticket.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.numbers import is_privacy_number
from server.sms.models import InboundMessage, OutboxMessage, PrivacyNumber
from server.sms.moving import locked, move
from server.sms.status import MessageEvent, MessageStatus

UNBOUND = "number_unbound"
"""Why a message to such a number does not leave."""


def bind(session: Session, phones: Iterable[str | None], *, ticket_id: int, now: datetime) -> None:
    """Bind those of the telephones that are privacy numbers to a ticket; twice is once."""
    bind_all(session, [(phone, ticket_id) for phone in phones], now=now)


def bind_all(session: Session, pairs: Iterable[tuple[str | None, int]], *, now: datetime) -> None:
    """Bind telephones to tickets, as `bind` does for one ticket."""
    values = [
        {"phone": phone, "ticket_id": ticket_id, "bound_at": now}
        for phone, ticket_id in dict.fromkeys(pairs)
        if phone is not None and is_privacy_number(phone)
    ]
    if values:
        session.execute(insert(PrivacyNumber).values(values).on_conflict_do_nothing())


def is_unbound(session: Session, phone: str) -> bool:
    """Return whether a telephone is a privacy number that no ticket has (any more)."""
    if not is_privacy_number(phone):
        return False
    return session.scalar(select(PrivacyNumber.id).where(PrivacyNumber.phone == phone).limit(1)) is None


def unbind(session: Session, phone: str, *, ticket_id: int, now: datetime) -> None:
    """Forget a ticket's privacy number here: its binding, and its trace in messages; what waits for it is given up."""
    session.execute(delete(PrivacyNumber).where(PrivacyNumber.phone == phone, PrivacyNumber.ticket_id == ticket_id))
    there = (OutboxMessage.ticket_id == ticket_id, OutboxMessage.phone == phone)
    give_up(session, session.scalars(select(OutboxMessage.id).where(*there)).all(), reason=UNBOUND, now=now)
    ended = OutboxMessage.status.not_in([MessageStatus.WAITING, MessageStatus.SENDING])
    session.execute(update(OutboxMessage).where(*there, ended).values(phone=""))
    received = update(InboundMessage).where(InboundMessage.phone == phone)
    if not is_unbound(session, phone):
        received = received.where(InboundMessage.ticket_id == ticket_id)
    session.execute(received.values(phone=""))


def give_up(session: Session, message_ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """Suppress those of the messages that wait."""
    for message_id in sorted(message_ids):
        message = locked(session, message_id)
        if message.status is MessageStatus.WAITING:
            message.failure, message.ended_at = reason, now
            move(session, message, MessageEvent.SUPPRESS, now=now, reason=reason)
    session.flush()
