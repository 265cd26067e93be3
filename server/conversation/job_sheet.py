"""What a job is about, as messages show it: work, place, times on the site's clock, whom to call."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation import wording
from server.conversation.callers import language
from server.conversation.phrases import knows, say
from server.customers.models import Customer, CustomerPhone, Site
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.organisation.models import Region, Station
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class Reader:
    """A customer who can be written to about a ticket."""

    phone: str
    locale: str
    zone: str
    ticket_id: int


@dataclass(frozen=True, slots=True)
class Job:
    """One visit with everything that a message about it may say; texts are made in a reader's language.

    :param zone: the site's; where no site is known, the region's.
    :param phone: of the contact at the site, else of the customer; None if there is none.
    """

    visit_id: int
    ticket_id: int
    number: str
    work_type: str
    category: str
    description: str
    place: str | None
    access: str | None
    zone: str
    customer: str
    customer_id: int
    customer_locale: str
    phone: str | None
    technician: str
    technician_id: int
    technician_phone: str
    technician_locale: str
    technician_zone: str
    station_phone: str
    starts_at: datetime
    window_from: datetime
    window_to: datetime

    def work(self, locale: str) -> str:
        """Return what is to be done, and with what: the product by its word where we have one."""
        word = f"category.{self.category}"
        product = say(word, locale) if knows(word) else self.category.replace("_", " ")
        return f"{say(f'work.{self.work_type}', locale)} {product}".strip()

    def day(self, locale: str) -> str:
        """Return the day of the visit at the site."""
        return wording.day(self.window_from, zone=self.zone, locale=locale)

    @property
    def window(self) -> str:
        """Return the promised window on the site's clock."""
        return wording.window(self.window_from, self.window_to, zone=self.zone)

    @property
    def reader(self) -> Reader | None:
        """Return the customer as a reader of messages; None without a telephone."""
        return Reader(self.phone, self.customer_locale, self.zone, self.ticket_id) if self.phone else None

    def where(self, locale: str) -> str:
        """Return the address."""
        return self.place or say("place.none", locale)


def job_of(session: Session, *, visit_id: int) -> Job:
    """Return what is known of a visit."""
    visit = session.get_one(Visit, visit_id)
    ticket = session.get_one(Ticket, visit.ticket_id)
    customer = session.get_one(Customer, ticket.customer_id)
    technician = session.get_one(Technician, visit.technician_id)
    station = session.get_one(Station, technician.station_id)
    site = session.get(Site, ticket.site_id) if ticket.site_id is not None else None
    return Job(
        visit_id=visit.id,
        ticket_id=ticket.id,
        number=ticket.number,
        work_type=str(ticket.work_type),
        category=ticket.product_category,
        description=ticket.description,
        place=site.address if site else None,
        access=site.access if site else None,
        zone=time_zone(session, ticket),
        customer=ticket.contact_name or customer.name,
        customer_id=customer.id,
        customer_locale=language(customer.locale),
        phone=customer_phone(session, ticket),
        technician=technician.name,
        technician_id=technician.id,
        technician_phone=technician.phone,
        technician_locale=language(technician.locale),
        technician_zone=session.get_one(Region, station.region_id).time_zone,
        station_phone=station.phone,
        starts_at=visit.starts_at,
        window_from=visit.window_from,
        window_to=visit.window_to,
    )


def reader_of(session: Session, ticket: Ticket, *, phone: str | None = None) -> Reader | None:
    """Return the customer of a ticket as a reader of messages; None without a telephone.

    :param phone: a number to use instead of the one that reads messages about the ticket.
    """
    number = phone or customer_phone(session, ticket)
    if number is None:
        return None
    customer = session.get_one(Customer, ticket.customer_id)
    return Reader(number, language(customer.locale), time_zone(session, ticket), ticket.id)


def time_zone(session: Session, ticket: Ticket) -> str:
    """Return the time zone of a ticket's site; where no site is known, of its region."""
    site = session.get(Site, ticket.site_id) if ticket.site_id is not None else None
    return site.time_zone if site else session.get_one(Region, ticket.region_id).time_zone


def customer_phone(session: Session, ticket: Ticket) -> str | None:
    """Return the number at which the customer reads messages about a ticket: the contact's, else his first one."""
    return ticket.contact_phone or session.scalar(
        select(CustomerPhone.number)
        .where(CustomerPhone.customer_id == ticket.customer_id)
        .order_by(CustomerPhone.id)
        .limit(1)
    )
