"""What falls due about customer callbacks: chances to call that pass, surveys that end, the unreachable that lapse."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.callbacks import outcomes
from server.callbacks.calls import move_window
from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackEvent, CallbackStatus
from server.callbacks.terms import CallbackTerms
from server.core.due import Sweep
from server.core.events import SYSTEM, record
from server.core.policies import in_force
from server.organisation.access import EVERYTHING

_BATCH = 50

_Instant = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def _earliest(status: CallbackStatus, column: _Instant) -> Select[Any]:
    return select(func.min(column)).where(CustomerCallback.status == status)


def _due(session: Session, status: CallbackStatus, is_due: ColumnElement[bool]) -> list[int]:
    query = select(CustomerCallback.id).where(CustomerCallback.status == status, is_due)
    return list(session.scalars(query.order_by(CustomerCallback.id).limit(_BATCH)))


def _passed_windows(session: Session, now: datetime) -> int:
    """Find the next chance to call for those whose last one is over; what was missed shows in the figures."""
    due = _due(session, CallbackStatus.WAITING, CustomerCallback.call_before <= now)
    for callback_id in due:
        ticket, callback = outcomes.lock(session, callback_id=callback_id, scope=EVERYTHING)
        if callback.status is CallbackStatus.WAITING and callback.call_before <= now:
            terms, _ = in_force(session, CallbackTerms, at=callback.created_at)
            move_window(session, ticket, callback, terms=terms, now=now)
    return len(due)


def _ended_surveys(session: Session, now: datetime) -> int:
    """Hand to the supervisor whom neither calls nor the survey reached (R35)."""
    due = _due(session, CallbackStatus.SURVEYED, CustomerCallback.survey_ends_at <= now)
    for callback_id in due:
        _, callback = outcomes.lock(session, callback_id=callback_id, scope=EVERYTHING)
        if callback.status is CallbackStatus.SURVEYED:
            terms, _ = in_force(session, CallbackTerms, at=callback.created_at)
            callback.lapses_at = now + terms.undecided_until
            record(session, callback, CallbackEvent.GIVE_UP, by=SYSTEM, now=now, reason="survey_unanswered")
    return len(due)


def _undecided(session: Session, now: datetime) -> int:
    """Let lapse what stayed unreachable and undecided for 30 days (R35)."""
    due = _due(session, CallbackStatus.UNREACHABLE, CustomerCallback.lapses_at <= now)
    for callback_id in due:
        ticket, callback = outcomes.lock(session, callback_id=callback_id, scope=EVERYTHING)
        if callback.status is CallbackStatus.UNREACHABLE:
            callback.decided_at = now
            record(session, callback, CallbackEvent.LAPSE, by=SYSTEM, now=now, reason="undecided")
            outcomes.ended_unverified(session, ticket, callback, by=SYSTEM, now=now)
    return len(due)


SWEEPS = (
    Sweep(
        "callbacks.windows",
        _earliest(CallbackStatus.WAITING, CustomerCallback.call_before),
        _passed_windows,
    ),
    Sweep(
        "callbacks.surveys",
        _earliest(CallbackStatus.SURVEYED, CustomerCallback.survey_ends_at),
        _ended_surveys,
    ),
    Sweep(
        "callbacks.undecided",
        _earliest(CallbackStatus.UNREACHABLE, CustomerCallback.lapses_at),
        _undecided,
    ),
)
