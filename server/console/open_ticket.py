"""An open ticket that the desk changes by a form: shown while it is open, and held in the version that was seen."""

from sqlalchemy.orm import Session

from server.core.errors import NotFound
from server.orders import lookups, records
from server.orders.facts import TicketClosed, TicketOutdated
from server.orders.locks import lock_ticket
from server.orders.models import Ticket
from server.orders.records import TicketDetail
from server.orders.status import OPEN_TICKET
from server.web.context import current, database

NO_FORM_HELPS = (NotFound, TicketClosed)
"""Refusals after which there is nothing to be shown a form for."""


def shown(ticket_id: int) -> TicketDetail:
    """Return a ticket of the caller's with its whole record.

    :raises UnknownTicket: if there is none for him.
    :raises TicketClosed: if its facts are settled.
    """
    with database().glance() as session:
        found = records.ticket_detail(session, ticket_id=ticket_id, scope=current().scope)
    if found.ticket.status not in OPEN_TICKET:
        raise TicketClosed(number=found.ticket.number, status=str(found.ticket.status))
    return found


def held(session: Session, ticket_id: int, *, version: int | None) -> Ticket:
    """Return a ticket of the caller's, locked, as long as it is what his form was made from.

    :raises UnknownTicket: if there is none for him.
    :raises TicketOutdated: if somebody has changed it since.
    """
    lookups.ticket_of(session, ticket_id, scope=current().scope)
    ticket = lock_ticket(session, ticket_id)
    if ticket.version != version:
        raise TicketOutdated(ticket_id=ticket_id)
    return ticket
