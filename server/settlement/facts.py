"""What the record says about visits that stand on statements: read in one go for many, judged one by one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from server.callbacks.models import CustomerCallback
from server.core import policies
from server.core.policies import Policy
from server.customers.models import Equipment, Site, Zone
from server.orders.models import Ticket
from server.orders.status import VisitStatus
from server.orders.visit_models import CompletionCard, Visit
from server.orders.words import FINISHED, WorkType
from server.organisation.models import Region, Station
from server.settlement import rules
from server.settlement.models import LabourPrice, StatementLine
from server.settlement.prices import PriceBook, PriceKey, price_book
from server.settlement.rules import LineFacts
from server.settlement.status import PAID_VERDICTS, VISIT_LINES, DeductionKind, LineKind
from server.settlement.terms import SettlementTerms
from server.technicians.models import Technician

ENDED = frozenset(
    {VisitStatus.DONE, VisitStatus.NOT_FINISHED, VisitStatus.CUSTOMER_ABSENT, VisitStatus.CUSTOMER_DECLINED}
)


_Row = tuple[Visit, Ticket, Site | None, str, str, CustomerCallback | None, CompletionCard | None, str | None]
"""What the outer joins of one visit find."""
_Id = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


@dataclass(frozen=True, slots=True)
class TermsInForce:
    """The terms of settlement at an instant, and the version they are frozen with."""

    terms: SettlementTerms
    policy_id: int


class Versions:
    """Every version of the settlement's policy, read once."""

    def __init__(self, session: Session) -> None:
        query = select(Policy).where(Policy.name == SettlementTerms.policy_name).order_by(Policy.valid_from.desc())
        self._rows = [
            (row.valid_from, TermsInForce(policies.read(SettlementTerms, row.values), row.id))
            for row in session.scalars(query)
        ]

    def at(self, instant: datetime) -> TermsInForce:
        """Return the version in force at an instant.

        :raises NoPolicy: if there is none.
        """
        for valid_from, found in self._rows:
            if valid_from <= instant:
                return found
        raise policies.NoPolicy(SettlementTerms.policy_name)


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One ended visit with what was recorded about it.

    :param zone: time zone of the site, of the region where no site is known.
    :param desk_zone: time zone of the desk that receives the technician's cards.
    """

    visit: Visit
    ticket: Ticket
    site: Site | None
    zone: str
    desk_zone: str
    callback: CustomerCallback | None
    card: CompletionCard | None
    serial: str | None

    @property
    def ended_at(self) -> datetime:
        """Return when the end of the visit was reported; an ended visit has it by a constraint."""
        assert self.visit.finished_at is not None
        return self.visit.finished_at

    @property
    def kind(self) -> LineKind:
        """Return what its line is for."""
        assert self.visit.result is not None
        return rules.kind_of(self.visit.result)


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded about some visits, and the facts about others that bear on them."""

    visits: Mapping[int, VisitRecord]
    versions: Versions
    prices: PriceBook
    finished: Mapping[int, int]
    """By ticket: the visit that finished its work last."""
    paid_labour: Mapping[int, int]
    """By ticket: the visit whose labour is paid."""
    paid_visits: Mapping[int, int]
    """By visit: the line by which it is paid."""
    paid_serials: Mapping[str, frozenset[int]]
    """By serial number: the tickets whose installation is paid."""

    def price(self, of: VisitRecord) -> LabourPrice | None:
        """Return the price valid on the local day of the visit's completion (R37)."""
        assert of.visit.result is not None
        if of.site is None:
            return None
        key = PriceKey(
            of.ticket.product_category,
            of.ticket.work_type,
            Zone(of.site.zone),
            of.ticket.charge_category,
            of.visit.result,
        )
        return self.prices.find(key, day=rules.local_day_of(of.ended_at, of.zone))

    def facts(
        self,
        of: VisitRecord,
        *,
        line_id: int | None,
        currency: str,
        hold_expired: bool,
        taken: tuple[DeductionKind, ...],
    ) -> LineFacts:
        """Return what the rules need to know about a visit's line."""
        price = self.price(of)
        ticket_id, visit_id = of.ticket.id, of.visit.id
        labour = of.kind is LineKind.LABOUR
        paid_elsewhere = self.paid_visits.get(visit_id, line_id) != line_id
        labour_elsewhere = labour and self.paid_labour.get(ticket_id, visit_id) != visit_id
        other_tickets = self.paid_serials.get(of.serial or "", frozenset()) - {ticket_id}
        return LineFacts(
            kind=of.kind,
            price=price.price if price and price.price.currency == currency else None,
            other_currency=price is not None and price.price.currency != currency,
            callback=of.callback.status if of.callback else None,
            card=of.card.status if of.card else None,
            card_awaited=of.card is not None and of.card.card_due_at is not None and of.card.received_at is None,
            paid_before=paid_elsewhere or labour_elsewhere,
            finished_later=labour and self.finished.get(ticket_id, visit_id) != visit_id,
            serial_paid=labour and of.ticket.work_type is WorkType.INSTALLATION and bool(other_tickets),
            hold_expired=hold_expired,
            deductions=taken,
        )


def gather(session: Session, *, visit_ids: Collection[int]) -> Record:
    """Read what was recorded about these ended visits, in a fixed number of queries."""
    ids = sorted(set(visit_ids))
    visits = _visits(session, ids)
    tickets = {found.ticket.id for found in visits.values()}
    return Record(
        visits=visits,
        versions=Versions(session),
        prices=price_book(session, categories={found.ticket.product_category for found in visits.values()}),
        finished=_finished(session, tickets),
        paid_labour=_paid(session, StatementLine.ticket_id, StatementLine.visit_id, tickets, {LineKind.LABOUR}),
        paid_visits=_paid(session, StatementLine.visit_id, StatementLine.id, ids, VISIT_LINES),
        paid_serials=_paid_serials(session, {found.serial for found in visits.values() if found.serial}),
    )


def _visits(session: Session, ids: list[int]) -> dict[int, VisitRecord]:
    region, desk = aliased(Region), aliased(Region)
    rows = session.execute(
        select(
            Visit, Ticket, Site, region.time_zone, desk.time_zone, CustomerCallback, CompletionCard, Equipment.serial
        )
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .join(region, region.id == Ticket.region_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .join(Station, Station.id == Technician.station_id)
        .join(desk, desk.id == Station.region_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .outerjoin(CustomerCallback, CustomerCallback.visit_id == Visit.id)
        .outerjoin(CompletionCard, CompletionCard.visit_id == Visit.id)
        .outerjoin(Equipment, Equipment.id == Ticket.equipment_id)
        .where(Visit.id.in_(ids), Visit.status.in_(ENDED))
        # What is judged is what stands in the database now, not what this session saw before.
        .execution_options(populate_existing=True)
    )
    return {row[0].id: _visit_record(cast(_Row, row)) for row in rows}


def _visit_record(row: _Row) -> VisitRecord:
    visit, ticket, site, ticket_zone, desk_zone, callback, card, serial = row
    return VisitRecord(
        visit=visit,
        ticket=ticket,
        site=site,
        zone=site.time_zone if site is not None else ticket_zone,
        desk_zone=desk_zone,
        callback=callback,
        card=card,
        serial=(card.fitted_serial if card is not None else None) or serial,
    )


def _finished(session: Session, tickets: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        select(Visit.ticket_id, Visit.id)
        .where(Visit.ticket_id.in_(tickets), Visit.result.in_(FINISHED))
        .order_by(Visit.ticket_id, Visit.ordinal)
    )
    return dict(rows.all())


def _paid(
    session: Session, key: _Id, value: _Id, wanted: Collection[int], kinds: Collection[LineKind]
) -> dict[int, int]:
    rows = session.execute(
        select(key, value).where(
            key.in_(wanted), StatementLine.kind.in_(kinds), StatementLine.verdict.in_(PAID_VERDICTS)
        )
    )
    return {found: other for found, other in rows if found is not None and other is not None}


def _paid_serials(session: Session, serials: Collection[str]) -> dict[str, frozenset[int]]:
    serial = func.coalesce(CompletionCard.fitted_serial, Equipment.serial)
    rows = session.execute(
        select(serial, Ticket.id)
        .select_from(StatementLine)
        .join(Ticket, Ticket.id == StatementLine.ticket_id)
        .outerjoin(CompletionCard, CompletionCard.visit_id == StatementLine.visit_id)
        .outerjoin(Equipment, Equipment.id == Ticket.equipment_id)
        .where(
            StatementLine.kind == LineKind.LABOUR,
            StatementLine.verdict.in_(PAID_VERDICTS),
            Ticket.work_type == WorkType.INSTALLATION,
            serial.in_(serials),
        )
    )
    found: dict[str, set[int]] = {}
    for number, ticket_id in rows:
        found.setdefault(number, set()).add(ticket_id)
    return {number: frozenset(tickets) for number, tickets in found.items()}
