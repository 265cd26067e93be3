"""What a correction has changed about a ticket: how it was judged before, carried to its page in the address."""

from dataclasses import dataclass
from datetime import datetime

from server.orders.models import Ticket
from server.orders.status import TicketStatus
from server.orders.words import ChargeCategory, WarrantyVerdict

_BETWEEN = "~"


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything that judging a ticket again can change (R2a)."""

    status: TicketStatus
    warranty: WarrantyVerdict
    charge_category: ChargeCategory
    due_at: datetime | None

    def written(self) -> str:
        """Return it as a word of an address: codes and an instant, nothing about a person."""
        due = self.due_at.isoformat() if self.due_at else ""
        return _BETWEEN.join((self.status, self.warranty, self.charge_category, due))


def judged(ticket: Ticket) -> Judged:
    """Return how a ticket is judged now."""
    return Judged(ticket.status, ticket.warranty, ticket.charge_category, ticket.due_at)


def read(written: str) -> Judged | None:
    """Return what an address says, None if nobody of us has written it."""
    parts = written.split(_BETWEEN)
    if len(parts) != 4:
        return None
    try:
        due = datetime.fromisoformat(parts[3]) if parts[3] else None
        found = Judged(TicketStatus(parts[0]), WarrantyVerdict(parts[1]), ChargeCategory(parts[2]), due)
    except ValueError:
        return None
    return found if due is None or due.tzinfo is not None else None
