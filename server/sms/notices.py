"""What providers tell about a message: every notice is kept, and a state only ever rises (fault 2 to 4)."""

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.errors import NotFound
from server.core.events import SYSTEM, record
from server.sms import inbound
from server.sms.codes import OPTED_OUT
from server.sms.models import MessageNotice, OutboxMessage
from server.sms.states import ProviderState, state_of
from server.sms.status import MESSAGE, MessageEvent, MessageStatus

log = structlog.get_logger(__name__)

OPEN = frozenset({MessageStatus.WAITING, MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNKNOWN})
"""In these a notice can still tell something new."""


class UnknownMessage(NotFound):
    """There is no such message."""

    code = "message.unknown"


def take_notice(
    session: Session,
    *,
    message_id: int,
    provider_id: str,
    state: str,
    failure: str | None,
    now: datetime,
) -> MessageNotice:
    """Keep a notice, and move the message if the notice tells more than is known.

    It may come before the reply to our own request, or before that reply is committed: it is as good a proof that
    the message left. A final state never changes, however late or in whatever order notices come.

    :param message_id: our id, from the address that the provider called.
    :raises UnknownMessage: if there is no message of that id; nothing is kept.
    """
    named = session.get(OutboxMessage, message_id)
    if named is None:
        raise UnknownMessage(message_id=message_id)
    # Of two messages with the same text a look-up may have given this id to the other one, which then owns it.
    owner_id = session.scalar(
        select(OutboxMessage.id).where(
            OutboxMessage.provider_id == provider_id, OutboxMessage.provider.is_not_distinct_from(named.provider)
        )
    )
    message = locked(session, owner_id or message_id)
    notice = MessageNotice(
        message_id=message.id, provider_id=provider_id, state=state, failure=failure, received_at=now
    )
    session.add(notice)
    session.flush()
    known = state_of(state)
    if known is None:
        log.warning("unknown state of a message", message=message.id, state=state)
    elif message.provider_id not in (None, provider_id):
        log.warning("notice about another copy of a message", message=message.id, state=state)
    else:
        learn(session, message, provider_id=provider_id, state=known, failure=failure, now=now)
    return notice


def locked(session: Session, message_id: int) -> OutboxMessage:
    """Return a message with its row locked: of two who learn something about it, the second sees what the first did."""
    return session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.id == message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def learn(
    session: Session,
    message: OutboxMessage,
    *,
    provider_id: str,
    state: ProviderState,
    failure: str | None,
    now: datetime,
) -> None:
    """Move a message to what a provider says about it, if that is further than where it is."""
    if message.status not in OPEN:
        return
    message.provider_id = provider_id
    message.sent_at = message.sent_at or now
    event = _event_of(state)
    if not MESSAGE.allows(message.status, event):
        return
    if state.is_final:
        message.ended_at = now
        message.failure = (failure or "undelivered") if state is ProviderState.FAILED else None
    record(session, message, event, by=SYSTEM, now=now, reason=message.failure)
    if message.failure == OPTED_OUT:
        inbound.suppress(session, message.phone, source="provider", now=now)


def is_anothers(session: Session, message: OutboxMessage, provider_id: str) -> bool:
    """Return whether a provider's id is known to be another message of ours."""
    return (
        session.scalar(
            select(OutboxMessage.id).where(
                OutboxMessage.provider == message.provider,
                OutboxMessage.provider_id == provider_id,
                OutboxMessage.id != message.id,
            )
        )
        is not None
    )


def _event_of(state: ProviderState) -> MessageEvent:
    if state is ProviderState.DELIVERED:
        return MessageEvent.DELIVER
    return MessageEvent.FAIL if state is ProviderState.FAILED else MessageEvent.ACCEPT
