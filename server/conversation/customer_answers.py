"""What a customer can answer, by text message or link: each answer calls the use case of whoever it concerns."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.callbacks import calls
from server.core.errors import Conflict
from server.core.events import Actor
from server.core.money import Money
from server.dispatch import escalations
from server.orders import visits
from server.orders.locks import lock_ticket
from server.orders.status import LIVE_VISIT, OPEN_TICKET

WANTS_TO_MOVE = "customer_moves"
WANTS_TO_REBOOK = "customer_rebooks"
"""Kinds of escalation: the desk calls and agrees a time."""

_LONGEST_WISH = 500


class NothingToAnswer(Conflict):
    """What the answer is about has ended or changed meanwhile."""

    code = "conversation.nothing_to_answer"


def confirm(session: Session, *, visit_id: int, by: Actor, now: datetime) -> None:
    """Keep that the window suits the customer (R12).

    :raises NotAccepted: if the visit has ended or was withdrawn.
    """
    visits.confirm(session, visit_id=visit_id, by=by, now=now)


def ask_to_move(session: Session, *, visit_id: int, wish: str, by: Actor, now: datetime) -> None:
    """Put before the desk that the customer wants another time, with his words.

    :raises NothingToAnswer: if the visit has ended or was withdrawn.
    """
    ticket, visit = visits.lock_visit(session, visit_id, technician_id=None)
    if visit.status not in LIVE_VISIT:
        raise NothingToAnswer(status=str(visit.status))
    details = {"visit_id": visit.id, "wish": wish[:_LONGEST_WISH]}
    escalations.raise_(session, ticket=ticket, kind=WANTS_TO_MOVE, by=by, now=now, details=details)


def ask_to_rebook(session: Session, *, ticket_id: int, wish: str, by: Actor, now: datetime) -> None:
    """Put before the desk when the customer is at home, after nobody was (R27a).

    :raises NothingToAnswer: if the ticket is not open any more.
    """
    ticket = lock_ticket(session, ticket_id)
    if ticket.status not in OPEN_TICKET:
        raise NothingToAnswer(status=str(ticket.status))
    details = {"wish": wish[:_LONGEST_WISH]}
    escalations.raise_(session, ticket=ticket, kind=WANTS_TO_REBOOK, by=by, now=now, details=details)


def answer_extra(
    session: Session, *, extra_work_id: int, authorised: bool, by: Actor, now: datetime, price: Money | None = None
) -> Money:
    """Keep whether extra work is authorised, and return its price (R21).

    :param price: the sum that the customer saw, where the way of asking knows it.
    :raises Refusal: as `visits.answer_extra`.
    """
    return visits.answer_extra(
        session, extra_work_id=extra_work_id, authorised=authorised, by=by, now=now, price=price
    ).price


def answer_callback(
    session: Session, *, callback_id: int, confirmed: bool, words: str, by: Actor, now: datetime
) -> None:
    """Take a yes or no to a survey, or to whether a report is right (R32, R33).

    :raises Decided: if there is a verdict already.
    """
    calls.answer_message(
        session, callback_id=callback_id, confirmed=confirmed, words=words[:_LONGEST_WISH], by=by, now=now
    )
