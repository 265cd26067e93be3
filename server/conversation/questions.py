"""Job codes: what a telephone can be meant to answer, under three digits each."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, func, or_, select
from sqlalchemy.orm import Session

from server.conversation.models import Ended, OpenQuestion, QuestionKind
from server.core.errors import Unavailable

REST = timedelta(days=7)
"""A code is not given out again for so long after its question closed: a late answer must not hit another job."""

_FIRST, _CODES = 100, 900
_STRIDE = 389
"""Coprime to the number of codes: neighbouring tickets get codes that do not look alike."""


class NoCodeLeft(Unavailable):
    """One telephone has used up all nine hundred codes within a week."""

    code = "conversation.no_code_left"


def open_question(
    session: Session, *, phone: str, kind: QuestionKind, subject_id: int, ticket_id: int, now: datetime
) -> OpenQuestion:
    """Return the open question of this kind about this subject at a telephone; give it a code if it is new.

    The code differs in two digits from every code that is open at the telephone as long as such a code is
    free: one slip of a finger then names no other job.

    :raises NoCodeLeft: if no code is free.
    """
    _hold(session, phone)
    present = session.scalar(
        select(OpenQuestion).where(
            OpenQuestion.phone == phone,
            OpenQuestion.kind == kind,
            OpenQuestion.subject_id == subject_id,
            OpenQuestion.closed_at.is_(None),
        )
    )
    if present is not None:
        return present
    opened = OpenQuestion(
        phone=phone,
        code=_free_code(session, phone=phone, ticket_id=ticket_id, now=now),
        kind=kind,
        subject_id=subject_id,
        ticket_id=ticket_id,
        opened_at=now,
    )
    session.add(opened)
    session.flush()
    return opened


def _hold(session: Session, phone: str) -> None:
    # Two messages to one telephone that are written at the same moment must not get one code.
    key = f"telephone/{phone}"
    session.execute(_HOLD, {"key": key})


_HOLD = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key", type_=String), 0)))


def _free_code(session: Session, *, phone: str, ticket_id: int, now: datetime) -> str:
    rows = session.execute(
        select(OpenQuestion.code, OpenQuestion.closed_at).where(
            OpenQuestion.phone == phone, or_(OpenQuestion.closed_at.is_(None), OpenQuestion.closed_at > now - REST)
        )
    ).all()
    resting = {code for code, _ in rows}
    live = [code for code, closed_at in rows if closed_at is None]
    codes = [str(_FIRST + (ticket_id * _STRIDE + step) % _CODES) for step in range(_CODES)]
    free = [code for code in codes if code not in resting]
    if not free:
        raise NoCodeLeft
    return next((code for code in free if all(_apart(code, other) for other in live)), free[0])


def _apart(code: str, other: str) -> bool:
    return sum(a != b for a, b in zip(code, other, strict=True)) > 1


def close(
    session: Session, *, kinds: Iterable[QuestionKind], subject_id: int, ended: Ended, now: datetime
) -> list[OpenQuestion]:
    """Close every open question of these kinds about a subject, at whatever telephone, and return them."""
    found = session.scalars(
        select(OpenQuestion).where(
            OpenQuestion.kind.in_(tuple(kinds)),
            OpenQuestion.subject_id == subject_id,
            OpenQuestion.closed_at.is_(None),
        )
    ).all()
    for question in found:
        question.closed_at, question.ended = now, ended
    session.flush()
    return list(found)


def open_at(session: Session, *, phone: str) -> list[OpenQuestion]:
    """Return what is open at a telephone, the oldest first."""
    return list(
        session.scalars(
            select(OpenQuestion)
            .where(OpenQuestion.phone == phone, OpenQuestion.closed_at.is_(None))
            .order_by(OpenQuestion.id)
            .execution_options(populate_existing=True)
        )
    )


def named(session: Session, *, phone: str, code: str, now: datetime) -> OpenQuestion | None:
    """Return the question that a code means at a telephone, open or closed within the last 7 days; None if none."""
    return session.scalar(_NAMED, {"phone": phone, "code": code, "rested_since": now - REST})


_NAMED = (
    select(OpenQuestion)
    .where(
        OpenQuestion.phone == bindparam("phone"),
        OpenQuestion.code == bindparam("code"),
        or_(OpenQuestion.closed_at.is_(None), OpenQuestion.closed_at > bindparam("rested_since")),
    )
    .order_by(OpenQuestion.closed_at.is_(None).desc(), OpenQuestion.id.desc())
    .limit(1)
    .execution_options(populate_existing=True)
)


def lapsed_since(session: Session, *, phone: str, since: datetime) -> list[OpenQuestion]:
    """Return what closed at a telephone from an instant on without its answer: what a bare `1` may still mean."""
    return list(
        session.scalars(
            select(OpenQuestion).where(
                OpenQuestion.phone == phone,
                OpenQuestion.closed_at >= since,
                OpenQuestion.ended.in_((Ended.EXPIRED, Ended.WITHDRAWN)),
            )
        )
    )
