"""What the newest correction has changed about a ticket, as its history has it: no address can tell otherwise."""

from dataclasses import dataclass
from datetime import datetime

from server.core.events import DomainEvent
from server.orders.judged import Rejudged, rejudged
from server.orders.models import Correction
from server.orders.records import TicketDetail


@dataclass(frozen=True, slots=True)
class Outcome:
    """A correction that is on record: when it was made, which facts it changed, and what it came to."""

    at: datetime
    facts: tuple[str, ...]
    judged: Rejudged


def of_newest_correction(found: TicketDetail) -> Outcome | None:
    """Return what the newest correction came to, None if there is none, or none that kept it.

    What one person did at one moment (facts, and the number that has answered) is one correction.
    """
    steps = [(event, judged) for event in found.history if (judged := rejudged(event)) is not None]
    if not steps:
        return None
    newest = steps[-1][0]
    together = [(event, judged) for event, judged in steps if _is_same_deed(event, newest)]
    facts = tuple(each.field for each in found.corrections if _is_same_deed(each, newest))
    return Outcome(newest.at, facts, Rejudged(together[0][1].before, together[-1][1].after))


def _is_same_deed(one: DomainEvent | Correction, other: DomainEvent) -> bool:
    return (one.at, one.actor_kind, one.actor_id) == (other.at, other.actor_kind, other.actor_id)
