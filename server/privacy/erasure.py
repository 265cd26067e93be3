"""Erase a customer: the record of work and money stays, with a pseudonym in the place of the person (fault 72)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, func, or_, select, union
from sqlalchemy.orm import Session

from server.callbacks.models import Complaint, CustomerCallback
from server.callbacks.status import CallbackStatus
from server.core.errors import Conflict, Invalid
from server.core.events import Actor, note
from server.customers.files import UnknownCustomer
from server.customers.models import Customer, CustomerPhone
from server.customers.queries import customer_file
from server.customers.reveal import File
from server.customers.served import CustomerErased
from server.orders.models import Correction, Ticket
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Station
from server.privacy import traces
from server.privacy.codes import CODES
from server.sms import privacy_numbers
from server.sms.models import OutboxMessage
from server.sms.status import MessageStatus
from server.technicians.models import Technician

ERASED = "customer_erased"
"""Why a message that still waited did not leave."""
_MOST_NAMED = 20
_UNDECIDED = (CallbackStatus.WAITING, CallbackStatus.SURVEYED)


class StillServed(Conflict):
    """A ticket of the customer is open, or its outcome, a complaint or a message about it is under way."""

    code = "customer.still_served"


class ReasonMissing(Invalid):
    """What is done here needs a reason."""

    code = "reason.missing"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: how many tickets lost their words, and under which pseudonym they stand now."""

    pseudonym: str
    tickets: int


def pseudonym_of(customer_id: int) -> str:
    """Return what stands for the person: `E-000123`, the number of his file."""
    return f"E-{customer_id:06d}"


def erase(
    session: Session, *, customer_id: int, reason: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Erased:
    """Clear everything about a person: names, telephones, addresses, positions, messages, what was typed about him.

    Tickets, visits, cards, callbacks, statements, numbers, times, amounts and codes stay, and so does who did what
    when; serial numbers stay, because labour is paid once per unit (R37). Event: `customer.erase`, whose reason is
    kept for ever: it must not name the person.

    :raises ReasonMissing: if no reason is given.
    :raises UnknownCustomer: if there is none in the scope.
    :raises CustomerErased: if that was done before.
    :raises StillServed: if he is still being served.
    """
    if not reason.strip():
        raise ReasonMissing
    customer_file(session, customer_id=customer_id, scope=scope)
    customer = _held(session, customer_id)
    if customer.erased_at is not None:
        raise CustomerErased(customer_id=customer_id)
    if served := _under_way(session, customer_id):
        raise StillServed(tickets=served)
    phones = _own_phones(session, customer_id)
    waiting = select(OutboxMessage.id).where(
        traces.of_messages(customer_id, phones), OutboxMessage.status == MessageStatus.WAITING
    )
    privacy_numbers.give_up(session, session.scalars(waiting).all(), reason=ERASED, now=now)
    customer.name, customer.erased_at = pseudonym_of(customer_id), now
    customer.organisation = customer.external_id = None
    session.flush()
    traces.clear(session, customer_id, phones=phones, now=now)
    # History takes no change from the application: the owner's function does this one, and nothing else.
    session.execute(select(func.erase_history(customer_id, sorted(CODES))))
    session.expire_all()
    tickets = session.scalar(select(func.count()).where(Ticket.customer_id == customer_id)) or 0
    note(session, File(customer_id), "erase", by=by, now=now, reason=reason, details={"tickets": tickets})
    return Erased(customer.name, tickets)


def _held(session: Session, customer_id: int) -> Customer:
    """Return the customer, held with his tickets: nobody works on one or opens one until the transaction ends.

    The tickets first, as everywhere; the customer then, whom an intake of somebody known holds in turn.
    """
    session.execute(select(Ticket.id).where(Ticket.customer_id == customer_id).order_by(Ticket.id).with_for_update())
    customer = session.scalar(
        select(Customer).where(Customer.id == customer_id).with_for_update().execution_options(populate_existing=True)
    )
    if customer is None:
        raise UnknownCustomer
    return customer


def _under_way(session: Session, customer_id: int) -> list[str]:
    """Return the numbers of tickets for which the customer is still needed, twenty at most."""
    verified = CustomerCallback.status.in_(_UNDECIDED)
    leaves = OutboxMessage.status == MessageStatus.SENDING
    open_ones = select(Ticket).where(
        Ticket.customer_id == customer_id,
        or_(
            Ticket.closed_at.is_(None),
            select(CustomerCallback.id).where(CustomerCallback.ticket_id == Ticket.id, verified).exists(),
            select(Complaint.id).where(Complaint.ticket_id == Ticket.id, Complaint.decided_at.is_(None)).exists(),
            select(OutboxMessage.id).where(OutboxMessage.ticket_id == Ticket.id, leaves).exists(),
        ),
    )
    return [ticket.number for ticket in session.scalars(open_ones.order_by(Ticket.id).limit(_MOST_NAMED))]


def _own_phones(session: Session, customer_id: int) -> frozenset[str]:
    """Return the telephones that nobody else has: another customer, a technician, a station."""
    his, tickets = Ticket.customer_id == customer_id, select(Ticket.id).where(Ticket.customer_id == customer_id)
    corrected = [
        select(column["contact_phone"].astext).where(Correction.ticket_id.in_(tickets))
        for column in (Correction.before, Correction.after)
    ]
    corrected += [
        select(column["value"].astext).where(Correction.ticket_id.in_(tickets), Correction.field == "contact_phone")
        for column in (Correction.before, Correction.after)
    ]
    known = union(
        select(CustomerPhone.number).where(CustomerPhone.customer_id == customer_id),
        select(Ticket.contact_phone).where(his),
        select(CustomerCallback.phone).where(CustomerCallback.ticket_id.in_(tickets)),
        *corrected,
    )
    numbers = {number for number in session.scalars(known) if number}
    others: CompoundSelect[Any] = union(
        select(CustomerPhone.number).where(CustomerPhone.customer_id != customer_id, CustomerPhone.number.in_(numbers)),
        select(Ticket.contact_phone).where(~his, Ticket.contact_phone.in_(numbers)),
        select(Technician.phone).where(Technician.phone.in_(numbers)),
        select(Station.phone).where(Station.phone.in_(numbers)),
    )
    return frozenset(numbers - set(session.scalars(others)))
