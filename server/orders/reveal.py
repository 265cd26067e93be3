"""The telephones of a ticket in full: shown to whoever must call, and that they were shown is kept (fault 53)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import Actor, note
from server.customers.models import CustomerPhone
from server.orders.lookups import ticket_of, visit_of
from server.orders.models import Ticket
from server.organisation.access import Scope


def of_ticket(session: Session, ticket_id: int, *, scope: Scope, by: Actor, now: datetime) -> list[str]:
    """Return the contact's telephone and those of the customer's file. Event: `ticket.reveal_phones`.

    :raises UnknownTicket: if there is none for the caller.
    """
    ticket = ticket_of(session, ticket_id, scope=scope)
    note(session, ticket, "reveal_phones", by=by, now=now)
    return _numbers(session, ticket)


def of_visit(session: Session, visit_id: int, *, scope: Scope, by: Actor, now: datetime) -> list[str]:
    """Return the telephones of a visit's ticket. Event: `visit.reveal_phones`.

    :raises UnknownVisit: if there is no such visit for the caller.
    """
    visit = visit_of(session, visit_id, scope=scope)
    note(session, visit, "reveal_phones", by=by, now=now)
    return _numbers(session, session.get_one(Ticket, visit.ticket_id))


def _numbers(session: Session, ticket: Ticket) -> list[str]:
    filed = select(CustomerPhone.number).where(CustomerPhone.customer_id == ticket.customer_id)
    numbers = [ticket.contact_phone, *session.scalars(filed.order_by(CustomerPhone.id))]
    return list(dict.fromkeys(number for number in numbers if number is not None))
