"""Rows into tickets, a thousand at a time, by the same rules as a report at the desk; wholly or not at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import bulk
from server.core.events import Actor, DomainEvent
from server.customers.models import Customer, CustomerPhone, Site
from server.orders import judging
from server.orders.imports.fields import CustomerFields, PlaceFields, TicketFields, read_fields
from server.orders.imports.mapping import Mapping
from server.orders.imports.reader import FileRefused, Row, RowError, Watch, rows
from server.orders.imports.values import Values
from server.orders.models import Ticket, TicketReport
from server.orders.status import OPEN_TICKET, TicketStatus
from server.organisation.models import Region
from server.sms import privacy_numbers

_CHUNK = 1_000
_TOLD = 20
_LOCK = 7_205_759_403_792_794
"""Key of the advisory lock that lets one import run at a time: two of the same file would otherwise race."""

_Place = tuple[int, str, str]
"""Site, work type, product category: what a second report must share with an open ticket (R1a)."""


@dataclass(slots=True)
class Outcome:
    """What became of a file's rows; every row is counted once.

    :param errors: the first twenty.
    """

    rows: int = 0
    tickets: int = 0
    closed: int = 0
    added_facts: int = 0
    present: int = 0
    wrong: int = 0
    errors: list[RowError] = field(default_factory=list)

    def take_error(self, error: RowError) -> None:
        """Count a row that cannot be used."""
        self.wrong += 1
        if len(self.errors) < _TOLD:
            self.errors.append(error)


class ImportRefused(Exception):
    """Rows of the file are wrong: nothing is imported. The outcome says which."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.wrong} rows are wrong")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the mapping, where its places lie, who does it, when.

    :param region: the region of every site; it also gives new sites their time zone.
    :param country: in which telephone numbers without prefix are dialled.
    """

    mapping: Mapping
    region: Region
    country: str
    by: Actor
    now: datetime


def import_tickets(session: Session, path: Path, order: Import, *, watch: Watch | None = None) -> Outcome:
    """Import a file. Rows that were imported before change nothing.

    A second report about the same place and type while one is open becomes an added fact (R1a). A row that
    the file calls closed is kept as history: closed elsewhere, no visit, no pay.

    :raises ImportRefused: if any row is wrong; the caller rolls back, and nothing is imported.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    outcome = Outcome()
    terms = judging.policies_at(session, order.now)
    good = _good_rows(path, order, outcome, watch)
    while chunk := list(islice(good, _CHUNK)):
        if not outcome.wrong:
            _Chunk(session, order, terms, outcome).take(chunk)
    if outcome.wrong:
        raise ImportRefused(outcome)
    return outcome


def _good_rows(path: Path, order: Import, outcome: Outcome, watch: Watch | None) -> Iterator[TicketFields]:
    try:
        for entry in rows(path, order.mapping.layout, watch=watch):
            outcome.rows += 1
            read = read_fields(entry, order.mapping, country=order.country) if isinstance(entry, Row) else entry
            if isinstance(read, RowError):
                outcome.take_error(read)
            elif read.opened_at > order.now:
                outcome.take_error(RowError(read.row, "opened_in_future", "opened_at", read.opened_at.isoformat()))
            else:
                yield read
    except FileRefused as refused:
        outcome.take_error(refused.error)


class _Chunk:
    """A thousand rows, written with a handful of statements."""

    def __init__(self, session: Session, order: Import, terms: judging.Policies, outcome: Outcome) -> None:
        self._session, self._order, self._outcome = session, order, outcome
        self._values = Values(order.mapping, order.region.id, terms, order.by, order.now)

    def take(self, chunk: list[TicketFields]) -> None:
        """Write what is new."""
        fresh = self._fresh(chunk)
        if not fresh:
            return
        customers = self._customers({each.customer.key: each.customer for each in fresh})
        places = {(each.customer.key, each.place.key): each.place for each in fresh if each.place}
        sites = self._sites(places, customers)
        about = [sites.get((each.customer.key, each.place.key)) if each.place else None for each in fresh]
        self._write(fresh, [customers[each.customer.key] for each in fresh], about)

    def _fresh(self, chunk: list[TicketFields]) -> list[TicketFields]:
        """Return the rows whose external id is not there yet; of two rows with one id the first counts."""
        seen = set(
            self._session.scalars(
                select(TicketReport.external_id).where(
                    TicketReport.source == self._order.mapping.source,
                    TicketReport.external_id.in_([each.external_id for each in chunk]),
                )
            )
        )
        fresh = []
        for each in chunk:
            if each.external_id not in seen:
                seen.add(each.external_id)
                fresh.append(each)
        self._outcome.present += len(chunk) - len(fresh)
        return fresh

    def _customers(self, wanted: dict[str, CustomerFields]) -> dict[str, int]:
        source = self._order.mapping.source
        known = self._known(Customer, source, wanted)
        new = [each for key, each in wanted.items() if key not in known]
        ids = self._insert(
            Customer,
            [
                {
                    "name": each.name,
                    "locale": "en",
                    "fictional": False,
                    "source": source,
                    "external_id": each.key,
                    "created_at": self._order.now,
                }
                for each in new
            ],
        )
        known |= {each.key: row_id for each, row_id in zip(new, ids, strict=True)}
        phones = (
            {"customer_id": known[each.key], "number": each.phone, "added_at": self._order.now}
            for each in new
            if each.phone
        )
        bulk.copy_in(self._session, CustomerPhone, phones)
        return known

    def _sites(
        self, wanted: dict[tuple[str, str], PlaceFields], customers: dict[str, int]
    ) -> dict[tuple[str, str], int]:
        """Find or make the places. One place of the file that two customers share is two sites of ours."""
        source, region = self._order.mapping.source, self._order.region
        names = {key: _site_name(key) for key in wanted}
        known = self._known(Site, source, names.values())
        new = [key for key, name in names.items() if name not in known]
        ids = self._insert(
            Site,
            [
                {
                    "customer_id": customers[key[0]],
                    "region_id": region.id,
                    "address": wanted[key].address,
                    "lat": place.lat if (place := wanted[key].position) else None,
                    "lon": place.lon if place else None,
                    "position_trusted": wanted[key].trusted,
                    "time_zone": self._order.mapping.time_zone,
                    "zone": self._order.mapping.zone,
                    "source": source,
                    "external_id": names[key],
                }
                for key in new
            ],
        )
        known |= {names[key]: row_id for key, row_id in zip(new, ids, strict=True)}
        return {key: known[name] for key, name in names.items()}

    def _known(self, kind: type[Customer] | type[Site], source: str, keys: Iterable[str]) -> dict[str, int]:
        found = self._session.execute(
            select(kind.external_id, kind.id).where(kind.source == source, kind.external_id.in_(list(keys)))
        )
        return {key: row_id for key, row_id in found if key is not None}

    def _insert(self, kind: type[Customer] | type[Site] | type[Ticket], values: list[dict[str, Any]]) -> list[int]:
        ids = bulk.reserve_ids(self._session, kind, len(values))
        rows = ({"id": row_id, "version": 1, **each} for row_id, each in zip(ids, values, strict=True))
        bulk.copy_in(self._session, kind, rows)
        return ids

    def _write(self, fresh: list[TicketFields], customers: list[int], sites: list[int | None]) -> None:
        """Write tickets, reports and history. A ticket opened earlier in the chunk counts as open for later rows."""
        latest = self._latest({site for site in sites if site is not None})
        targets: list[_Target] = []
        new: list[dict[str, Any]] = []
        for each, customer, site in zip(fresh, customers, sites, strict=True):
            key = (site, str(each.kind.work_type), each.kind.product_category) if site is not None else None
            before = latest.get(key) if key else None
            if before is not None and before.is_open_at(each.opened_at):
                targets.append(_Target(before.ticket, before.place, opens=False))
                continue
            targets.append(_Target(None, len(new), opens=True))
            if key is not None:
                latest[key] = _Latest(None, len(new), each.closed_at)
            new.append(self._values.ticket(each, customer, site))
        ids = self._insert(Ticket, new)
        contacts = ((values["contact_phone"], row_id) for values, row_id in zip(new, ids, strict=True))
        privacy_numbers.bind_all(self._session, contacts, now=self._values.now)
        tickets = [target.ticket if target.ticket is not None else ids[target.place] for target in targets]
        reports = (self._values.report(e, t) for e, t in zip(fresh, tickets, strict=True))
        bulk.copy_in(self._session, TicketReport, reports)
        history = (self._values.history(e, t, opens=g.opens) for e, t, g in zip(fresh, tickets, targets, strict=True))
        bulk.copy_in(self._session, DomainEvent, (event for events in history for event in events))
        self._outcome.tickets += len(new)
        self._outcome.closed += sum(1 for values in new if values["status"] is TicketStatus.CLOSED)
        self._outcome.added_facts += len(fresh) - len(new)

    def _latest(self, sites: set[int]) -> dict[_Place, "_Latest"]:
        """Return the newest ticket of each place and type that is open or was closed at a known time."""
        found = self._session.execute(
            select(
                Ticket.site_id, Ticket.work_type, Ticket.product_category, Ticket.id, Ticket.status, Ticket.closed_at
            )
            .where(Ticket.site_id.in_(sites))
            .order_by(Ticket.opened_at, Ticket.id)
        )
        return {
            (site, str(work), category): _Latest(ticket, -1, None if status in OPEN_TICKET else closed)
            for site, work, category, ticket, status, closed in found
            if site is not None and (status in OPEN_TICKET or closed is not None)
        }


@dataclass(frozen=True, slots=True)
class _Latest:
    """The newest ticket about a place and type: one of the database, or the n-th new one of the chunk."""

    ticket: int | None
    place: int
    closed_at: datetime | None

    def is_open_at(self, instant: datetime) -> bool:
        return self.closed_at is None or self.closed_at > instant


@dataclass(frozen=True, slots=True)
class _Target:
    """The ticket that a row belongs to, and whether the row opens it."""

    ticket: int | None
    place: int
    opens: bool


def _site_name(key: tuple[str, str]) -> str:
    """Return the id a place is known by: the file's own, made the customer's where the file has several customers."""
    return f"{key[0]}/{key[1]}"
