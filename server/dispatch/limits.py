"""The technician's clock (R17): who cannot finish within the limit reports why; no report goes to the supervisor."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from server.core.due import Sweep
from server.core.events import SYSTEM
from server.dispatch import escalations
from server.dispatch.escalations import Kind
from server.dispatch.models import Escalation
from server.orders.locks import lock_ticket
from server.orders.models import Hindrance
from server.orders.status import LIVE_VISIT
from server.orders.visit_models import Visit

_BATCH = 20
_AFTER = timedelta(seconds=1)
"""A report on the very instant of the limit is in time: nobody looks before that second is over."""


def _unreported() -> ColumnElement[bool]:
    """Return the condition of a visit under way whose technician has reported no reason and nobody was told yet."""
    reported = (
        select(Hindrance.id)
        .where(
            Hindrance.ticket_id == Visit.ticket_id,
            or_(Hindrance.technician_id == Visit.technician_id, Hindrance.technician_id.is_(None)),
            Hindrance.counts,
            Hindrance.reported_at >= Visit.sent_at,
            Hindrance.reported_at <= Visit.limit_at,
        )
        .exists()
    )
    told = (
        select(Escalation.id)
        .where(
            Escalation.ticket_id == Visit.ticket_id,
            Escalation.kind == Kind.LIMIT_PASSED,
            or_(Escalation.settled_at.is_(None), Escalation.raised_at >= Visit.limit_at),
        )
        .exists()
    )
    return and_(Visit.status.in_(LIVE_VISIT), Visit.limit_at.is_not(None), ~reported, ~told)


def _escalate(session: Session, now: datetime) -> int:
    """Put tickets whose limit has passed without a report before the supervisor."""
    rows = session.execute(
        select(Visit.id, Visit.ticket_id)
        .where(_unreported(), Visit.limit_at <= now - _AFTER)
        .order_by(Visit.ticket_id)
        .limit(_BATCH)
    ).all()
    for row in rows:
        ticket = lock_ticket(session, row.ticket_id)
        visit = session.get_one(Visit, row.id, populate_existing=True)
        if visit.status not in LIVE_VISIT or visit.limit_at is None:
            continue  # finished, or given up, while we waited for the ticket
        details = {
            "visit_id": visit.id,
            "technician_id": visit.technician_id,
            "limit_at": visit.limit_at.isoformat(),
        }
        escalations.raise_(session, ticket=ticket, kind=Kind.LIMIT_PASSED, by=SYSTEM, now=now, details=details)
    return len(rows)


SWEEP = Sweep("limits_passed", select(func.min(Visit.limit_at)).where(_unreported()), _escalate, after=_AFTER)
