"""Calls to customers: an attempt, what came of it, and answers to text messages."""

from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.callbacks import outcomes, rules
from server.callbacks.models import CallbackAttempt, CustomerCallback
from server.callbacks.queue import time_zone
from server.callbacks.rules import Answers, Claim, Contradiction
from server.callbacks.status import CALLBACK, CallbackEvent, CallbackStatus, FailReason
from server.callbacks.terms import CallbackTerms
from server.core.clock import local_day
from server.core.db import Json
from server.core.errors import Conflict, Invalid
from server.core.events import Actor, note, record
from server.core.policies import in_force
from server.orders.models import Ticket
from server.orders.visit_models import CardCharge, CardPart, CompletionCard, Visit
from server.orders.words import ChargeKind
from server.organisation.access import EVERYTHING, Scope


class CallVerdict(StrEnum):
    """How a call that reached somebody ends."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"


class Decided(Conflict):
    """This customer callback has been decided; its verdict is not given twice."""

    code = "callback.decided"


class Claimed(Conflict):
    """Another agent was handed this call and has not reported yet."""

    code = "callback.claimed"


class Unclear(Invalid):
    """A call that reached somebody ends in a verdict or a promised hour; one that did not, in neither."""

    code = "callback.unclear"


class ReasonMissing(Invalid):
    """A fail says why; a pass has no reason to fail."""

    code = "callback.fail_reason"


class BadPromise(Invalid):
    """A promised hour lies ahead, and not beyond the days in which customers are called."""

    code = "callback.bad_promise"


class Contradicted(Conflict):
    """What the customer said contradicts the record, so that this call cannot end as a pass."""

    code = "callback.contradicted"


def attempt(
    session: Session,
    *,
    callback_id: int,
    agent: int,
    reached: bool,
    answers: Answers,
    verdict: CallVerdict | None,
    fail_reason: FailReason | None,
    promised_at: datetime | None,
    by: Actor,
    now: datetime,
    handler_id: int | None = None,
    scope: Scope = EVERYTHING,
) -> CallbackAttempt:
    """Keep one call and what came of it (R33-R35).

    Not reached: the next attempt is due on a later day in another third of it; after the third one the customer is
    surveyed by text message. Reached: a verdict, or an hour at which to call again.

    :param handler_id: who handles the complaint that the fail opens; the region's supervisor if None.
    :raises UnknownCallback: if it does not exist for this scope.
    :raises Decided: if there is a verdict already.
    :raises Claimed: if another agent was handed the call.
    :raises Unclear: if outcome and verdict do not fit together.
    :raises ReasonMissing: if a fail does not say why, or a pass does.
    :raises BadPromise: if the promised hour is not ahead or too far ahead.
    :raises Contradicted: if a pass contradicts the record gravely.
    """
    if reached == (verdict is None and promised_at is None) or (verdict is not None and promised_at is not None):
        raise Unclear(reached=reached)
    if (verdict is CallVerdict.FAIL) != (fail_reason is not None):
        raise ReasonMissing
    ticket, callback = outcomes.lock(session, callback_id=callback_id, scope=scope)
    _refuse_if_settled(callback, verdict=verdict)
    if callback.claimed_by not in (None, agent) and callback.claimed_until and callback.claimed_until > now:
        raise Claimed(callback_id=callback_id)
    found = rules.contradictions(_claim(session, ticket, callback), answers)
    grave = [item.code for item in found if item.grave]
    if verdict is CallVerdict.PASS and grave:
        raise Contradicted(callback_id=callback_id, contradictions=grave)
    kept = _keep(session, ticket, callback, agent=agent, reached=reached, answers=answers, found=found, now=now)
    callback.claimed_by = callback.claimed_until = None
    if verdict is None:
        _call_again(session, ticket, callback, kept, promised_at=promised_at, by=by, now=now)
    else:
        callback.decided_by = agent
        _decide(session, ticket, callback, fail_reason, handler_id=handler_id, by=by, now=now)
    return kept


def answer_message(
    session: Session,
    *,
    callback_id: int,
    confirmed: bool,
    words: str,
    by: Actor,
    now: datetime,
) -> CallbackAttempt:
    """Take the customer's yes or no to the question or the survey that he got by text message (R32, R33).

    :raises UnknownCallback: if there is none with this id.
    :raises Decided: if there is a verdict already.
    """
    ticket, callback = outcomes.lock(session, callback_id=callback_id, scope=EVERYTHING)
    _refuse_if_settled(callback, verdict=CallVerdict.PASS if confirmed else CallVerdict.FAIL)
    answers = Answers(agrees=confirmed, words=words)
    kept = _keep(session, ticket, callback, agent=None, reached=True, answers=answers, found=(), now=now)
    callback.claimed_by = callback.claimed_until = None
    reason = None if confirmed else rules.reason_of_a_no(callback.outcome)
    _decide(session, ticket, callback, reason, handler_id=None, by=by, now=now)
    return kept


def _refuse_if_settled(callback: CustomerCallback, *, verdict: CallVerdict | None) -> None:
    event = {CallVerdict.PASS: CallbackEvent.PASS, CallVerdict.FAIL: CallbackEvent.FAIL, None: None}[verdict]
    open_still = callback.status in (CallbackStatus.WAITING, CallbackStatus.SURVEYED, CallbackStatus.UNREACHABLE)
    if not (open_still if event is None else CALLBACK.allows(callback.status, event)):
        raise Decided(callback_id=callback.id, status=str(callback.status))


def _decide(
    session: Session,
    ticket: Ticket,
    callback: CustomerCallback,
    fail_reason: FailReason | None,
    *,
    handler_id: int | None,
    by: Actor,
    now: datetime,
) -> None:
    if fail_reason is not None:
        outcomes.fail(session, ticket, callback, reason=fail_reason, handler_id=handler_id, by=by, now=now)
        return
    callback.decided_at = now
    record(session, callback, CallbackEvent.PASS, by=by, now=now)
    outcomes.passed(session, ticket, callback, by=by, now=now)


def _call_again(
    session: Session,
    ticket: Ticket,
    callback: CustomerCallback,
    kept: CallbackAttempt,
    *,
    promised_at: datetime | None,
    by: Actor,
    now: datetime,
) -> None:
    """Find when to call next, or give up calling and survey (R33). Somebody surveyed is not scheduled again."""
    terms, _ = in_force(session, CallbackTerms, at=callback.created_at)
    if callback.status is not CallbackStatus.WAITING:
        note(session, callback, "attempt", by=by, now=now)
        return
    callback.attempts += kept.counts
    record(session, callback, CallbackEvent.ATTEMPT, by=by, now=now, details={"counts": kept.counts})
    if promised_at is not None:
        if not now < promised_at <= now + terms.survey_open + terms.latest_within:
            raise BadPromise
        callback.call_after, callback.call_before = promised_at, promised_at + terms.promise_open
    elif callback.attempts >= terms.attempts:
        callback.survey_ends_at = now + terms.survey_open
        record(session, callback, CallbackEvent.SURVEY, by=by, now=now)
    else:
        move_window(session, ticket, callback, terms=terms, now=now)


def move_window(
    session: Session, ticket: Ticket, callback: CustomerCallback, *, terms: CallbackTerms, now: datetime
) -> None:
    """Set when the customer may be called next, by what was tried so far (R33)."""
    zone = time_zone(session, ticket)
    window = rules.next_window(now, tried=_tried(session, callback, zone), terms=terms, zone=zone)
    callback.call_after, callback.call_before = window.opens, window.closes


def _tried(session: Session, callback: CustomerCallback, zone: str) -> tuple[rules.Tried, ...]:
    counting = session.scalars(
        select(CallbackAttempt).where(CallbackAttempt.callback_id == callback.id, CallbackAttempt.counts)
    )
    return tuple(rules.Tried(local_day(row.called_at, zone), row.third) for row in counting if row.third is not None)


def _keep(
    session: Session,
    ticket: Ticket,
    callback: CustomerCallback,
    *,
    agent: int | None,
    reached: bool,
    answers: Answers,
    found: tuple[Contradiction, ...],
    now: datetime,
) -> CallbackAttempt:
    terms, _ = in_force(session, CallbackTerms, at=callback.created_at)
    zone = time_zone(session, ticket)
    tried = _tried(session, callback, zone)
    row = CallbackAttempt(
        callback_id=callback.id,
        called_at=now,
        agent_id=agent,
        reached=reached,
        third=rules.third_of(now, terms=terms, zone=zone),
        counts=not reached and rules.counted(now, tried=tried, terms=terms, zone=zone) is not None,
        answers=_written(answers),
        contradictions={"items": [asdict(item) for item in found]} if found else {},
    )
    session.add(row)
    session.flush()
    return row


def _written(answers: Answers) -> Json:
    values = {name: value for name, value in asdict(answers).items() if value not in (None, "")}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _claim(session: Session, ticket: Ticket, callback: CustomerCallback) -> Claim:
    """Return what the record claims about the outcome: from the visit, and from its card where there is one."""
    if callback.visit_id is None:
        return Claim(callback.outcome)
    visit = session.get_one(Visit, callback.visit_id)
    came = visit.arrived_at or visit.finished_at
    on = local_day(came, time_zone(session, ticket)) if came else None
    card = session.scalar(select(CompletionCard.id).where(CompletionCard.visit_id == visit.id))
    if card is None:
        return Claim(callback.outcome, on=on)
    return Claim(callback.outcome, on=on, charged=_charged(session, card), parts=_parts(session, card))


def _parts(session: Session, card_id: int) -> int:
    return int(session.scalar(select(func.sum(CardPart.quantity)).where(CardPart.card_id == card_id)) or 0)


def _charged(session: Session, card_id: int) -> int:
    """Return what the card says the customer paid; parts count by their own prices where no charge is for parts."""
    charges = session.scalars(select(CardCharge).where(CardCharge.card_id == card_id)).all()
    paid = sum(charge.price.amount for charge in charges)
    if any(charge.kind is ChargeKind.PART for charge in charges):
        return paid
    parts = session.scalars(select(CardPart).where(CardPart.card_id == card_id))
    return paid + sum(part.price.amount * part.quantity for part in parts)
