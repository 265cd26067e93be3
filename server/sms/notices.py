"""What providers tell about a message: every notice is kept, and a state only ever rises (fault 2 to 4)."""

from datetime import datetime

import structlog
from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from server.core.errors import NotFound
from server.sms import inbound
from server.sms.codes import OPTED_OUT
from server.sms.models import MessageNotice, OutboxMessage
from server.sms.moving import move
from server.sms.states import ProviderState, state_of
from server.sms.status import MESSAGE, MessageEvent, MessageStatus

log = structlog.get_logger(__name__)

OPEN = frozenset({MessageStatus.WAITING, MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNKNOWN})
"""In these a notice can still tell something new."""


RACES = frozenset({"uq_outbox_message_provider"})
"""Who learns a provider's id may find it just given to a message with the same text: then he looks again."""


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
    message = _told_about(session, message_id, provider_id)
    notice = MessageNotice(
        message_id=message.id, provider_id=provider_id, state=state, failure=failure, received_at=now
    )
    session.add(notice)
    known = state_of(state)
    if known is None:
        log.warning("unknown state of a message", message=message.id, state=state)
    elif message.provider_id not in (None, provider_id):
        log.warning("notice about another copy of a message", message=message.id, state=state)
    else:
        learn(session, message, provider_id=provider_id, state=known, failure=failure, now=now)
    return notice


def _named_and_owner() -> Select[OutboxMessage]:
    """Return the query for the message of an id, and for the one that has the provider's id."""
    named_as = OutboxMessage.__table__.alias("named_as")
    provider = select(named_as.c.provider).where(named_as.c.id == bindparam("message_id")).scalar_subquery()
    known_as = and_(OutboxMessage.provider == provider, OutboxMessage.provider_id == bindparam("provider_id"))
    return (
        select(OutboxMessage)
        .where(or_(OutboxMessage.id == bindparam("message_id"), known_as))
        # Two rows are always locked in one order.
        .order_by(OutboxMessage.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


_NAMED_AND_OWNER = _named_and_owner()
"""Built once: two of these come with every message that is sent."""


def _told_about(session: Session, message_id: int, provider_id: str) -> OutboxMessage:
    """Return the message that a notice is about, with its row locked.

    Of two messages with the same text a look-up may have given this id to the other one, which then owns it.

    :raises UnknownMessage: if there is none of our id.
    """
    found = session.scalars(_NAMED_AND_OWNER, {"message_id": message_id, "provider_id": provider_id}).all()
    named = next((message for message in found if message.id == message_id), None)
    if named is None:
        raise UnknownMessage(message_id=message_id)
    return next((message for message in found if message.provider_id == provider_id), named)


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
    move(session, message, event, now=now, reason=message.failure)
    if message.failure == OPTED_OUT and message.phone:
        inbound.suppress(session, message.phone, source="provider", now=now)


def is_anothers(session: Session, message: OutboxMessage, provider_id: str) -> bool:
    """Return whether a provider's id is known to be another message of ours."""
    asked = {"provider": message.provider, "provider_id": provider_id, "message_id": message.id}
    return session.scalar(_OWNER, asked) is not None


_MESSAGE = OutboxMessage.__table__.c
_OWNER = select(_MESSAGE.id).where(
    _MESSAGE.provider == bindparam("provider"),
    _MESSAGE.provider_id == bindparam("provider_id"),
    _MESSAGE.id != bindparam("message_id"),
)


def _event_of(state: ProviderState) -> MessageEvent:
    if state is ProviderState.DELIVERED:
        return MessageEvent.DELIVER
    return MessageEvent.FAIL if state is ProviderState.FAILED else MessageEvent.ACCEPT
