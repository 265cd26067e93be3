"""A customer who has said *stop* hears nothing more: the desk is told, so that somebody telephones."""

import pytest
from sqlalchemy import select

from server.conversation.barred import CUSTOMER_OPTED_OUT
from server.customers.models import Customer
from server.dispatch import escalations
from server.orders import visits
from server.sms import codes, inbound
from server.sms.models import OutboxMessage
from server.sms.moving import move
from server.sms.status import MessageEvent, MessageStatus
from tests.integration.conversation.world import DESK, Job, World, at

NEIGHBOUR = "+16175550199"


@pytest.fixture
def stopped(world: World) -> Job:
    """A visit that was accepted, and whose customer then said stop."""
    customer = world.customer()
    job = world.accepted(world.technician(), customer=customer)
    world.take_in(world.phone_of(customer), "STOP", now=at(8, 5))
    return job


def leave(world: World, job: Job) -> None:
    """Let the technician leave for the customer, who is to be told so."""
    visits.leave(world.session, visit_id=job.visit.id, technician_id=None, by=DESK, now=at(9, 40))


def newest(world: World) -> OutboxMessage:
    return world.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()


def test_what_a_customer_is_not_told_any_more_is_put_before_the_desk(world: World, stopped: Job) -> None:
    assert world.escalations(CUSTOMER_OPTED_OUT) == []

    leave(world, stopped)

    (escalation,) = world.escalations(CUSTOMER_OPTED_OUT)
    assert (escalation.ticket_id, escalation.raised_at) == (stopped.ticket.id, at(9, 40))
    assert escalation.details == {"message_id": newest(world).id, "template": "customer.on_the_way"}


def test_the_desk_is_told_once_until_it_has_dealt_with_it(world: World, stopped: Job) -> None:
    leave(world, stopped)
    (first,) = world.escalations(CUSTOMER_OPTED_OUT)

    visits.withdraw(world.session, visit_id=stopped.visit.id, reason="breakdown", by=DESK, now=at(9, 50))

    assert newest(world).template == "customer.withdrawn"
    assert world.escalations(CUSTOMER_OPTED_OUT) == [first]
    assert first.raised_at == at(9, 40)


def test_what_he_is_not_told_after_the_desk_has_dealt_with_it_is_put_before_it_again(
    world: World, stopped: Job
) -> None:
    leave(world, stopped)
    (first,) = world.escalations(CUSTOMER_OPTED_OUT)
    escalations.settle(world.session, escalation_id=first.id, remark="Telephoned", by=DESK, now=at(9, 45))

    visits.withdraw(world.session, visit_id=stopped.visit.id, reason="breakdown", by=DESK, now=at(9, 50))

    assert [each.raised_at for each in world.escalations(CUSTOMER_OPTED_OUT)] == [at(9, 40), at(9, 50)]


def test_the_contact_at_the_site_counts_like_the_customer(world: World) -> None:
    job = world.accepted(world.technician(), contact_phone=NEIGHBOUR)
    inbound.suppress(world.session, NEIGHBOUR, source="sms", now=at(8, 5))

    leave(world, job)

    assert [each.ticket_id for each in world.escalations(CUSTOMER_OPTED_OUT)] == [job.ticket.id]


def test_a_number_of_which_the_provider_says_so_counts_like_one_that_told_us(world: World) -> None:
    customer = world.customer()
    job = world.accepted(world.technician(), customer=customer)
    message = newest(world)
    assert message.phone == world.phone_of(customer)

    move(world.session, message, MessageEvent.FAIL, now=at(8, 1), reason=codes.OPTED_OUT)

    assert [each.ticket_id for each in world.escalations(CUSTOMER_OPTED_OUT)] == [job.ticket.id]


def test_a_message_that_fails_for_another_reason_is_not_the_customers_stop(world: World) -> None:
    world.accepted(world.technician(), customer=world.customer())

    move(world.session, newest(world), MessageEvent.FAIL, now=at(8, 1), reason="30003")

    assert world.escalations(CUSTOMER_OPTED_OUT) == []


def test_a_technician_who_has_stopped_us_is_not_taken_for_the_customer(world: World) -> None:
    technician = world.technician()
    inbound.suppress(world.session, technician.phone, source="sms", now=at(7))

    world.job(technician)

    assert len(world.escalations("technician_opted_out")) == 1
    assert world.escalations(CUSTOMER_OPTED_OUT) == []


def test_of_a_ticket_that_has_ended_nobody_needs_to_telephone(world: World, stopped: Job) -> None:
    world.cancel(stopped, now=at(9))

    assert newest(world).phone == world.phone_of(world.session.get_one(Customer, stopped.ticket.customer_id))
    assert newest(world).status is MessageStatus.SUPPRESSED
    assert world.escalations(CUSTOMER_OPTED_OUT) == []
