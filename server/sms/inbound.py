"""Messages that people send us: kept once, before anything else looks at them."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core import jobs
from server.sms.models import InboundMessage, Suppression
from server.sms.outbox import is_suppressed
from server.sms.provider import fingerprint
from server.sms.reserved import HELP, OPT_IN, OPT_OUT, as_word

READ_JOB = "conversation.read"

OPTED_OUT, OPTED_IN, CARRIERS_HELP = "opted_out", "opted_in", "carriers_help"
"""Outcomes of the words that carriers keep for themselves and answer themselves."""


def take_in(
    session: Session, *, provider: str, provider_id: str, phone: str, body: str, now: datetime
) -> InboundMessage | None:
    """Keep a message and have it read; one that is known already changes nothing.

    Carriers' own words are dealt with here and are not read as an answer to anything: *stop* and its like bar every
    further message to the number, *start* and its like lift that. A *yes* from a number that is not barred is an
    answer like any other.

    :param provider_id: the provider's id of the message; it delivers one several times.
    :returns: the message, or None if it had been taken in before.
    """
    values = {
        "provider": provider,
        "provider_id": provider_id,
        "phone": phone,
        "body": body,
        "received_at": now,
    }
    message = session.scalars(_ADDED, values).one_or_none()
    if message is None:
        return None
    outcome = _carriers_word(session, phone, as_word(body), now=now)
    if outcome is not None:
        message.handled_at, message.outcome = now, outcome
        session.flush()
    else:
        # Texts of one telephone are read in the order they came.
        jobs.enqueue(session, READ_JOB, lock=f"telephone {fingerprint(phone)[:16]}", inbound_id=message.id)
    return message


_ADDED = insert(InboundMessage).on_conflict_do_nothing().returning(InboundMessage)


def suppress(session: Session, phone: str, *, source: str, now: datetime) -> None:
    """Bar every further message to a number; twice is once."""
    session.execute(insert(Suppression).values(phone=phone, since=now, source=source).on_conflict_do_nothing())


def _carriers_word(session: Session, phone: str, word: str, *, now: datetime) -> str | None:
    if word in OPT_OUT:
        suppress(session, phone, source="sms", now=now)
        return OPTED_OUT
    if word in OPT_IN and is_suppressed(session, phone):
        session.execute(delete(Suppression).where(Suppression.phone == phone))
        return OPTED_IN
    return CARRIERS_HELP if word in HELP else None
