"""A technician's jobs of a day, as one text message."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation import questions, wording
from server.conversation.callers import Caller
from server.conversation.job_sheet import job_of
from server.conversation.models import QuestionKind
from server.conversation.phrases import say
from server.conversation.replies import Reply
from server.core.clock import local_day, local_instant
from server.orders.status import VisitStatus
from server.orders.visit_models import Visit

_SHOWN = frozenset({VisitStatus.OFFERED, VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY, VisitStatus.ON_SITE})
_LONGEST = 330
"""Characters of all lines together: what fits into a message of three segments of Chinese."""
_LINE = 64


def jobs_of(session: Session, caller: Caller, *, days_ahead: int, now: datetime) -> Reply:
    """Return the jobs of a technician's day, today or ``days_ahead``, each with its code."""
    on = local_day(now, caller.zone) + timedelta(days=days_ahead)
    begins = local_instant(on, 0, 0, caller.zone)
    ends = local_instant(on + timedelta(days=1), 0, 0, caller.zone)
    visit_ids = session.scalars(
        select(Visit.id)
        .where(
            Visit.technician_id == caller.id,
            Visit.status.in_(_SHOWN),
            Visit.starts_at >= begins,
            Visit.starts_at < ends,
        )
        .order_by(Visit.starts_at)
    ).all()
    codes = {
        question.subject_id: question.code
        for question in questions.open_at(session, phone=caller.phone)
        if question.kind is QuestionKind.JOB
    }
    lines = [_line(session, caller, visit_id, codes.get(visit_id, "-")) for visit_id in visit_ids]
    values = (
        ("day", wording.day(on, zone=caller.zone, locale=caller.locale)),
        ("count", len(lines)),
        ("lines", _joined(lines, caller.locale)),
    )
    return Reply("list", "job.list", values)


def _line(session: Session, caller: Caller, visit_id: int, code: str) -> str:
    job = job_of(session, visit_id=visit_id)
    offered = session.get_one(Visit, visit_id).status is VisitStatus.OFFERED
    mark = f" ({say('list.offered', caller.locale)})" if offered else ""
    line = f"{code} {wording.clock(job.starts_at, zone=job.zone)} {job.work(caller.locale)}{mark}, "
    return (line + job.where(caller.locale))[:_LINE]


def _joined(lines: list[str], locale: str) -> str:
    if not lines:
        return say("list.none", locale)
    for shown in range(len(lines), 0, -1):
        rest = [say("list.more", locale, count=len(lines) - shown)] if shown < len(lines) else []
        text = "\n".join([*lines[:shown], *rest])
        if len(text) <= _LONGEST:
            return text
    return lines[0]
