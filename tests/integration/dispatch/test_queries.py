"""What waits for a human, and who may see it."""

from datetime import timedelta

import pytest

from server.core.events import SYSTEM
from server.dispatch import by_hand, escalations, plans, queries
from server.orders.status import TicketStatus
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Role
from server.reports.today import today
from tests.integration.dispatch.world import World, a_plan_request, at


def test_everything_that_needs_a_human_stands_in_a_queue_of_its_kind(world: World) -> None:
    incomplete = {"status": TicketStatus.INCOMPLETE, "missing": ["model"], "facts_complete_at": None}
    escalated = world.ticket()
    escalation = escalations.raise_(world.session, ticket=escalated, kind="no_technician", by=SYSTEM, now=at(9))
    unplaced = world.ticket(trusted=False, facts_complete_at=at(7))
    old = world.ticket(opened_at=at(10, day=-1), **incomplete)
    younger = world.ticket(opened_at=at(10, day=-1, second=1), **incomplete)
    overdue = world.ticket(due_at=at(8))
    world.ticket(due_at=at(10, day=1, second=1))
    world.session.flush()

    found = waiting(world, EVERYTHING)

    assert found["escalations"] == [escalation.id]
    assert found["unplaced_tickets"] == [unplaced.id]
    assert found["incomplete_tickets"] == [old.id, younger.id]
    assert found["stale_tickets"] == [old.id]
    assert found["overdue_tickets"] == [overdue.id]


def waiting(world: World, scope: Scope) -> dict[str, list[int]]:
    """Return what waits for a supervisor at ten, by queue."""
    queues = today(world.session, scope=scope, roles={Role.SUPERVISOR}, now=at(10))
    return {queue.name: [item.id for item in queue.items] for queue in queues}


@pytest.mark.parametrize("where", ["another region", "a station"])
def test_the_queues_end_at_the_edge_of_the_scope(world: World, where: str) -> None:
    ticket = world.ticket(trusted=False)
    raised = escalations.raise_(world.session, ticket=ticket, kind="no_technician", by=SYSTEM, now=at(9))
    world.session.flush()
    scope = Scope(region_id=world.region.id + 1) if where == "another region" else Scope(station_id=world.station.id)

    elsewhere = waiting(world, scope)
    here = waiting(world, Scope(region_id=world.region.id))

    assert elsewhere["unplaced_tickets"] == []
    assert list(queries.open_escalations(world.session, scope=scope)) == []
    assert (here["unplaced_tickets"], here["escalations"]) == ([ticket.id], [raised.id])


def test_a_technician_sees_his_own_offers(world: World) -> None:
    mine, other = world.technician(), world.technician()
    for technician in (mine, other):
        by_hand.assign(
            world.session,
            ticket_id=world.ticket().id,
            technician_id=technician.id,
            starts_at=at(10),
            by=SYSTEM,
            now=at(8),
        )

    ((offer, visit, *_),) = queries.open_offers_of(world.session, technician_id=mine.id)

    assert (offer.technician_id, visit.starts_at) == (mine.id, at(10))
    assert [o.id for o in queries.offers(world.session, scope=Scope(technician_id=mine.id))] == [offer.id]
    assert len(queries.offers(world.session, scope=Scope(station_id=world.station.id))) == 2
    assert list(queries.offers(world.session, scope=Scope(region_id=world.region.id + 1))) == []


def test_plans_are_for_those_who_dispatch(world: World) -> None:
    plan = plans.request(world.session, **a_plan_request(world))

    assert [p.id for p in queries.plans(world.session, scope=EVERYTHING)] == [plan.id]
    assert list(queries.plans(world.session, scope=EVERYTHING, after=plan.id)) == []
    assert queries.sheet(world.session, plan.id, scope=Scope(region_id=world.region.id)).stops == ()
    for scope in (Scope(region_id=world.region.id + 1), Scope(station_id=world.station.id)):
        with pytest.raises(plans.UnknownPlan):
            queries.sheet(world.session, plan.id, scope=scope)


def test_a_ticket_that_is_cancelled_needs_nobody(world: World) -> None:
    technician = world.technician()
    ticket = world.ticket()
    made = by_hand.assign(
        world.session, ticket_id=ticket.id, technician_id=technician.id, starts_at=at(10), by=SYSTEM, now=at(8)
    )
    escalations.raise_(world.session, ticket=ticket, kind="unread_message", by=SYSTEM, now=at(8))
    world.session.flush()

    world.cancel(ticket, now=at(8) + timedelta(minutes=5))

    assert (made.visit.status, made.offer.status) == ("withdrawn", "withdrawn")
    assert ticket.status is TicketStatus.CANCELLED
    assert waiting(world, EVERYTHING)["escalations"] == []
