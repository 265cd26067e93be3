"""What was done before for a caller and on a unit (R4), and the guarantee that a repair has left (R6a)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from server.customers.models import Customer, Equipment, Site
from server.orders import callers, closing, past
from server.orders.callers import Caller
from server.orders.models import Ticket
from server.orders.status import TicketStatus
from server.orders.words import VisitResult, WorkType
from server.organisation.access import EVERYTHING, Scope
from server.technicians.models import Technician
from tests import builders as a
from tests.builders import BY_SYSTEM, NOON

DAY = timedelta(days=1)


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Count what the database is asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    yield asked
    event.remove(connection, "before_cursor_execute", note)


def repaired(
    session: Session, *, customer: Customer, site: Site, unit: Equipment, technician: Technician, days_ago: int
) -> Ticket:
    """Repair a unit on a day before noon's."""
    then = NOON - days_ago * DAY
    ticket = a.a_ticket(
        session, customer=customer.id, site=site.id, equipment=unit.id, work_type=WorkType.REPAIR, now=then
    )
    a.a_finished_visit(session, ticket=ticket, technician=technician, now=then, finished_at=then + timedelta(hours=3))
    return ticket


def cancelled(session: Session, *, days_ago: int, **values: Any) -> Ticket:
    then = NOON - days_ago * DAY
    ticket = a.a_ticket(session, now=then, second_ticket_reason="another", **values)
    closing.cancel(session, ticket_id=ticket.id, reason="mended himself", by=BY_SYSTEM, now=then)
    return ticket


def recognised(session: Session, customer: Customer, *, now: datetime = NOON, **about: Any) -> Caller:
    return callers.caller(session, customer_id=customer.id, scope=EVERYTHING, now=now, **about)


@pytest.fixture
def customer(session: Session) -> Customer:
    return a.a_customer(session)


@pytest.fixture
def site(session: Session, customer: Customer) -> Site:
    return a.a_site(session, customer=customer)


@pytest.fixture
def unit(session: Session, customer: Customer, site: Site) -> Equipment:
    return a.a_unit(session, customer=customer, site=site)


@pytest.fixture
def technician(session: Session) -> Technician:
    return a.a_technician(session)


def test_a_caller_is_recognised_with_what_was_done_when_and_with_which_result(
    session: Session, customer: Customer, site: Site, unit: Equipment, technician: Technician
) -> None:
    ticket = repaired(session, customer=customer, site=site, unit=unit, technician=technician, days_ago=10)

    (ended,) = recognised(session, customer).ended

    assert (ended.ticket_id, ended.number, ended.status) == (ticket.id, ticket.number, TicketStatus.DONE)
    assert (ended.work_done, ended.result) == ("Plugged in again, trial run", VisitResult.DONE_WITHOUT_PART)
    assert ended.ended_at == NOON - 10 * DAY + timedelta(hours=3)
    assert ended.time_zone == site.time_zone


def test_only_the_five_newest_that_have_ended_are_shown_newest_first(
    session: Session, customer: Customer, site: Site
) -> None:
    about = {"customer": customer.id, "site": site.id, "equipment": None}
    gone = [cancelled(session, days_ago=days, **about) for days in range(1, 8)]
    still_open = a.a_ticket(session, second_ticket_reason="another", **about)

    caller = recognised(session, customer)

    assert [ended.ticket_id for ended in caller.ended] == [ticket.id for ticket in gone[:5]]
    assert caller.tickets == (still_open,)
    assert {(ended.result, ended.work_done) for ended in caller.ended} == {(None, None)}
    assert caller.ended[0].ended_at == NOON - DAY


def test_the_unit_in_question_comes_before_newer_tickets_about_others(
    session: Session, customer: Customer, site: Site, unit: Equipment, technician: Technician
) -> None:
    old = repaired(session, customer=customer, site=site, unit=unit, technician=technician, days_ago=300)
    others = [
        cancelled(session, days_ago=days, customer=customer.id, site=site.id, equipment=None) for days in range(1, 6)
    ]

    without = recognised(session, customer)
    chosen = recognised(session, customer, unit_id=unit.id)
    named = recognised(session, customer, serial=unit.serial)
    (found,) = callers.recognise(session, scope=EVERYTHING, now=NOON, serial=unit.serial)

    newest = [ticket.id for ticket in others]
    assert [ended.ticket_id for ended in without.ended] == newest
    for caller in (chosen, named, found):
        assert [ended.ticket_id for ended in caller.ended] == [old.id, *newest[:4]]


def test_a_unit_of_somebody_else_is_not_looked_into(
    session: Session, customer: Customer, site: Site, unit: Equipment, technician: Technician
) -> None:
    repaired(session, customer=customer, site=site, unit=unit, technician=technician, days_ago=10)
    stranger = a.a_customer(session)

    assert recognised(session, stranger, unit_id=unit.id).ended == ()


def test_what_was_done_in_another_region_is_not_told(
    session: Session, customer: Customer, site: Site, unit: Equipment, technician: Technician
) -> None:
    repaired(session, customer=customer, site=site, unit=unit, technician=technician, days_ago=10)
    elsewhere = a.a_site(session, customer=customer, region=a.a_region(session))
    here = cancelled(session, days_ago=1, customer=customer.id, site=elsewhere.id, equipment=None)

    caller = callers.caller(
        session, customer_id=customer.id, scope=Scope(region_id=elsewhere.region_id), now=NOON, unit_id=unit.id
    )

    assert [ended.ticket_id for ended in caller.ended] == [here.id]


@pytest.mark.parametrize(
    ("days_later", "until"),
    [(0, date(2027, 2, 11)), (80, date(2027, 2, 11)), (81, None)],
    ids=["ten days after", "on the last day", "the day after"],
)
def test_a_repair_is_guaranteed_until_its_ninetieth_day_has_ended(
    session: Session,
    customer: Customer,
    site: Site,
    unit: Equipment,
    technician: Technician,
    days_later: int,
    until: date | None,
) -> None:
    repaired(session, customer=customer, site=site, unit=unit, technician=technician, days_ago=10)

    (ended,) = recognised(session, customer, now=NOON + days_later * DAY).ended

    assert ended.guarantee_until == until


def test_what_was_no_repair_or_was_not_finished_carries_no_guarantee(
    session: Session, customer: Customer, site: Site, unit: Equipment, technician: Technician
) -> None:
    about = {"customer": customer.id, "site": site.id, "equipment": unit.id}
    cancelled(session, days_ago=2, **about)
    looked_after = a.a_ticket(session, work_type=WorkType.MAINTENANCE, now=NOON - DAY, **about)
    a.a_finished_visit(session, ticket=looked_after, technician=technician, now=NOON - DAY)

    ended = recognised(session, customer).ended

    assert [each.work_type for each in ended] == [WorkType.MAINTENANCE, WorkType.REPAIR]
    assert [each.guarantee_until for each in ended] == [None, None]


def test_a_look_up_asks_as_often_for_five_customers_with_much_history_as_for_one_without(session: Session) -> None:
    phone, lonely = a.some_phone(), a.some_phone()
    a.a_customer(session, phone=lonely)
    for _ in range(callers.MOST_CALLERS):
        neighbour = a.a_customer(session, phone=phone)
        home = a.a_site(session, customer=neighbour)
        for days in range(1, past.MOST_ENDED + 3):
            cancelled(session, days_ago=days, customer=neighbour.id, site=home.id, equipment=None)
    session.expire_all()

    with counted(session) as for_one:
        callers.recognise(session, scope=EVERYTHING, now=NOON, phone=lonely)
    with counted(session) as for_five:
        found = callers.recognise(session, scope=EVERYTHING, now=NOON, phone=phone)

    assert [len(caller.ended) for caller in found] == [past.MOST_ENDED] * callers.MOST_CALLERS
    assert len(for_five) == len(for_one) <= 7
