"""On the way and at the door: the customer contacted, the departure, the proof of arrival."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.core import policies
from server.core.errors import Conflict
from server.core.events import Actor, note, record
from server.core.places import Position
from server.customers.models import Site
from server.orders import rules
from server.orders.locks import lock_visit
from server.orders.models import Ticket, Urge
from server.orders.rules import PositionClaim
from server.orders.status import VISIT, VisitEvent, VisitStatus
from server.orders.terms import VisitTerms
from server.orders.visit_models import CheckIn, Visit

_HIS = frozenset({VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY, VisitStatus.ON_SITE})


class NotAccepted(Conflict):
    """The visit is not, or not any more, in the technician's hands."""

    code = "visit.not_accepted"


def report_contact(session: Session, *, visit_id: int, technician_id: int | None, by: Actor, now: datetime) -> Visit:
    """Keep that the technician has spoken to the customer (R9a); it answers the customer's urges too (R15).

    The first report of a visit is the one that counts. Event: `visit.contact`.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises NotAccepted: if it is not in the technician's hands.
    """
    ticket, visit = lock_visit(session, visit_id, technician_id=technician_id)
    if visit.status not in _HIS:
        raise NotAccepted(visit_id=visit.id, status=str(visit.status))
    if visit.contacted_at is None:
        visit.contacted_at = now
    session.execute(
        update(Urge).where(Urge.ticket_id == ticket.id, Urge.contacted_at.is_(None)).values(contacted_at=now)
    )
    note(session, visit, "contact", by=by, now=now)
    return visit


def confirm(session: Session, *, visit_id: int, by: Actor, now: datetime) -> Visit:
    """Keep that the customer has confirmed the window of a visit (R12). Event: `visit.confirm`.

    Confirmed again it changes nothing.

    :raises UnknownVisit: if there is none.
    :raises NotAccepted: if it has ended or was withdrawn.
    """
    _, visit = lock_visit(session, visit_id, technician_id=None)
    if visit.status not in {VisitStatus.PLANNED, VisitStatus.OFFERED, *_HIS}:
        raise NotAccepted(visit_id=visit.id, status=str(visit.status))
    if visit.confirmed_at is None:
        visit.confirmed_at = now
        note(session, visit, "confirm", by=by, now=now)
    return visit


def leave(session: Session, *, visit_id: int, technician_id: int | None, by: Actor, now: datetime) -> Visit:
    """Keep that the technician is on the way (R13). Event: `visit.leave`.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises IllegalTransition: if he has not accepted it, or has left already.
    """
    _, visit = lock_visit(session, visit_id, technician_id=technician_id)
    VISIT.follows(visit.status, VisitEvent.LEAVE)
    visit.left_at = now
    record(session, visit, VisitEvent.LEAVE, by=by, now=now)
    return visit


def check_in(
    session: Session,
    *,
    visit_id: int,
    technician_id: int | None,
    claim: PositionClaim | None,
    code_proof: bool,
    by: Actor,
    now: datetime,
) -> CheckIn:
    """Keep a proof of arrival, or what was sent instead of one: evidence, never a block (R20).

    A further check-in of a visit that is on site is kept as further evidence; the first arrival stays.
    Event: `visit.check_in` with the outcome.

    :param technician_id: whose visit it must be; None for the desk.
    :param claim: where the telephone says it is; None if it said nothing.
    :param code_proof: whether he has told the code that only the customer has.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises IllegalTransition: if it is not in the technician's hands.
    """
    ticket, visit = lock_visit(session, visit_id, technician_id=technician_id)
    again = visit.status is VisitStatus.ON_SITE
    if not again:
        VISIT.follows(visit.status, VisitEvent.CHECK_IN)
    terms, _ = policies.in_force(session, VisitTerms, at=now)
    presence = rules.judge_presence(claim, site=_place(session, ticket), code_proof=code_proof, terms=terms)
    row = _keep(session, visit, claim, presence, now)
    details = {"outcome": str(presence.outcome), "check_in_id": row.id}
    if again:
        note(session, visit, "check_in_again", by=by, now=now, details=details)
        return row
    visit.arrived_at = now
    record(session, visit, VisitEvent.CHECK_IN, by=by, now=now, details=details)
    return row


def _place(session: Session, ticket: Ticket) -> Position | None:
    """Return where the work is; a position that nobody trusts proves nothing for or against anybody."""
    site = session.get(Site, ticket.site_id) if ticket.site_id is not None else None
    return site.position if site is not None and site.position_trusted else None


def _keep(
    session: Session, visit: Visit, claim: PositionClaim | None, presence: rules.Presence, now: datetime
) -> CheckIn:
    row = CheckIn(
        visit_id=visit.id,
        at=now,
        accuracy_metres=claim.accuracy_metres if claim else None,
        mocked=claim.mocked if claim else False,
        distance_metres=presence.distance_metres,
        fence_metres=presence.fence_metres,
        outcome=presence.outcome,
    )
    row.position = claim.position if claim else None
    session.add(row)
    session.flush()
    return row
