"""Who a telephone is: a technician, a customer, or nobody we know."""

import re
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.conversation.commands import Party
from server.conversation.models import OpenQuestion, QuestionKind
from server.conversation.wording import wording
from server.core.events import Actor, ActorKind, Via
from server.customers.models import Customer, CustomerPhone, Site
from server.orders.models import Ticket
from server.orders.status import OPEN_TICKET
from server.organisation.models import Region, Station
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who writes to us.

    :param id: of the technician or the customer.
    :param zone: his time zone: of the technician's region, of the customer's site.
    :param ticket_id: which history shows an unread text of his: of a customer, the newest open ticket.
    """

    phone: str
    party: Party
    id: int
    locale: str
    zone: str
    ticket_id: int | None = None

    @property
    def actor(self) -> Actor:
        """Return him as the doer of what he writes."""
        kind = ActorKind.TECHNICIAN if self.party is Party.TECHNICIAN else ActorKind.CUSTOMER
        return Actor(kind, self.id, Via.SMS)


def language(locale: str) -> str:
    """Return the language of ours that a locale is served in."""
    return "zh" if locale.lower().startswith("zh") else "en"


def language_of_text(session: Session, text: str) -> str:
    """Return the language in which to answer somebody of whom nothing is known."""
    return "zh" if re.search("[\u3400-\u9fff]", text) else language(wording(session).locale)


def technician_at(session: Session, *, phone: str) -> Caller | None:
    """Return the technician whose telephone it is, unless he has left."""
    row = session.execute(_TECHNICIAN_AT, {"phone": phone}).one_or_none()
    return Caller(phone, Party.TECHNICIAN, row[0], language(row[1]), row[2]) if row else None


_TECHNICIAN_AT = (
    select(Technician.id, Technician.locale, Region.time_zone)
    .join(Station, Station.id == Technician.station_id)
    .join(Region, Region.id == Station.region_id)
    .where(Technician.phone == bindparam("phone"), Technician.left_at.is_(None))
)


def customer_at(session: Session, *, phone: str) -> Caller | None:
    """Return the customer whose telephone it is: whom we asked there last, else whose file or open ticket names it."""
    asked = select(OpenQuestion.ticket_id).where(OpenQuestion.phone == phone, OpenQuestion.kind != QuestionKind.JOB)
    ticket_id = session.scalar(asked.order_by(OpenQuestion.id.desc()).limit(1))
    if ticket_id is None:
        ticket_id = session.scalar(
            select(Ticket.id)
            .outerjoin(CustomerPhone, CustomerPhone.customer_id == Ticket.customer_id)
            .where((CustomerPhone.number == phone) | (Ticket.contact_phone == phone))
            .order_by(Ticket.status.in_(OPEN_TICKET).desc(), Ticket.id.desc())
            .limit(1)
        )
    if ticket_id is not None:
        return _of_ticket(session, phone, ticket_id)
    customer = session.scalar(
        select(Customer)
        .join(CustomerPhone, CustomerPhone.customer_id == Customer.id)
        .where(CustomerPhone.number == phone)
        .order_by(Customer.id)
        .limit(1)
    )
    if customer is None:
        return None
    zone = session.scalar(select(Site.time_zone).where(Site.customer_id == customer.id).order_by(Site.id).limit(1))
    return Caller(phone, Party.CUSTOMER, customer.id, language(customer.locale), zone or "UTC")


def _of_ticket(session: Session, phone: str, ticket_id: int) -> Caller:
    row = session.execute(
        select(Customer.id, Customer.locale, Site.time_zone, Region.time_zone)
        .select_from(Ticket)
        .join(Customer, Customer.id == Ticket.customer_id)
        .join(Region, Region.id == Ticket.region_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(Ticket.id == ticket_id)
    ).one()
    return Caller(phone, Party.CUSTOMER, row[0], language(row[1]), row[2] or row[3], ticket_id)
