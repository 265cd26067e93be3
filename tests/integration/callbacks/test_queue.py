"""Every outcome is verified: what opens a customer callback, and who calls next."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from server.callbacks.models import CustomerCallback
from server.callbacks.queries import figures, overdue, queue
from server.callbacks.queue import NotAnAgent, next_call, open_for_ticket, open_for_visit
from server.callbacks.status import CallbackStatus, Respondent
from server.core.events import SYSTEM, DomainEvent
from server.customers.models import CustomerPhone, Equipment
from server.orders.models import Correction, Ticket
from server.orders.status import TicketStatus
from server.orders.visit_models import Visit
from server.orders.words import Channel, ChargeCategory, VisitResult
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Role
from tests.databases import MadeDatabase
from tests.integration.verified_work import Work, local


def _open(work: Work, visit: Visit) -> CustomerCallback:
    assert visit.finished_at is not None
    open_for_visit(work.session, work.happened("visit.finish", visit.id, at=visit.finished_at))
    found = work.session.scalar(select(CustomerCallback).where(CustomerCallback.visit_id == visit.id))
    assert found is not None
    return found


@pytest.mark.parametrize("result", list(VisitResult))
def test_every_outcome_of_a_visit_is_verified(work: Work, result: VisitResult) -> None:
    callback = _open(work, work.visit(work.ticket(), result, finished_at=local(10, 10)))

    assert callback.status is CallbackStatus.WAITING
    assert callback.outcome == str(result)
    assert (callback.phone, callback.respondent) == ("+12025550123", Respondent.CUSTOMER)
    assert callback.due_at == local(11, 10)


def test_the_same_event_again_opens_nothing_twice(work: Work) -> None:
    visit = work.visit(work.ticket())

    assert _open(work, visit) is _open(work, visit)
    assert len(work.session.scalars(select(CustomerCallback)).all()) == 1


def test_finished_work_may_be_called_about_at_once(work: Work) -> None:
    callback = _open(work, work.visit(work.ticket(), finished_at=local(10, 10)))

    assert (callback.call_after, callback.call_before, callback.asked_at) == (local(10, 10), local(10, 12), None)


def test_a_reason_put_on_the_customer_is_asked_by_message_before_anybody_calls(work: Work) -> None:
    callback = _open(work, work.visit(work.ticket(), VisitResult.CUSTOMER_ABSENT, finished_at=local(10, 10)))

    asked = work.session.scalars(select(DomainEvent).where(DomainEvent.kind == "customer_callback.ask")).one()
    assert asked.subject_id == callback.id
    assert (callback.asked_at, callback.call_after) == (local(10, 10), local(10, 14))


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        (TicketStatus.CANCELLED, "ticket.cancel", "cancelled"),
        (TicketStatus.DECLINED, "ticket.decline", "declined"),
    ],
)
def test_a_ticket_that_ended_without_a_visit_is_verified_too(
    work: Work, status: TicketStatus, kind: str, outcome: str
) -> None:
    ticket = work.ticket(status=status)

    open_for_ticket(work.session, work.happened(kind, ticket.id, at=local(10, 10)))
    open_for_ticket(work.session, work.happened(kind, ticket.id, at=local(10, 11)))

    (callback,) = work.session.scalars(select(CustomerCallback))
    assert (callback.ticket_id, callback.visit_id, callback.outcome) == (ticket.id, None, outcome)


@pytest.mark.parametrize("visit_first", [True, False])
def test_who_declines_on_site_is_called_once(work: Work, visit_first: bool) -> None:
    ticket = work.ticket(status=TicketStatus.DECLINED)
    at = local(10, 10)

    def told_by_the_visit() -> None:
        visit = work.visit(ticket, VisitResult.CUSTOMER_DECLINED, finished_at=at)
        open_for_visit(work.session, work.happened("visit.be_declined", visit.id, at=at))

    def told_by_the_ticket() -> None:
        open_for_ticket(work.session, work.happened("ticket.decline", ticket.id, at=at))

    steps: list[Callable[[], None]] = [told_by_the_visit, told_by_the_ticket]
    for step in steps if visit_first else reversed(steps):
        step()

    (callback,) = work.session.scalars(select(CustomerCallback))
    assert callback.visit_id is not None
    assert callback.outcome == VisitResult.CUSTOMER_DECLINED
    assert callback.asked_at == at


def test_the_number_given_at_intake_is_called_and_not_the_one_it_was_changed_to(work: Work) -> None:
    ticket = work.ticket(contact_phone="+12025550199")
    work.add(
        Correction(
            ticket_id=ticket.id,
            field="contact_phone",
            before={"value": "+12025550101"},
            after={"value": "+12025550199"},
            at=local(9, 9),
            actor_kind=SYSTEM.kind,
            actor_id=None,
            via=SYSTEM.via,
            reason="wrong number",
        )
    )

    assert _open(work, work.visit(ticket)).phone == "+12025550101"


def test_without_a_contact_the_customers_own_number_is_called(work: Work) -> None:
    work.add(CustomerPhone(customer_id=work.customer.id, number="+12025550144", added_at=local(1, 9)))

    assert _open(work, work.visit(work.ticket(contact_phone=None))).phone == "+12025550144"


def test_without_any_number_the_supervisor_is_asked_at_once(work: Work) -> None:
    callback = _open(work, work.visit(work.ticket(contact_phone=None), finished_at=local(10, 10)))

    assert callback.status is CallbackStatus.UNREACHABLE
    assert callback.lapses_at == local(10, 10) + timedelta(days=30)


@pytest.mark.parametrize(
    ("values", "pre_sale", "respondent"),
    [
        ({"charge_category": ChargeCategory.D}, False, Respondent.OWNING_PARTY),
        ({}, True, Respondent.OWNING_PARTY),
        ({"channel": Channel.PUBLIC_WORK}, False, Respondent.RESPONSIBLE_CONTACT),
        ({}, False, Respondent.CUSTOMER),
    ],
)
def test_who_owns_the_work_confirms_it(
    work: Work, values: dict[str, object], pre_sale: bool, respondent: Respondent
) -> None:
    unit = work.add(Equipment(customer_id=work.customer.id, category="fridge", pre_sale=pre_sale))

    assert _open(work, work.visit(work.ticket(equipment_id=unit.id, **values))).respondent is respondent


def test_the_worst_call_is_handed_out_first_and_to_one_agent_only(work: Work) -> None:
    late, later = (_open(work, work.visit(work.ticket(), finished_at=local(day, 10))) for day in (9, 10))
    work.session.flush()
    for callback in (late, later):
        callback.call_after, callback.call_before = local(10, 10), local(10, 12)
    first, second, third = (work.staff(Role.CALLBACK_AGENT) for _ in range(3))
    now = local(10, 11)

    assert next_call(work.session, by=first, now=now) is late
    assert next_call(work.session, by=second, now=now) is later
    assert next_call(work.session, by=third, now=now) is None
    assert next_call(work.session, by=first, now=now) is late


def test_a_call_that_was_not_reported_is_handed_out_again(work: Work) -> None:
    callback = _open(work, work.visit(work.ticket(), finished_at=local(10, 10)))
    first, second = work.staff(Role.CALLBACK_AGENT), work.staff(Role.CALLBACK_AGENT)

    assert next_call(work.session, by=first, now=local(10, 10)) is callback
    assert next_call(work.session, by=second, now=local(10, 10, 14)) is None
    assert next_call(work.session, by=second, now=local(10, 10, 15)) is callback


@pytest.mark.parametrize(("now", "handed"), [(local(10, 9, 59), False), (local(10, 10), True), (local(10, 12), False)])
def test_nobody_is_called_outside_the_hours(work: Work, now: object, handed: bool) -> None:
    _open(work, work.visit(work.ticket(), finished_at=local(10, 10)))

    found = next_call(work.session, by=work.staff(Role.CALLBACK_AGENT), now=now)  # type: ignore[arg-type]

    assert (found is not None) is handed


def test_an_agent_gets_no_call_of_another_region(work: Work) -> None:
    _open(work, work.visit(work.ticket(), finished_at=local(10, 10)))
    agent = work.staff(Role.CALLBACK_AGENT)

    assert next_call(work.session, by=agent, now=local(10, 10), scope=Scope(region_id=work.region.id + 1)) is None
    assert queue(work.session, scope=Scope(region_id=work.region.id + 1)).items == ()


def test_a_machine_gets_no_call(work: Work) -> None:
    with pytest.raises(NotAnAgent):
        next_call(work.session, by=SYSTEM, now=local(10, 10))


def test_the_queue_is_read_in_pages_without_loss(work: Work) -> None:
    opened = [_open(work, work.visit(work.ticket(), finished_at=local(10, 10, minute))) for minute in range(5)]

    first = queue(work.session, scope=EVERYTHING, limit=3)
    second = queue(work.session, scope=EVERYTHING, limit=3, after=first.next)

    assert [entry.callback for entry in (*first.items, *second.items)] == opened
    assert second.next is None


def test_coverage_counts_what_was_opened_and_what_was_tried(work: Work) -> None:
    for status in (CallbackStatus.PASSED, CallbackStatus.FAILED, CallbackStatus.WAITING):
        work.verified(status=status, finished_at=local(10, 10))

    found = figures(work.session, scope=EVERYTHING, since=local(10, 0), until=local(11, 0))

    assert (found.opened, found.passed, found.failed, found.attempted) == (3, 1, 1, 0)
    assert (found.coverage, found.pass_rate) == (0.0, 0.5)
    assert figures(work.session, scope=EVERYTHING, since=local(11, 0), until=local(12, 0)).coverage is None
    assert len(overdue(work.session, scope=EVERYTHING, now=local(11, 10) + timedelta(seconds=1))) == 1
    assert overdue(work.session, scope=EVERYTHING, now=local(11, 10)) == []


def test_two_agents_who_ask_at_the_same_moment_get_different_calls(committing_database: MadeDatabase) -> None:
    engine = create_engine(committing_database.url)
    calls, now = 4, local(10, 10)
    with Session(engine) as session:
        work = Work(session)
        for _ in range(calls):
            _open(work, work.visit(work.ticket(), finished_at=now))
        agents = [work.staff(Role.CALLBACK_AGENT) for _ in range(calls)]
        session.commit()
    start = Barrier(calls)

    def ask(number: int) -> int | None:
        with Session(engine) as session:
            start.wait()
            found = next_call(session, by=agents[number], now=now)
            session.commit()
            return found.id if found else None

    with ThreadPoolExecutor(calls) as pool:
        handed = list(pool.map(ask, range(calls)))
    engine.dispose()

    given = [one for one in handed if one is not None]
    assert len(given) == len(set(given)) == calls


def test_a_reopened_ticket_that_is_cancelled_again_is_verified_again(work: Work) -> None:
    ticket: Ticket = work.ticket(status=TicketStatus.CANCELLED)
    open_for_ticket(work.session, work.happened("ticket.cancel", ticket.id, at=local(10, 10)))
    first = work.session.scalars(select(CustomerCallback)).one()
    first.status = CallbackStatus.FAILED
    first.fail_reason = "not_done"  # type: ignore[assignment]
    work.session.flush()

    open_for_ticket(work.session, work.happened("ticket.cancel", ticket.id, at=local(12, 10)))

    assert len(work.session.scalars(select(CustomerCallback)).all()) == 2
