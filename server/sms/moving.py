"""Every step of an outgoing message: where it leaves the hands of ours, its secrets go with it."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, record
from server.sms import templates
from server.sms.models import OutboxMessage
from server.sms.status import MessageEvent, MessageStatus

MAY_LEAVE = frozenset({MessageStatus.WAITING, MessageStatus.SENDING})
"""Only in these can a message still be handed to a provider; no transition leads back to them."""


def locked(session: Session, message_id: int) -> OutboxMessage:
    """Return a message with its row locked: of two who learn something about it, the second sees what the first did."""
    return session.scalars(_LOCKED, {"message_id": message_id}).one()


_LOCKED = (
    select(OutboxMessage)
    .where(OutboxMessage.id == bindparam("message_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
"""Put together once: every message that is sent is locked several times on its way."""


def move(session: Session, message: OutboxMessage, event: MessageEvent, *, now: datetime, reason: str | None) -> None:
    """Record what happened to a message, and clear its secrets once it can never be sent (again).

    A log-in code and a customer's link are worth something to whoever reads the table: the provider has the text,
    or nobody will ever get it. A look-up needs the fingerprint only while the message is being sent; that of a
    six-digit code gives the code away, so it goes too.

    :raises IllegalTransition: if the event may not happen in the present status; nothing is changed then.
    """
    record(session, message, event, by=SYSTEM, now=now, reason=reason)
    if message.status not in MAY_LEAVE:
        clear_secrets(message, now=now)


def clear_secrets(message: OutboxMessage, *, now: datetime) -> None:
    """Empty the parameters of a message that are secrets; the others say what was told."""
    secrets = templates.secrets_of(message.template) & set(message.parameters)
    if secrets and message.cleared_at is None:
        message.parameters = {**message.parameters, **dict.fromkeys(secrets, "")}
        message.fingerprint, message.cleared_at = None, now
