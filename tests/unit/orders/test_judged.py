"""What an event keeps of a judgement is read again as it was, also after its customer was erased (R2a)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from server.core.events import DomainEvent
from server.orders import judged
from server.orders.judged import Judged, Rejudged
from server.orders.models import Ticket
from server.orders.status import TicketStatus
from server.orders.words import ChargeCategory, WarrantyVerdict

DUE = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
BEFORE = Judged(TicketStatus.INCOMPLETE, WarrantyVerdict.UNDETERMINED, ChargeCategory.A, None)
AFTER = Judged(TicketStatus.READY, WarrantyVerdict.COVERED, ChargeCategory.C, DUE)


def kept() -> dict[str, Any]:
    ticket = Ticket(
        status=AFTER.status, warranty=AFTER.warranty, charge_category=AFTER.charge_category, due_at=AFTER.due_at
    )
    return judged.kept(BEFORE, ticket)


def test_a_judgement_is_read_as_it_was_kept() -> None:
    assert judged.rejudged(DomainEvent(details=kept())) == Rejudged(BEFORE, AFTER)


def test_an_instant_that_an_erasure_has_emptied_is_none() -> None:
    details = kept()
    details["judged"]["after"]["due_at"] = ""

    assert judged.rejudged(DomainEvent(details=details)) == Rejudged(BEFORE, replace(AFTER, due_at=None))


@pytest.mark.parametrize("details", [{}, {"facts": ["wish"]}])
def test_an_event_without_a_judgement_tells_none(details: dict[str, Any]) -> None:
    assert judged.rejudged(DomainEvent(details=details)) is None
