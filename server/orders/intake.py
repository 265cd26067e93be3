"""Taking in a report: it becomes a ticket, or an added fact of the ticket that is already open (R1, R1a, R2, R4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core import bulk
from server.core.clock import local_day
from server.core.db import violated
from server.core.errors import Invalid
from server.core.events import Actor, ActorKind, note, record
from server.customers import files
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.customers.models import Equipment, Site
from server.orders import judging, places, rules
from server.orders.callers import open_about
from server.orders.locks import lock_ticket
from server.orders.models import Ticket, TicketReport
from server.orders.places import Described, Place
from server.orders.records import Opened
from server.orders.status import OPEN_TICKET, TicketEvent, TicketStatus
from server.orders.words import Channel, ChargeCategory, Priority, WarrantyVerdict, WorkType
from server.organisation.models import Region
from server.sms import privacy_numbers

R = TypeVar("R", Site, Equipment)

_ONE_OF_A_KIND = frozenset(
    {
        "uq_ticket_external",
        "uq_ticket_report_external",
        "uq_customer_external",
        "uq_site_external",
        "uq_equipment_serial",
        "uq_customer_phone_customer_id_number",
    }
)
"""Constraints that a report which arrives twice at the same moment runs into: the second then sees the first's rows."""


_SITE_IN_NO_REGION = "fk_site_region_id_region"


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report as it reached us.

    :param customer: whose ticket it is: the id of a file, or what is known of him.
    :param site: where the work is: the id of a place, or what is known of it; None where nothing is known yet.
    :param equipment: which unit: its id, or what is known of it; None where the work is on no unit.
    :param source: with ``external_id``, how another system knows the report: the same again changes nothing.
    :param opened_at: when it was made, by the customer's side; not later than now.
    :param duration: of the work; None takes the policy's for the work type.
    :param profile: `public_work` for what a public administration reports (R2).
    :param read_on_site: facts that can only be read on site (R2): `serial`, `model` …
    :param deadline_at: a partner's, who reports for a customer (R1).
    :param new_fault: whether the customer says that it is another fault than a recent repair's (R6a).
    :param region_id: only needed without a site.
    :param second_ticket_reason: why this is a ticket of its own although one is open about the same (R1a).
    """

    customer: int | NewCustomer
    work_type: WorkType
    product_category: str
    channel: Channel
    description: str
    opened_at: datetime
    site: int | NewSite | None = None
    equipment: int | NewUnit | None = None
    charge_category: ChargeCategory | None = None
    source: str | None = None
    external_id: str | None = None
    priority: Priority = Priority.NORMAL
    wish: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    skill: str | None = None
    skill_level: int = 1
    duration: timedelta | None = None
    profile: str = ""
    read_on_site: tuple[str, ...] = ()
    deadline_at: datetime | None = None
    new_fault: bool = False
    region_id: int | None = None
    second_ticket_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a report.

    :param added: whether it became a fact of a ticket that was there before.
    :param again: whether this very report had been taken in before.
    :param opened: everything that was written about a ticket that is new.
    """

    ticket: Ticket
    added: bool
    again: bool = False
    opened: Opened | None = None


class ReportNeedsSource(Invalid):
    """An external id means nothing without the system it comes from."""

    code = "report.source_missing"


class ReportFromTheFuture(Invalid):
    """The report was made after now."""

    code = "report.opened_in_future"


class RegionMissing(Invalid):
    """Neither a place nor a region says whose ticket it is."""

    code = "report.region_missing"


class UnknownRegion(Invalid):
    """No such region."""

    code = "report.unknown_region"


def register(session: Session, report: NewReport, *, by: Actor, now: datetime) -> Registered:
    """Take in a report: a new ticket, or a fact added to the open ticket about the same thing (R1a).

    The facts are judged (R2), and the warranty (R6, R6a); with complete facts the ticket is *ready* and the
    customer's clock runs (R16), otherwise it is *incomplete*. The same source and external id again returns
    what is there. Events: `ticket.register`, then `ticket.complete_facts`; or `ticket.fact_added`.

    :raises ReportNeedsSource: if it has an external id without a source.
    :raises ReportFromTheFuture: if it was made later than now.
    :raises RegionMissing: if neither place nor region is named.
    :raises UnknownRegion: if the region is not known.
    """
    if report.external_id is not None and report.source is None:
        raise ReportNeedsSource
    if report.opened_at > now:
        raise ReportFromTheFuture
    try:
        with session.begin_nested():
            return _take_in(session, report, by=by, now=now)
    except IntegrityError as error:
        if violated(error) == _SITE_IN_NO_REGION:
            raise UnknownRegion from error
        if violated(error) not in _ONE_OF_A_KIND:
            raise
    # Somebody took in the same report, or another one about the same new customer, a moment ago. He has
    # committed, or we would still be waiting for him: now his rows are found.
    with session.begin_nested():
        return _take_in(session, report, by=by, now=now)


def _again(session: Session, report: NewReport) -> Registered | None:
    if report.external_id is None:
        return None
    ticket = session.scalar(
        select(Ticket)
        .join(TicketReport, TicketReport.ticket_id == Ticket.id)
        .where(TicketReport.source == report.source, TicketReport.external_id == report.external_id)
    )
    if ticket is None:
        return None
    added = (ticket.source, ticket.external_id) != (report.source, report.external_id)
    return Registered(ticket, added=added, again=True)


def _take_in(session: Session, report: NewReport, *, by: Actor, now: datetime) -> Registered:
    about = Described(report.customer, report.site, report.equipment, report.source, report.external_id)
    place = places.of_stranger(session, about, now=now)
    if place is not None:
        return _open(session, report, place, by=by, now=now)
    if (known := _again(session, report)) is not None:
        return known
    place = places.in_files(session, about, now=now)
    if report.second_ticket_reason is None and not place.is_new:
        ticket = _open_about(session, report, place)
        if ticket is not None and lock_ticket(session, ticket.id).status in OPEN_TICKET:
            return _add_fact(session, ticket, report, by=by, now=now)
        # Of two reports about one place at the same moment the second waits here, and then finds the ticket.
        _hold(session, Site, place.site.id if place.site else None)
        _hold(session, Equipment, place.unit.id if place.unit else None)
        ticket = _open_about(session, report, place)
        if ticket is not None:
            return _add_fact(session, ticket, report, by=by, now=now)
    return _open(session, report, place, by=by, now=now)


def _hold(session: Session, kind: type[R], row_id: int | None) -> None:
    if row_id is not None:
        session.execute(select(kind.id).where(kind.id == row_id).with_for_update(key_share=True))


def _open_about(session: Session, report: NewReport, place: Place) -> Ticket | None:
    return open_about(
        session,
        site_id=place.site.id if place.site is not None else None,
        equipment_id=place.unit.id if place.unit is not None else None,
        work_type=report.work_type,
        product_category=report.product_category,
    )


def _add_fact(session: Session, ticket: Ticket, report: NewReport, *, by: Actor, now: datetime) -> Registered:
    _keep_report(session, ticket, report, now=now)
    details = {"channel": str(report.channel), "external_id": report.external_id}
    note(session, ticket, "fact_added", by=by, now=now, details=details)
    return Registered(ticket, added=True)


def _keep_report(session: Session, ticket: Ticket, report: NewReport, *, now: datetime) -> TicketReport:
    row = TicketReport(
        ticket=ticket,
        ticket_id=ticket.id,
        channel=report.channel,
        source=report.source,
        external_id=report.external_id,
        text=report.description,
        reported_at=report.opened_at,
        received_at=now,
    )
    session.add(row)
    phones = (ticket.contact_phone, *files.numbers_of(report.customer))
    privacy_numbers.bind(session, phones, ticket_id=ticket.id, now=now)
    return row


def _open(session: Session, report: NewReport, place: Place, *, by: Actor, now: datetime) -> Registered:
    with session.no_autoflush:  # whatever is new is written together
        terms = judging.policies_at(session, now)
    ticket = _ticket(session, report, place, terms, by)
    known = judging.Known(ticket, place.customer, place.site, place.unit)
    today = local_day(report.opened_at, judging.time_zone(session, known))
    judged = judging.coverage(session, known, terms=terms.intake, on=today, first_look=place.first_look)
    ticket.warranty = judged.verdict
    ticket.charge_category = rules.charge_category(judged, stated=report.charge_category, profile=report.profile)
    ticket.missing = judging.missing(known, terms=terms.intake)
    session.add(ticket)
    history = [note(session, ticket, "register", by=by, now=now, reason=report.second_ticket_reason)]
    if not ticket.missing:
        judging.start_clock(known, terms=terms, at=report.opened_at)
        history.append(record(session, ticket, TicketEvent.COMPLETE_FACTS, by=by, now=now))
    concerns_warranty = judged.verdict is not WarrantyVerdict.NOT_APPLICABLE
    judgements = [judging.keep_judgement(session, ticket, judged, by=by, now=now)] if concerns_warranty else []
    reports = [_keep_report(session, ticket, report, now=now)]
    opened = Opened(ticket, place.phones, tuple(reports), tuple(judgements), tuple(history))
    return Registered(ticket, added=False, opened=opened)


def _ticket(session: Session, report: NewReport, place: Place, terms: judging.Policies, by: Actor) -> Ticket:
    duration = report.duration or terms.intake.default_durations.get(str(report.work_type), timedelta(hours=1))
    # It has its identity before it is written: between its report and its complete facts it lies incomplete without
    # lacking anything, which the database takes from nobody.
    ticket_id = place.ticket_id if place.ticket_id is not None else bulk.reserve_each(session, Ticket)[0]
    return Ticket(
        id=ticket_id,
        status=TicketStatus.INCOMPLETE,
        channel=Channel.STATION if by.kind is ActorKind.TECHNICIAN else report.channel,
        profile=report.profile,
        source=report.source,
        external_id=report.external_id,
        work_type=report.work_type,
        product_category=report.product_category,
        priority=report.priority,
        customer=place.customer,
        customer_id=place.customer.id,
        site=place.site,
        site_id=place.site.id if place.site else None,
        region_id=_region(session, report, place.site),
        equipment=place.unit,
        equipment_id=place.unit.id if place.unit else None,
        contact_name=report.contact_name,
        contact_phone=files.telephone(report.contact_phone) if report.contact_phone else None,
        description=report.description,
        wish=report.wish,
        skill=report.skill,
        skill_level=report.skill_level,
        duration=duration,
        read_on_site=list(report.read_on_site),
        new_fault=report.new_fault,
        opened_at=report.opened_at,
        partner_deadline_at=report.deadline_at,
        policy_id=terms.clocks_id,
    )


def _region(session: Session, report: NewReport, site: Site | None) -> int:
    if site is not None:
        return site.region_id
    if report.region_id is None:
        raise RegionMissing
    if session.get(Region, report.region_id) is None:
        raise UnknownRegion
    return report.region_id
