"""Forget what has outlived its time: raw positions, words of messages, answers to requests, privacy numbers.

One row says when to look next, so that a tick costs one look at it. A pass goes through its kinds in batches, a
transaction each; the row moves on when nothing is left. A pass that is cut short is taken up where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from server.callbacks.models import CustomerCallback
from server.conversation.models import HumanReading, OpenQuestion
from server.core.db import UtcDateTime
from server.core.due import Sweep
from server.core.policies import BEGINNING, in_force
from server.customers.models import CustomerPhone
from server.dispatch.models import Plan
from server.dispatch.status import PlanStatus
from server.orders.models import Ticket
from server.privacy.models import RetentionRun
from server.privacy.terms import RetentionTerms
from server.sms import privacy_numbers
from server.sms.models import InboundMessage, OutboxMessage, PrivacyNumber
from server.web import idempotency

BATCH = 1_000
"""Rows of one transaction: some ten milliseconds."""


_DUE_AT = select(func.coalesce(select(RetentionRun.due_at).scalar_subquery(), literal(BEGINNING, UtcDateTime())))
_PASS = 7_205_759_403_792_797
"""Key of the advisory lock that lets one worker at a time forget."""
_UNDER_WAY = (PlanStatus.QUEUED, PlanStatus.SOLVING)
# Written out, not bound: only so does every plan of a query know that the partial indexes hold all it looks for.
_HAS_WORDS = text("inbound_message.body <> ''")
_HAS_PARAMETERS = text("outbox_message.parameters <> '{}'::jsonb")


@dataclass(frozen=True, slots=True)
class _Kind:
    """Something that is forgotten.

    :param kept: for how long.
    :param forget: forget at most so many of those that began (or ended) at an instant or before; return how many.
    """

    kept: Callable[[RetentionTerms], timedelta]
    forget: Callable[[Session, datetime, int, datetime], int]


def _positions(session: Session, before: datetime, most: int, _: datetime) -> int:
    """Forget where check-ins were made: the application may not change one, the owner's function may."""
    forgotten: int = session.execute(select(func.forget_positions(before, most))).scalar_one()
    return forgotten


def _problems(session: Session, before: datetime, most: int, _: datetime) -> int:
    old = (
        select(Plan.id)
        .where(Plan.problem.is_not(None), Plan.requested_at <= before, Plan.status.not_in(_UNDER_WAY))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return _count(session, update(Plan).where(Plan.id.in_(old)).values(problem=None).returning(Plan.id))


def _texts_in(session: Session, before: datetime, most: int, _: datetime) -> int:
    """Forget what people wrote, and what the desk noted beside it; a text that waits for a human stays."""
    waits = select(HumanReading.id).where(HumanReading.inbound_id == InboundMessage.id, HumanReading.read_at.is_(None))
    old = (
        select(InboundMessage.id)
        .where(
            _HAS_WORDS,
            InboundMessage.received_at <= before,
            InboundMessage.handled_at.is_not(None),
            ~waits.exists(),
        )
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    gone = session.scalars(
        update(InboundMessage).where(InboundMessage.id.in_(old)).values(body="").returning(InboundMessage.id)
    ).all()
    remarks = update(HumanReading).where(HumanReading.inbound_id.in_(gone), HumanReading.remark.is_not(None))
    session.execute(remarks.values(remark=""))
    return len(gone)


def _texts_out(session: Session, before: datetime, most: int, now: datetime) -> int:
    old = (
        select(OutboxMessage.id)
        .where(OutboxMessage.ended_at.is_not(None), _HAS_PARAMETERS, OutboxMessage.ended_at <= before)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    cleared = func.coalesce(OutboxMessage.cleared_at, now)
    statement = update(OutboxMessage).where(OutboxMessage.id.in_(old))
    statement = statement.values(parameters={}, fingerprint=None, cleared_at=cleared)
    return _count(session, statement.returning(OutboxMessage.id))


def _answers(session: Session, before: datetime, most: int, _: datetime) -> int:
    return idempotency.forget(session, before, most=most)


def _privacy_numbers(session: Session, before: datetime, most: int, now: datetime) -> int:
    """Unbind the numbers of tickets that ended so long ago, wherever the product knows them."""
    old = session.execute(
        select(PrivacyNumber.phone, PrivacyNumber.ticket_id)
        .join(Ticket, Ticket.id == PrivacyNumber.ticket_id)
        .where(Ticket.closed_at <= before)
        .order_by(PrivacyNumber.ticket_id, PrivacyNumber.id)
        .limit(min(most, 100))
        .with_for_update(of=Ticket, skip_locked=True)
    ).all()
    for phone, ticket_id in old:
        _unbind(session, phone, ticket_id, now)
    return len(old)


def _unbind(session: Session, phone: str, ticket_id: int, now: datetime) -> None:
    """Clear the number of a ticket; the file of its customer keeps it as long as another ticket of his has it."""
    privacy_numbers.unbind(session, phone, ticket_id=ticket_id, now=now)
    session.execute(
        update(Ticket).where(Ticket.id == ticket_id, Ticket.contact_phone == phone).values(contact_phone=None)
    )
    for table in (CustomerCallback, OpenQuestion):
        cleared = None if table is CustomerCallback else ""
        session.execute(update(table).where(table.ticket_id == ticket_id, table.phone == phone).values(phone=cleared))
    session.execute(select(func.forget_privacy_number(ticket_id, phone)))
    owner = select(Ticket.customer_id).where(Ticket.id == ticket_id).scalar_subquery()
    others = select(PrivacyNumber.ticket_id).where(PrivacyNumber.phone == phone)
    elsewhere = select(Ticket.id).where(Ticket.customer_id == owner, Ticket.id.in_(others)).exists()
    session.execute(
        delete(CustomerPhone).where(CustomerPhone.customer_id == owner, CustomerPhone.number == phone, ~elsewhere)
    )


_KINDS = (
    _Kind(lambda terms: terms.check_in_positions, _positions),
    _Kind(lambda terms: terms.plan_problems, _problems),
    _Kind(lambda terms: terms.texts, _texts_in),
    _Kind(lambda terms: terms.texts, _texts_out),
    _Kind(lambda terms: terms.idempotency_answers, _answers),
    _Kind(lambda terms: terms.privacy_numbers, _privacy_numbers),
)


def _count(session: Session, statement: ReturningUpdate[int]) -> int:
    return len(session.scalars(statement).all())


def _deal_with(session: Session, now: datetime) -> int:
    """Forget a batch of the first kind that has something; when none has, look again after a while."""
    run = _taken(session, now)
    if run is None:
        return 0
    terms, _ = in_force(session, RetentionTerms, at=now)
    for kind in _KINDS:
        if count := kind.forget(session, now - kind.kept(terms), BATCH, now):
            return count
    run.due_at = now + terms.look_every
    return 0


def _taken(session: Session, now: datetime) -> RetentionRun | None:
    """Return the pass that is due; None if none is, or another worker is at it."""
    if session.scalars(_DUE_AT).one() > now:
        return None
    # What the lock prevents: two workers on one pass. The second leaves it to the first, the very first time too.
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_PASS))):
        return None
    run = session.get(RetentionRun, 1, populate_existing=True)
    if run is None:
        run = RetentionRun(id=1, due_at=BEGINNING)
        session.add(run)
    return run if run.due_at <= now else None


SWEEP = Sweep("retention", _DUE_AT, _deal_with)
"""Forgets, by the policy `retention`, what is personal and not needed any more."""
