"""A customer whose telephone takes no texts of ours any more: the desk must know, or it waits for answers in vain."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, DomainEvent
from server.customers.models import CustomerPhone
from server.dispatch import escalations
from server.orders.locks import lock_ticket
from server.orders.models import Ticket
from server.orders.status import OPEN_TICKET
from server.sms import codes, inbound
from server.sms.models import OutboxMessage

CUSTOMER_OPTED_OUT = "customer_opted_out"
"""Kind of escalation: what he should have read did not reach him, so somebody must telephone (fault 17)."""

_BARRED = frozenset({inbound.OPTED_OUT, codes.OPTED_OUT})
"""Why a message did not leave: he told us to stop, or the provider says that he told his carrier."""


def on_message_ended(session: Session, event: DomainEvent) -> None:
    """Put the ticket before the desk when its customer, having said *stop*, was not told something.

    Once until the desk has settled it: then it is raised again by the next message that does not leave. Handles
    `message.suppress` and `message.fail`.
    """
    if event.reason not in _BARRED or event.ticket_id is None:
        return
    message = session.get_one(OutboxMessage, event.subject_id)
    if not _is_customers(session, event.ticket_id, message.phone):
        return
    # Whoever queued the message holds the ticket already. Whoever sends it waits here for somebody who holds it;
    # if that one wants the message in turn, one of the two is undone and done again.
    ticket = lock_ticket(session, event.ticket_id)
    if ticket.status not in OPEN_TICKET or escalations.is_open(session, ticket_id=ticket.id, kind=CUSTOMER_OPTED_OUT):
        return
    details = {"message_id": message.id, "template": message.template}
    escalations.raise_(session, ticket=ticket, kind=CUSTOMER_OPTED_OUT, by=SYSTEM, now=event.at, details=details)


def _is_customers(session: Session, ticket_id: int, phone: str) -> bool:
    """Return whether a telephone is that of a ticket's contact or customer, and not a technician's."""
    known = exists().where(CustomerPhone.customer_id == Ticket.customer_id, CustomerPhone.number == phone)
    mine = select(Ticket.id).where(Ticket.id == ticket_id, (Ticket.contact_phone == phone) | known)
    return session.scalar(mine) is not None
