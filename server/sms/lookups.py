"""Ask the provider: whether it has a message that may or may not have left, and what became of one it has.

A message is asked about when it is `sending`, its `reconcile_after` is over and nobody holds its lock: whoever took
it was killed, or had an ambiguous reply. If the provider has it, it has left. Only if the provider answers and does
not have it, it is put back and leaves again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.core.db import Database
from server.core.events import SYSTEM, record
from server.core.policies import in_force
from server.sms.models import OutboxMessage
from server.sms.moving import locked, move
from server.sms.notices import RACES, is_anothers, learn
from server.sms.ownership import Ownership
from server.sms.provider import Absent, Answer, Found, Gateway, Sought, Unclear
from server.sms.status import MessageEvent, MessageStatus
from server.sms.terms import MessageTerms

log = structlog.get_logger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be asked about: `sending`, it may or may not have left; `sent`, nobody has told its end."""

    message_id: int
    status: MessageStatus


_DUE = (
    select(OutboxMessage.id, OutboxMessage.status)
    .where(
        OutboxMessage.status.in_([MessageStatus.SENDING, MessageStatus.SENT]),
        OutboxMessage.due_at <= bindparam("now"),
    )
    .order_by(OutboxMessage.status, OutboxMessage.due_at, OutboxMessage.id)
    .limit(BATCH)
)


class LookUps:
    """Asks for one process."""

    def __init__(self, database: Database, gateway: Gateway, ownership: Ownership) -> None:
        self._database = database
        self._gateway = gateway
        self._ownership = ownership

    def due(self, session: Session, *, now: datetime) -> list[Due]:
        """Return the messages whose time to be asked about has come, those first that may not have left."""
        return [Due(message_id, status) for message_id, status in session.execute(_DUE, {"now": now})]

    def settle(self, due: Iterable[Due], *, now: datetime) -> int:
        """Ask about messages, and return how many of them moved."""
        return sum(
            self._reconcile(each.message_id, now)
            if each.status is MessageStatus.SENDING
            else self._ask(each.message_id, now)
            for each in due
        )

    def _reconcile(self, message_id: int, now: datetime) -> bool:
        claim = self._ownership.claim(message_id)
        if claim is None:
            return False  # whoever took it lives, and is in the middle of it or frozen
        try:
            sought = self._database.attempt(lambda session: _sought(session, message_id, now))
            if sought is None:
                return False
            answer = self._gateway.look_up(sought) if sought.provider == self._gateway.name else Unclear("another's")
            if not self._ownership.holds(claim):
                return False
            return self._database.attempt(lambda session: _reconciled(session, message_id, answer, now), races=RACES)
        finally:
            self._ownership.release(claim)

    def _ask(self, message_id: int, now: datetime) -> bool:
        with self._database.transaction() as session:
            message = session.get_one(OutboxMessage, message_id)
            provider, provider_id = message.provider, message.provider_id
        if provider_id is None or provider != self._gateway.name:
            answer: Answer = Unclear("another provider's")
        else:
            answer = self._gateway.state(provider_id)
        return self._database.attempt(lambda session: _asked(session, message_id, answer, now))


def _sought(session: Session, message_id: int, now: datetime) -> Sought | None:
    """Return what to look for, or None if the message has moved on meanwhile."""
    message = session.get_one(OutboxMessage, message_id)
    if message.status is not MessageStatus.SENDING or message.due_at > now:
        return None
    assert message.taken_at is not None, "a message that is being sent was taken"
    known = session.scalars(
        select(OutboxMessage.provider_id).where(
            OutboxMessage.phone == message.phone,
            OutboxMessage.id != message_id,
            OutboxMessage.provider_id.is_not(None),
        )
    )
    return Sought(
        provider=message.provider or "",
        to=message.phone,
        fingerprint=message.fingerprint or "",
        taken_at=message.taken_at,
        known=frozenset(provider_id for provider_id in known if provider_id is not None),
    )


def _reconciled(session: Session, message_id: int, answer: Answer, now: datetime) -> bool:
    """Keep what the provider says about a message that may or may not have left."""
    terms, _ = in_force(session, MessageTerms, at=now)
    message = locked(session, message_id)
    if message.status is not MessageStatus.SENDING:
        return False
    assert message.taken_at is not None, "a message that is being sent was taken"
    match answer:
        case Found() if is_anothers(session, message, answer.provider_id):
            # Another process was faster to prove a message with the same text by it.
            message.due_at = now + terms.reconcile_after
            return False
        case Found():
            learn(session, message, provider_id=answer.provider_id, state=answer.state, failure=answer.failure, now=now)
            message.due_at = now + terms.ask_provider_after
        case Absent():
            message.due_at = now
            record(session, message, MessageEvent.PUT_BACK, by=SYSTEM, now=now, reason="absent")
        case Unclear() if now - message.taken_at >= terms.give_up_after:
            _give_up(session, message, now)
        case Unclear(reason=reason):
            log.warning("the provider did not say whether it has a message", message=message_id, reason=reason)
            message.due_at = now + terms.reconcile_after
            return False
    return True


def _asked(session: Session, message_id: int, answer: Answer, now: datetime) -> bool:
    """Keep what the provider says about a message that no notice came about."""
    terms, _ = in_force(session, MessageTerms, at=now)
    message = locked(session, message_id)
    if message.status is not MessageStatus.SENT:
        return False
    if isinstance(answer, Found):
        learn(session, message, provider_id=answer.provider_id, state=answer.state, failure=answer.failure, now=now)
        if answer.state.is_final:
            return True
    assert message.sent_at is not None, "a message that was sent has its instant"
    gives_up_at = message.sent_at + terms.give_up_after
    if now >= gives_up_at:
        _give_up(session, message, now)
        return True
    # Asked again after as long as it has been silent, so that a silent provider is not asked without end.
    message.due_at = min(now + max(terms.ask_provider_after, now - message.sent_at), gives_up_at)
    return False


def _give_up(session: Session, message: OutboxMessage, now: datetime) -> None:
    message.ended_at, message.failure = now, "never_heard_of"
    move(session, message, MessageEvent.GIVE_UP, now=now, reason=message.failure)
