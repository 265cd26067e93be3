"""Which day is meant by `day`, and which day a page shows: that of the region, seen from its own midnight."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.orders.models import Ticket
from server.organisation.models import Role, Staff
from tests.api.asking import Person
from tests.api.cast import Company
from tests.api.things import TOMORROW
from tests.builders.clocks import StillClock

MIDNIGHT = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
"""In New York; noon in Shanghai, where the company is."""
MOMENT = timedelta(seconds=1)


@pytest.fixture
def own(company: Company) -> int:
    """A ticket of the first region."""
    return int(company.things["ticket_id"].own)


@pytest.fixture
def abroad(session: Session, company: Company) -> None:
    """The first region lies in New York, the second where the company is."""
    company.regions[0].time_zone = "America/New_York"
    session.merge(company.regions[0])
    session.commit()


def reported(session: Session, ticket_id: int, at: datetime) -> None:
    session.execute(update(Ticket).where(Ticket.id == ticket_id).values(opened_at=at))
    session.commit()


def tickets(person: Person, day: str, **query: object) -> list[int]:
    answer = person.get("/api/v1/tickets", day=day, **query)
    assert answer.status_code == 200
    return [row["id"] for row in answer.json["items"]]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (MIDNIGHT - MOMENT, "2026-05-03"),
        (MIDNIGHT, "2026-05-04"),
        (MIDNIGHT + timedelta(days=1) - MOMENT, "2026-05-04"),
        (MIDNIGHT + timedelta(days=1), "2026-05-05"),
    ],
)
@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.SUPERVISOR, Role.STATION])
@pytest.mark.usefixtures("abroad")
def test_a_day_of_tickets_is_one_of_the_only_region_that_the_caller_sees(
    app: Flask, company: Company, session: Session, own: int, role: Role, at: datetime, day: str
) -> None:
    reported(session, own, at)
    person = Person(app, company, role)

    found = [day_of for day_of in ("2026-05-03", "2026-05-04", "2026-05-05") if own in tickets(person, day_of)]

    assert found == [day]


@pytest.mark.usefixtures("abroad")
def test_who_sees_a_station_alone_has_the_days_of_its_region(
    app: Flask, company: Company, session: Session, own: int
) -> None:
    reported(session, own, MIDNIGHT - MOMENT)
    session.execute(update(Staff).where(Staff.id == company.staff[Role.STATION].id).values(region_id=None))
    session.commit()

    assert own in tickets(Person(app, company, Role.STATION), "2026-05-03")


@pytest.mark.usefixtures("abroad")
def test_who_sees_regions_of_several_zones_has_the_companys_days_unless_he_names_one(
    app: Flask, company: Company, session: Session, own: int
) -> None:
    auditor, region_id = Person(app, company, Role.AUDITOR), company.regions[0].id
    reported(session, own, MIDNIGHT - MOMENT)

    assert own in tickets(auditor, "2026-05-04")
    assert own not in tickets(auditor, "2026-05-03")
    assert own in tickets(auditor, "2026-05-03", region_id=region_id)
    assert own not in tickets(auditor, "2026-05-04", region_id=region_id)


def test_who_sees_regions_of_one_zone_has_their_days_wherever_the_company_is(
    app: Flask, company: Company, session: Session, own: int
) -> None:
    for region in company.regions:
        region.time_zone = "America/New_York"
        session.merge(region)
    reported(session, own, MIDNIGHT - MOMENT)

    assert own in tickets(Person(app, company, Role.AUDITOR), "2026-05-03")


@pytest.mark.usefixtures("abroad")
def test_another_regions_name_opens_nothing(app: Flask, company: Company) -> None:
    assert tickets(Person(app, company, Role.DISPATCHER), "2026-05-04", region_id=company.regions[1].id) == []


@pytest.mark.usefixtures("abroad")
def test_a_day_of_visits_is_one_of_the_region_as_well(app: Flask, company: Company) -> None:
    visit_id = company.things["visit_id"].own
    desk, auditor = Person(app, company, Role.DISPATCHER), Person(app, company, Role.AUDITOR)
    # Ten in the morning of the fifth in Shanghai is the evening of the fourth in New York.
    assert datetime(2026, 5, 5, 2, 0, tzinfo=UTC) == TOMORROW

    def visits(person: Person, day: str, **query: object) -> list[int]:
        return [row["id"] for row in person.get("/api/v1/visits", day=day, **query).json["items"]]

    assert visit_id in visits(desk, "2026-05-04")
    assert visit_id not in visits(desk, "2026-05-05")
    assert visit_id in visits(auditor, "2026-05-05")
    assert visit_id in visits(auditor, "2026-05-04", region_id=company.regions[0].id)


def test_the_page_of_today_shows_the_day_of_the_region(
    app: Flask, company: Company, session: Session, still_clock: StillClock
) -> None:
    company.regions[0].time_zone = "Pacific/Auckland"
    session.merge(company.regions[0])
    session.commit()
    client = app.test_client()
    client.set_cookie("truckroll_session", company.caller(Role.DISPATCHER).cookie)
    still_clock.move(timedelta(hours=2, minutes=29))
    before = client.get("/console/today").text
    still_clock.move(timedelta(minutes=1))

    after = client.get("/console/today").text

    assert ("Mon 4 May 2026" in before, "Tue 5 May 2026" in before) == (True, False)
    assert ("Mon 4 May 2026" in after, "Tue 5 May 2026" in after) == (False, True)
