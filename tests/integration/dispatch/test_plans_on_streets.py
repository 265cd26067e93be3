"""Plans with travel times of streets: the worker's job asks the source it was given, and says when it could not."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from server.core.places import Position
from server.customers.models import Site
from server.dispatch.status import PlanStatus
from server.orders.models import Ticket
from server.sms.gateways import RecordingGateway
from server.sms.sender import Sender
from server.travel.choice import source_of
from server.travel.sources import NO_WAY, FileSource, Source
from server.worker import Worker
from tests.builders.settings import settings_for
from tests.integration.dispatch.office import Office
from tests.integration.dispatch.world import World, east
from tests.integration.streets import Streets, serving
from tests.needs import shared_folder

HERE, THERE = east(2), east(9)


@pytest.fixture
def streets() -> Iterator[Streets]:
    with serving() as streets:
        yield streets


def worker_of(office: Office, source: Source | None) -> Worker:
    """A worker as `truckroll worker` builds it."""
    settings = settings_for(str(office.database.engine.url))
    gateway = RecordingGateway()
    sender = Sender(database=office.database, gateway=gateway, conninfo="", settings=settings)
    return Worker(office.database, office.clock, gateway, sender, source)


def company(world: World) -> None:
    """One technician and one ticket, seven kilometres apart."""
    world.technician(home=HERE)
    world.ticket(THERE)


def test_a_plan_rests_on_the_travel_times_of_the_routing_server(office: Office, streets: Streets) -> None:
    office.inside(company)
    plan_id = office.plan()

    worker_of(office, source_of(replace(settings_for(), osrm_url=streets.url))).solve(plan_id)

    (stop,) = office.stops(plan_id)
    assert stop.travel_seconds == 100
    assert [item["code"] for item in office.get(plan_id).findings["items"]] == []


def test_a_plan_whose_routing_server_fails_is_made_by_the_regions_model_and_says_so(
    office: Office, streets: Streets
) -> None:
    office.inside(company)
    streets.answer = lambda rows, columns: (500, b"")
    asked, estimated = office.plan(), office.plan()

    worker_of(office, source_of(replace(settings_for(), osrm_url=streets.url))).solve(asked)
    worker_of(office, None).solve(estimated)

    plan = office.get(asked)
    assert plan.status is PlanStatus.PROPOSED
    assert plan.findings["items"] == [
        {"code": "travel_source_failed", "error": False, "source": "osrm/driving", "legs": 2, "cause": "status_500"}
    ]
    assert [stop.travel_seconds for stop in office.stops(asked)] == [
        stop.travel_seconds for stop in office.stops(estimated)
    ]


def test_a_place_that_streets_do_not_reach_is_left_out_of_the_plan(office: Office, streets: Streets) -> None:
    office.inside(company)
    streets.answer = lambda rows, columns: (200, b'{"code": "Ok", "durations": [[0, null], [null, 0]]}')
    plan_id = office.plan()

    worker_of(office, source_of(replace(settings_for(), osrm_url=streets.url))).solve(plan_id)

    assert office.stops(plan_id) == []
    assert len(office.omissions(plan_id)) == 1


@pytest.mark.shared
def test_a_day_of_boston_is_planned_with_the_travel_times_of_its_streets(office: Office) -> None:
    folder = shared_folder()
    assert folder is not None
    matrix = folder / "data" / "travel" / "boston_2015-01-13_day.npz"
    source = source_of(replace(settings_for(), travel_matrix=str(matrix)))
    assert isinstance(source, FileSource)
    places = [Position(lat, lon) for lat, lon in list(source.index)[:13]]
    office.inside(lambda world: [world.technician(home=places[0]), *map(world.ticket, places[1:])])
    plan_id = office.plan()

    worker_of(office, source).solve(plan_id)

    stops = office.stops(plan_id)
    assert office.get(plan_id).findings["items"] == []
    assert len(stops) >= 6
    known = source.seconds(places, to=places)
    assert known.max() < NO_WAY
    np.fill_diagonal(known, 0)
    at = office.inside(lambda world: {stop.ticket_id: _place(world, stop.ticket_id) for stop in stops})
    here = places[0]
    for stop in stops:
        there = at[stop.ticket_id]
        assert stop.travel_seconds == known[places.index(here), places.index(there)]
        here = there


def _place(world: World, ticket_id: int) -> Position:
    site = world.session.get_one(Site, world.session.get_one(Ticket, ticket_id).site_id)
    assert site.position is not None
    return site.position
