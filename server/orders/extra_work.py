"""Extra work: what was found on site and not agreed before, and whether the customer wants it (R21)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import Actor, note
from server.core.money import Money
from server.orders.locks import lock_ticket, lock_visit
from server.orders.models import Ticket
from server.orders.status import VisitStatus
from server.orders.visit_models import ExtraWork, Visit

_AT_WORK = frozenset({VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY, VisitStatus.ON_SITE})


class NotAtWork(Conflict):
    """The visit is not under way: there is nothing to ask the customer about."""

    code = "extra_work.not_at_work"


class NothingToPay(Invalid):
    """Extra work that costs nothing needs nobody's authorisation; a price is positive."""

    code = "extra_work.bad_price"


class UnknownExtraWork(NotFound):
    """No such extra work for the caller."""

    code = "extra_work.unknown"


class AlreadyAnswered(Conflict):
    """The customer has answered, and not the same."""

    code = "extra_work.answered"


class PriceChanged(Conflict):
    """The sum that was answered is not the sum that is asked."""

    code = "extra_work.price_changed"


def ask_extra(
    session: Session,
    *,
    visit_id: int,
    technician_id: int | None,
    description: str,
    price: Money,
    by: Actor,
    now: datetime,
) -> ExtraWork:
    """Ask the customer to authorise work or parts that were not agreed before (R21). Event: `visit.ask_extra`.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises NotAtWork: if the visit is not under way.
    :raises NothingToPay: if the price is not positive.
    """
    if price.amount <= 0:
        raise NothingToPay
    _, visit = lock_visit(session, visit_id, technician_id=technician_id)
    if visit.status not in _AT_WORK:
        raise NotAtWork(visit_id=visit.id, status=str(visit.status))
    extra = ExtraWork(visit_id=visit.id, description=description, price=price, asked_at=now)
    session.add(extra)
    session.flush()
    note(session, visit, "ask_extra", by=by, now=now, details={"extra_work_id": extra.id})
    return extra


def answer_extra(
    session: Session, *, extra_work_id: int, authorised: bool, by: Actor, now: datetime, price: Money | None = None
) -> ExtraWork:
    """Keep the customer's answer (R21). Event: `visit.answer_extra`.

    The same answer again changes nothing. An answer after the visit has ended is refused: what was not
    authorised by then is not charged.

    :param price: the sum that the customer saw, where the way of asking knows it; only that sum is authorised.
    :raises UnknownExtraWork: if there is none.
    :raises AlreadyAnswered: if he said the opposite before.
    :raises PriceChanged: if he saw another sum.
    :raises NotAtWork: if the visit has ended.
    """
    ticket_id = session.scalar(
        select(Ticket.id)
        .join(Visit, Visit.ticket_id == Ticket.id)
        .join(ExtraWork, ExtraWork.visit_id == Visit.id)
        .where(ExtraWork.id == extra_work_id)
    )
    if ticket_id is None:
        raise UnknownExtraWork
    lock_ticket(session, ticket_id)
    extra = session.get_one(ExtraWork, extra_work_id, populate_existing=True)
    visit = session.get_one(Visit, extra.visit_id, populate_existing=True)
    if extra.authorised is not None:
        if extra.authorised is authorised:
            return extra
        raise AlreadyAnswered(extra_work_id=extra.id)
    if price is not None and price != extra.price:
        raise PriceChanged(extra_work_id=extra.id)
    if visit.status not in _AT_WORK:
        raise NotAtWork(visit_id=visit.id, status=str(visit.status))
    extra.authorised, extra.answered_at = authorised, now
    details = {"extra_work_id": extra.id, "authorised": authorised}
    note(session, visit, "answer_extra", by=by, now=now, details=details)
    return extra
