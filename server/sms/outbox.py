"""Queue a message: a row in the transaction of the change that it tells of, and a job that sends it."""

import re
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, SessionTransaction

from server.core import jobs
from server.core.db import Json
from server.core.numbers import BadPhone
from server.core.policies import in_force
from server.sms import privacy_numbers, templates
from server.sms.models import OutboxMessage, Suppression
from server.sms.moving import move
from server.sms.ownership import key_of
from server.sms.quiet import leaves_at
from server.sms.status import MessageEvent, MessageStatus
from server.sms.terms import MessageTerms

SEND_JOB = "sms.send"

_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,16}")
"""E.164, and China's privacy numbers, which have 17 digits with the country's."""
_WAKING = key_of(0)


_WOKEN = "sender woken by"
"""Under which a session's ``info`` keeps the transaction that has enqueued the job already."""


def queue(
    session: Session,
    *,
    to: str,
    template: str,
    parameters: Json,
    locale: str,
    ticket_id: int | None,
    now: datetime,
    due_at: datetime | None = None,
    valid_until: datetime | None = None,
    once: str | None = None,
    quiet: bool = True,
    time_zone: str | None = None,
) -> OutboxMessage:
    """Write a message that leaves if, and only if, the caller's transaction is committed.

    :param to: the telephone in international form.
    :param parameters: exactly those that `templates.parameters_of()` names, texts or whole numbers.
    :param due_at: when it is wanted to leave; at once if not given.
    :param valid_until: after this it does not leave any more and fails as `expired`.
    :param once: at most one message with this key ever exists; a second call returns the first one.
    :param quiet: whether quiet hours hold for it (R12). Not for codes just asked for, *on the way* and delays.
    :param time_zone: the IANA zone of whoever is to read it; needed where quiet hours hold.
    :returns: the message: waiting, or suppressed if the number told its carrier to stop us or is a privacy number
        that no ticket has any more.
    :raises BadPhone: if the number is not in international form.
    :raises NoTemplate: if there is no such text.
    :raises WrongParameters: if the parameters are not exactly those of the text.
    :raises ValueError: if quiet hours are to hold and no zone is given.
    """
    _check_number(to)
    templates.check(template, parameters)
    leaves = _leaves_at(session, max(due_at or now, now), quiet=quiet, zone=time_zone, now=now)
    values = {
        "phone": to,
        "template": template,
        "parameters": parameters,
        "locale": templates.language(locale),
        "ticket_id": ticket_id,
        "status": MessageStatus.WAITING,
        "once": once,
        "due_at": leaves,
        "quiet_zone": time_zone if quiet else None,
        "valid_until": valid_until,
        "created_at": now,
        "attempts": 0,
    }
    return _written(session, values, once=once, now=now)


def _check_number(to: str) -> None:
    if not _INTERNATIONAL.fullmatch(to):
        raise BadPhone("a message goes to a number in international form")


def _written(session: Session, values: Json, *, once: str | None, now: datetime) -> OutboxMessage:
    """Return the message: suppressed if its number may not be written to, else on its way if it is due."""
    message = session.scalars(_ADDED, values).one_or_none()
    if message is None:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.once == once)).one()
    if (reason := _barred(session, message.phone)) is not None:
        message.ended_at = now
        move(session, message, MessageEvent.SUPPRESS, now=now, reason=reason)
    elif message.due_at <= now:
        wake(session)
    return message


_ADDED = insert(OutboxMessage).on_conflict_do_nothing().returning(OutboxMessage)


def _barred(session: Session, phone: str) -> str | None:
    if is_suppressed(session, phone):
        return "opted_out"
    return privacy_numbers.UNBOUND if privacy_numbers.is_unbound(session, phone) else None


def is_suppressed(session: Session, phone: str) -> bool:
    """Return whether a number told its carrier to stop us."""
    return session.scalar(_SUPPRESSED, {"phone": phone}) is not None


_SUPPRESSED = select(Suppression.__table__.c.id).where(Suppression.__table__.c.phone == bindparam("phone"))


def wake(session: Session) -> None:
    """Enqueue the job that sends what is due, unless one waits already or another transaction is about to.

    Two transactions that write one waiting job wait for each other, until the first is committed; with the locks of
    tickets in between they deadlock. So whoever is second leaves it to the first. If the first one's job then runs
    before the second is committed, the sweep finds the second's message within a tick.
    """
    session.flush()
    if _is_woken(session):
        return
    if session.scalar(_TO_WAKE):
        jobs.enqueue(session, SEND_JOB, once=SEND_JOB)
    session.info[_WOKEN] = session.get_nested_transaction() or session.get_transaction()


_TO_WAKE = select(func.pg_try_advisory_xact_lock(_WAKING))


def _is_woken(session: Session) -> bool:
    """Return whether this transaction has woken the sender already, not counting savepoints that were given up."""
    within: SessionTransaction | None = session.get_nested_transaction() or session.get_transaction()
    while within is not None and within is not session.info.get(_WOKEN):
        within = within.parent
    return within is not None


def _leaves_at(session: Session, due_at: datetime, *, quiet: bool, zone: str | None, now: datetime) -> datetime:
    if not quiet:
        return due_at
    if zone is None:
        raise ValueError("quiet hours are those of somebody's time zone: name it, or say that they do not hold")
    terms, _ = in_force(session, MessageTerms, at=now)
    return leaves_at(due_at, now=now, zone=zone, terms=terms)
