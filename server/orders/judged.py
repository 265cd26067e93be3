"""How a ticket was judged before and after a change of its facts: kept with the event of the change (R2a)."""

from dataclasses import dataclass
from datetime import datetime

from server.core.db import Json
from server.core.events import DomainEvent
from server.orders.models import Ticket
from server.orders.status import TicketStatus
from server.orders.words import ChargeCategory, WarrantyVerdict

_KEY = "judged"
"""Under which the details of an event keep it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything that judging a ticket again can change, at one moment."""

    status: TicketStatus
    warranty: WarrantyVerdict
    charge_category: ChargeCategory
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What came of a change of facts."""

    before: Judged
    after: Judged


def of(ticket: Ticket) -> Judged:
    """Return how a ticket is judged now."""
    return Judged(ticket.status, ticket.warranty, ticket.charge_category, ticket.due_at)


def kept(before: Judged, ticket: Ticket) -> Json:
    """Return what the details of an event keep: how the ticket was judged before, and how it is judged now."""
    return {_KEY: {"before": _written(before), "after": _written(of(ticket))}}


def rejudged(event: DomainEvent) -> Rejudged | None:
    """Return what an event tells of a judgement, None if it tells of none."""
    both = event.details.get(_KEY)
    return Rejudged(_read(both["before"]), _read(both["after"])) if both else None


def _written(at_one_moment: Judged) -> Json:
    due_at = at_one_moment.due_at
    return {
        "status": str(at_one_moment.status),
        "warranty": str(at_one_moment.warranty),
        "charge_category": str(at_one_moment.charge_category),
        "due_at": due_at.isoformat() if due_at is not None else None,
    }


def _read(written: Json) -> Judged:
    # An erasure of the customer leaves codes alone: of an instant that was kept as text it leaves nothing.
    due_at = written["due_at"]
    return Judged(
        TicketStatus(written["status"]),
        WarrantyVerdict(written["warranty"]),
        ChargeCategory(written["charge_category"]),
        datetime.fromisoformat(due_at) if due_at else None,
    )
