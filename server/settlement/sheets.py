"""Lines of a statement with all their evidence side by side: the auditor decides on one page (R38)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.callbacks.models import CallbackAttempt, CustomerCallback
from server.core.db import Identified
from server.customers.models import Equipment, Site
from server.dispatch.models import Offer
from server.dispatch.status import OfferStatus
from server.orders.models import Correction, Hindrance, Ticket, Urge, WarrantyJudgement
from server.orders.visit_models import CardCharge, CardPart, CheckIn, CompletionCard, ExtraWork, Visit
from server.settlement.models import Deduction, StatementLine
from server.settlement.suspicions import Evidence, Suspicion, suspicions
from server.technicians.models import Technician

T = TypeVar("T", bound=Identified)


@dataclass(frozen=True, slots=True)
class LineSheet:
    """One line with all its evidence side by side (R38)."""

    line: StatementLine
    deductions: tuple[Deduction, ...]
    ticket: Ticket | None
    site: Site | None
    equipment: Equipment | None
    visit: Visit | None
    technician: Technician | None
    offer: Offer | None
    """The dispatch order with the job receipt."""
    check_ins: tuple[CheckIn, ...]
    card: CompletionCard | None
    parts: tuple[CardPart, ...]
    charges: tuple[CardCharge, ...]
    extra_works: tuple[ExtraWork, ...]
    callback: CustomerCallback | None
    attempts: tuple[CallbackAttempt, ...]
    hindrances: tuple[Hindrance, ...]
    urges: tuple[Urge, ...]
    corrections: tuple[Correction, ...]
    judgements: tuple[WarrantyJudgement, ...]
    suspicions: tuple[Suspicion, ...]


def line_sheets(session: Session, lines: Sequence[StatementLine]) -> tuple[LineSheet, ...]:
    """Return lines with everything kept about them, in a fixed number of queries."""
    shelf = _Shelf(session, lines)
    return tuple(shelf.sheet(line) for line in lines)


class _Shelf:
    """The rows of many tables that bear on some lines, each table read once."""

    def __init__(self, session: Session, lines: Sequence[StatementLine]) -> None:
        self.session = session
        self.tickets = self._by_id(Ticket, (line.ticket_id for line in lines))
        self.visits = self._by_id(Visit, (line.visit_id for line in lines))
        self.sites = self._by_id(Site, (row.site_id for row in self.tickets.values()))
        self.units = self._by_id(Equipment, (row.equipment_id for row in self.tickets.values()))
        self.people = self._by_id(Technician, (line.technician_id for line in lines))
        self._rows: dict[type[Identified], dict[int, list[Any]]] = {}
        self._read(Deduction, "line_id", (line.id for line in lines))
        for of_visit in (CompletionCard, CustomerCallback, Offer, CheckIn, ExtraWork):
            self._read(of_visit, "visit_id", self.visits)
        for of_ticket in (Hindrance, Urge, Correction, WarrantyJudgement):
            self._read(of_ticket, "ticket_id", self.tickets)
        for of_card in (CardPart, CardCharge):
            self._read(of_card, "card_id", self._ids(CompletionCard))
        self._read(CallbackAttempt, "callback_id", self._ids(CustomerCallback))
        self._ended = self._visits_of_places()

    def _by_id(self, kind: type[T], ids: Iterable[int | None]) -> dict[int, T]:
        wanted = sorted({one for one in ids if one is not None})
        return {row.id: row for row in self.session.scalars(select(kind).where(kind.id.in_(wanted)))}

    def _read(self, kind: type[Identified], owner: str, ids: Iterable[int]) -> None:
        found: dict[int, list[Any]] = defaultdict(list)
        query = select(kind).where(getattr(kind, owner).in_(sorted(set(ids)))).order_by(kind.id)
        for row in self.session.scalars(query):
            found[getattr(row, owner)].append(row)
        self._rows[kind] = found

    def _ids(self, kind: type[Identified]) -> list[int]:
        return [row.id for rows in self._rows[kind].values() for row in rows]

    def _visits_of_places(self) -> list[tuple[int, int, int | None, int | None, datetime]]:
        """Return the ended visits to the same sites and units: visit, ticket, site, unit, when."""
        places = or_(Ticket.site_id.in_(self.sites), Ticket.equipment_id.in_(self.units))
        rows = self.session.execute(
            select(Visit.id, Visit.ticket_id, Ticket.site_id, Ticket.equipment_id, Visit.finished_at)
            .join(Ticket, Ticket.id == Visit.ticket_id)
            .where(places, Visit.finished_at.is_not(None))
        )
        return [(visit, ticket, site, unit, at) for visit, ticket, site, unit, at in rows if at is not None]

    def all(self, kind: type[T], owner: int | None) -> tuple[T, ...]:
        """Return the rows of a table that belong to something, oldest first."""
        return tuple(self._rows[kind].get(owner or 0, ()))

    def one(self, kind: type[T], owner: int | None) -> T | None:
        """Return the only row of a table that belongs to something, if there is one."""
        return next(iter(self.all(kind, owner)), None)

    def sheet(self, line: StatementLine) -> LineSheet:
        """Return a line with its evidence."""
        ticket, visit = self.tickets.get(line.ticket_id or 0), self.visits.get(line.visit_id or 0)
        card, callback = self.one(CompletionCard, line.visit_id), self.one(CustomerCallback, line.visit_id)
        card_id, callback_id = card.id if card else None, callback.id if callback else None
        accepted = [row for row in self.all(Offer, line.visit_id) if row.status is OfferStatus.ACCEPTED]
        return LineSheet(
            line=line,
            deductions=self.all(Deduction, line.id),
            ticket=ticket,
            site=self.sites.get(ticket.site_id or 0) if ticket else None,
            equipment=self.units.get(ticket.equipment_id or 0) if ticket else None,
            visit=visit,
            technician=self.people.get(line.technician_id or 0),
            offer=accepted[-1] if accepted else None,
            check_ins=self.all(CheckIn, line.visit_id),
            card=card,
            parts=self.all(CardPart, card_id),
            charges=self.all(CardCharge, card_id),
            extra_works=self.all(ExtraWork, line.visit_id),
            callback=callback,
            attempts=self.all(CallbackAttempt, callback_id),
            hindrances=self.all(Hindrance, line.ticket_id),
            urges=self.all(Urge, line.ticket_id),
            corrections=self.all(Correction, line.ticket_id),
            judgements=self.all(WarrantyJudgement, line.ticket_id),
            suspicions=suspicions(self._evidence(ticket, visit)) if ticket and visit else (),
        )

    def _evidence(self, ticket: Ticket, visit: Visit) -> Evidence:
        card, callback = self.one(CompletionCard, visit.id), self.one(CustomerCallback, visit.id)
        others = [
            at
            for other, of_ticket, site, unit, at in self._ended
            if other != visit.id
            and of_ticket != ticket.id
            and ((site is not None and site == ticket.site_id) or (unit is not None and unit == ticket.equipment_id))
        ]
        return Evidence(
            ticket=ticket,
            visit=visit,
            check_ins=self.all(CheckIn, visit.id),
            card=card,
            charges=self.all(CardCharge, card.id if card else None),
            extra_works=self.all(ExtraWork, visit.id),
            callback=callback,
            attempts=self.all(CallbackAttempt, callback.id if callback else None),
            corrections=self.all(Correction, ticket.id),
            warranty=[row.verdict for row in self.all(WarrantyJudgement, ticket.id)],
            others=others,
        )
