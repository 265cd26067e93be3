"""China's privacy numbers: reached while their ticket is open and fifteen days longer, then gone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.customers.files import NewCustomer
from server.customers.models import CustomerPhone
from server.orders import closing, facts
from server.orders.facts import Changes
from server.orders.models import Correction, Ticket
from server.privacy import retention
from server.privacy.terms import RetentionTerms
from server.sms import outbox
from server.sms.models import InboundMessage, OutboxMessage, PrivacyNumber
from server.sms.status import MessageStatus
from tests import builders as a
from tests.builders import NOON

LENT = "+86700123456789012"
OTHER = "+86700123456789013"
BOUND_FOR = RetentionTerms().privacy_numbers
A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def ticket(session: Session) -> Ticket:
    """A ticket whose contact was lent a number by a platform."""
    return a.a_ticket(session, contact_phone="700123456789012")


def send(session: Session, ticket: Ticket, *, to: str = LENT, now: Any = NOON, due_at: Any = None) -> OutboxMessage:
    return outbox.queue(
        session,
        to=to,
        template="customer.reply",
        parameters={"ticket": ticket.number, "what": "We come tomorrow"},
        locale="zh",
        ticket_id=ticket.id,
        now=now,
        due_at=due_at,
        quiet=False,
    )


def end(session: Session, ticket: Ticket, now: Any = NOON) -> None:
    closing.cancel(session, ticket_id=ticket.id, reason="Sold", by=a.BY_SYSTEM, now=now)
    session.flush()


def sweep(session: Session, now: Any) -> None:
    while retention.SWEEP.deal_with(session, now):
        pass
    session.expire_all()


def everywhere(session: Session, number: str) -> dict[str, int]:
    """Return in how many rows of what the number stands."""
    places = {
        "ticket": select(func.count()).where(Ticket.contact_phone == number),
        "file": select(func.count()).where(CustomerPhone.number == number),
        "bound": select(func.count()).where(PrivacyNumber.phone == number),
        "out": select(func.count()).where(OutboxMessage.phone == number),
        "in": select(func.count()).where(InboundMessage.phone == number),
    }
    found = {name: session.scalar(query) or 0 for name, query in places.items()}
    return {name: count for name, count in found.items() if count}


def test_a_privacy_number_is_bound_to_the_ticket_and_reached(session: Session, ticket: Ticket) -> None:
    assert ticket.contact_phone == LENT
    assert send(session, ticket).status is MessageStatus.WAITING


def test_a_privacy_number_that_no_ticket_has_is_not_written_to(session: Session, ticket: Ticket) -> None:
    message = send(session, ticket, to=OTHER)

    assert (message.status, message.ended_at) == (MessageStatus.SUPPRESSED, NOON)


def test_a_number_that_a_correction_brings_is_bound_too(session: Session, ticket: Ticket) -> None:
    change = Changes(contact_phone=OTHER)
    facts.correct(session, ticket_id=ticket.id, version=None, changes=change, reason="New", by=a.BY_SYSTEM, now=NOON)

    assert send(session, ticket, to=OTHER).status is MessageStatus.WAITING


def test_a_number_of_the_customers_file_is_bound_with_the_report(session: Session) -> None:
    region = a.a_region(session)
    ticket = a.a_ticket(
        session,
        customer=NewCustomer(name="Lin", phones=(LENT,)),
        site=None,
        equipment=None,
        region_id=region.id,
        contact_phone=None,
    )

    assert send(session, ticket).status is MessageStatus.WAITING


def test_it_is_reached_until_fifteen_days_after_the_end_of_the_ticket(session: Session, ticket: Ticket) -> None:
    end(session, ticket)

    sweep(session, NOON + BOUND_FOR - A_MOMENT)

    assert ticket.contact_phone == LENT
    assert send(session, ticket, now=NOON + BOUND_FOR - A_MOMENT).status is MessageStatus.WAITING


def test_an_open_ticket_keeps_its_number_however_old_it_is(session: Session, ticket: Ticket) -> None:
    sweep(session, NOON + BOUND_FOR * 20)

    assert ticket.contact_phone == LENT


def test_after_that_it_stands_nowhere_and_nothing_is_sent_to_it(session: Session, ticket: Ticket) -> None:
    session.add(CustomerPhone(customer_id=ticket.customer_id, number=LENT, added_at=NOON))
    session.add(
        InboundMessage(
            provider="twilio",
            provider_id="SM1",
            phone=LENT,
            body="hello",
            received_at=NOON,
            handled_at=NOON,
            ticket_id=ticket.id,
        )
    )
    later = send(session, ticket, due_at=NOON + BOUND_FOR * 2)
    end(session, ticket)
    assert set(everywhere(session, LENT)) == {"ticket", "file", "bound", "out", "in"}

    sweep(session, NOON + BOUND_FOR)

    assert everywhere(session, LENT) == {}
    assert ticket.contact_phone is None
    assert (later.status, later.failure) == (MessageStatus.SUPPRESSED, "number_unbound")
    refused = send(session, ticket, now=NOON + BOUND_FOR)
    assert refused.status is MessageStatus.SUPPRESSED


def test_the_history_forgets_the_number_as_well(session: Session, ticket: Ticket) -> None:
    change = Changes(contact_phone=OTHER)
    facts.correct(session, ticket_id=ticket.id, version=None, changes=change, reason="New", by=a.BY_SYSTEM, now=NOON)
    end(session, ticket)

    sweep(session, NOON + BOUND_FOR)

    (row,) = session.scalars(select(Correction).where(Correction.ticket_id == ticket.id)).all()
    assert LENT not in str(row.before)
    assert OTHER not in str(row.after)
    assert (row.field, row.reason) == ("contact_phone", "New")


def test_a_number_that_another_open_ticket_has_is_still_reached_for_that_one(session: Session, ticket: Ticket) -> None:
    other = a.a_ticket(session, contact_phone=LENT, customer=ticket.customer_id)
    session.add(CustomerPhone(customer_id=ticket.customer_id, number=LENT, added_at=NOON))
    end(session, ticket)

    sweep(session, NOON + BOUND_FOR)

    assert (ticket.contact_phone, other.contact_phone) == (None, LENT)
    assert send(session, other, now=NOON + BOUND_FOR).status is MessageStatus.WAITING
    assert everywhere(session, LENT)["file"] == 1


def test_a_number_that_is_lent_again_is_reached_again(session: Session, ticket: Ticket) -> None:
    end(session, ticket)
    sweep(session, NOON + BOUND_FOR)

    again = a.a_ticket(session, contact_phone=LENT, now=NOON + BOUND_FOR)

    assert send(session, again, now=NOON + BOUND_FOR).status is MessageStatus.WAITING


def test_an_ordinary_number_is_not_unbound(session: Session) -> None:
    ticket = a.a_ticket(session, contact_phone="+12025550123")
    end(session, ticket)

    sweep(session, NOON + BOUND_FOR * 3)

    assert ticket.contact_phone == "+12025550123"
    assert send(session, ticket, to="+12025550123", now=NOON + BOUND_FOR * 3).status is MessageStatus.WAITING
