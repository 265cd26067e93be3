"""The drive to a visit takes its technician's time; what becomes of the drives around a visit (R9, fault 25)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from server.core.db import Database
from server.orders import booking, on_site, visits
from server.orders.locks import lock_visit
from server.orders.slots import AS_THEY_ARE, SlotContended, SlotTaken, Ways
from server.orders.visit_models import Visit
from server.technicians.models import Technician
from server.web import texts
from tests import builders as a
from tests.builders import BY_SYSTEM, NOON
from tests.databases import MadeDatabase

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(hour: int, minute: int = 0) -> datetime:
    return NOON + (hour - 12) * HOUR + minute * MINUTE


def drive_of(minutes: int | None) -> Ways:
    """The drive on takes so long, whoever is next; None if nobody knows."""
    return Ways(lambda _: None if minutes is None else minutes * MINUTE)


def yielding(minutes: int | None) -> Ways:
    return Ways(drive_of(minutes).onward, drives_yield=True)


def plan(
    session: Session,
    technician: Technician,
    start: datetime,
    *,
    minutes: int = 60,
    drive: int = 0,
    ways: Ways = AS_THEY_ARE,
) -> Visit:
    return visits.plan_visit(
        session,
        ticket_id=a.a_ticket(session).id,
        technician_id=technician.id,
        starts_at=start,
        ends_at=start + minutes * MINUTE,
        window=visits.Window(start - HOUR, start + HOUR),
        travel_seconds=drive * 60,
        by_hand=True,
        by=BY_SYSTEM,
        now=NOON,
        ways=ways,
    )


def move(session: Session, visit: Visit, start: datetime, *, drive: int | None = None, ways: Ways) -> Visit:
    return visits.move(
        session,
        visit_id=visit.id,
        starts_at=start,
        ends_at=start + (visit.ends_at - visit.starts_at),
        window=visits.Window(start - HOUR, start + HOUR),
        travel_seconds=None if drive is None else drive * 60,
        by=BY_SYSTEM,
        now=NOON,
        ways=ways,
    )


def drive(visit: Visit) -> tuple[datetime, int]:
    """When a drive begins and how many minutes it is said to take."""
    return visit.busy_from, visit.travel_seconds // 60


@pytest.fixture
def technician(session: Session) -> Technician:
    return a.a_technician(session)


@pytest.mark.parametrize(("minutes", "free"), [(20, True), (21, False)])
def test_the_drive_to_a_visit_begins_when_the_visit_before_has_ended(
    session: Session, technician: Technician, minutes: int, free: bool
) -> None:
    before = plan(session, technician, at(14))

    if free:
        made = plan(session, technician, at(15, 20), drive=minutes)
        assert made.busy_from == before.ends_at
        return
    with pytest.raises(SlotTaken) as refusal:
        plan(session, technician, at(15, 20), drive=minutes)

    assert refusal.value.details["visit_id"] == before.id


def test_nothing_is_put_into_a_drive_and_the_refusal_says_whose_it_is(session: Session, technician: Technician) -> None:
    after = plan(session, technician, at(16), drive=30)

    with pytest.raises(SlotTaken) as refusal:
        plan(session, technician, at(15), minutes=31)

    assert refusal.value.details == {
        "technician_id": technician.id,
        "visit_id": after.id,
        "ticket_id": after.ticket_id,
        "busy_from": at(15, 30).isoformat(),
        "starts_at": at(16).isoformat(),
        "ends_at": at(17).isoformat(),
        "wanted_from": at(15).isoformat(),
        "wanted_to": at(15, 31).isoformat(),
    }


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "busy from {drive}, the drive included"), ("zh", "自 {drive}（含路程）")]
)
def test_the_refusal_tells_people_that_the_drive_counts_and_since_when(
    session: Session, technician: Technician, locale: str, said: str
) -> None:
    plan(session, technician, at(16), drive=30)

    with pytest.raises(SlotTaken) as in_the_drive:
        plan(session, technician, at(15), minutes=31)
    with pytest.raises(SlotTaken) as too_far_away:
        plan(session, technician, at(14, 40), ways=drive_of(21))

    assert said.format(drive=at(15, 30).isoformat()) in texts.of(in_the_drive.value, locale=locale).detail
    assert said.format(drive=at(15, 39).isoformat()) in texts.of(too_far_away.value, locale=locale).detail


def test_a_drive_to_somebody_elses_visit_takes_nobodys_time(session: Session, technician: Technician) -> None:
    plan(session, technician, at(16), drive=30)

    assert plan(session, a.a_technician(session), at(15, 30), drive=30).busy_from == at(15)


def test_the_drive_to_a_withdrawn_visit_is_free(session: Session, technician: Technician) -> None:
    gone = plan(session, technician, at(16), drive=30)
    visits.withdraw(session, visit_id=gone.id, reason="ill", by=BY_SYSTEM, now=NOON)

    assert plan(session, technician, at(15, 30), drive=30).busy_from == at(15)


@pytest.mark.parametrize(
    ("minutes", "begins"),
    [(10, at(15, 50)), (30, at(15, 30)), (45, at(15, 15))],
    ids=["a shorter one", "as long as before", "a longer one"],
)
def test_the_drive_to_the_next_visit_begins_at_the_visit_that_is_put_before_it(
    session: Session, technician: Technician, minutes: int, begins: datetime
) -> None:
    after = plan(session, technician, at(16), drive=30)

    plan(session, technician, at(14, 15), ways=drive_of(minutes))

    assert drive(after) == (begins, minutes)


def test_a_next_visit_that_could_not_be_reached_in_time_is_in_the_way(session: Session, technician: Technician) -> None:
    after = plan(session, technician, at(16), drive=30)

    with pytest.raises(SlotTaken) as refusal:
        plan(session, technician, at(14, 40), ways=drive_of(21))
    made = plan(session, technician, at(14, 40), ways=drive_of(20))

    assert refusal.value.details["visit_id"] == after.id
    assert drive(after) == (made.ends_at, 20)


def test_where_nobody_knows_the_way_on_the_next_drive_keeps_what_is_left_of_it(
    session: Session, technician: Technician
) -> None:
    after = plan(session, technician, at(16), drive=30)

    plan(session, technician, at(14), ways=drive_of(None))
    untouched = drive(after)
    plan(session, technician, at(15), minutes=50, ways=drive_of(None))

    assert untouched == (at(15, 30), 30)
    assert drive(after) == (at(15, 50), 30)


def test_with_a_reason_both_drives_are_cut_short_but_no_visit(session: Session, technician: Technician) -> None:
    before = plan(session, technician, at(14))
    after = plan(session, technician, at(16), drive=30)

    with pytest.raises(SlotTaken) as refusal:
        plan(session, technician, at(15), minutes=61, drive=20, ways=yielding(25))
    made = plan(session, technician, at(15, 10), minutes=40, drive=20, ways=yielding(25))

    assert refusal.value.details["visit_id"] == after.id
    assert drive(made) == (before.ends_at, 20)
    assert drive(after) == (made.ends_at, 25)


def test_with_a_reason_a_drive_that_has_room_is_not_cut_short(session: Session, technician: Technician) -> None:
    plan(session, technician, at(14), minutes=30)

    assert plan(session, technician, at(15), drive=30, ways=yielding(None)).busy_from == at(14, 30)


def test_a_drive_under_way_is_never_longer_than_it_was(session: Session, technician: Technician) -> None:
    after = a.an_accepted_visit(session, technician=technician, starts_at=at(16))  # a quarter of an hour's drive
    on_site.leave(session, visit_id=after.id, technician_id=technician.id, by=BY_SYSTEM, now=at(15))

    plan(session, technician, at(14), minutes=30, ways=drive_of(40))
    untouched = drive(after)
    plan(session, technician, at(15), minutes=50, ways=drive_of(5))

    assert untouched == (at(15, 45), 15)
    assert drive(after) == (at(15, 50), 15)


def test_the_drive_to_a_visit_of_another_day_begins_elsewhere(session: Session, technician: Technician) -> None:
    after = plan(session, technician, at(16) + 2 * timedelta(days=1), drive=30)

    plan(session, technician, at(14), ways=drive_of(5))

    assert after.travel_seconds == 1_800


def test_a_moved_visit_takes_its_drive_along(session: Session, technician: Technician) -> None:
    visit = plan(session, technician, at(14), drive=20)

    move(session, visit, at(16), ways=AS_THEY_ARE)
    kept = drive(visit)
    move(session, visit, at(16), drive=5, ways=AS_THEY_ARE)

    assert kept == (at(15, 40), 20)
    assert drive(visit) == (at(15, 55), 5)


def test_a_visit_is_moved_before_the_next_one_whose_drive_takes_the_place_where_it_was(
    session: Session, technician: Technician
) -> None:
    visit = plan(session, technician, at(15), minutes=50)
    after = plan(session, technician, at(16), drive=10)

    move(session, visit, at(14), ways=drive_of(60))

    assert visit.busy_from == at(14)
    assert drive(after) == (at(15), 60)


def test_a_visit_that_is_moved_with_a_reason_to_where_its_drive_began_keeps_that(
    session: Session, technician: Technician
) -> None:
    before = plan(session, technician, at(14), minutes=30)
    visit = plan(session, technician, at(15), drive=30)

    move(session, visit, at(14, 45), ways=yielding(None))
    session.refresh(visit)

    assert (visit.starts_at, visit.busy_from) == (at(14, 45), before.ends_at)


def test_a_refused_move_leaves_both_drives_as_they_were(session: Session, technician: Technician) -> None:
    plan(session, technician, at(14))
    after = plan(session, technician, at(16), drive=30)
    visit = plan(session, technician, at(18), drive=10)

    with pytest.raises(SlotTaken):
        move(session, visit, at(14, 45), ways=yielding(5))
    session.refresh(after)

    assert (drive(visit), drive(after)) == ((at(17, 50), 10), (at(15, 30), 30))


def test_a_visit_given_to_another_takes_his_time_from_when_he_leaves(session: Session, technician: Technician) -> None:
    visit = plan(session, technician, at(14), drive=10)
    other = a.a_technician(session)
    his = plan(session, other, at(15, 30), drive=60, ways=AS_THEY_ARE)

    def give(minutes: int, ways: Ways) -> Visit:
        return visits.reassign(
            session,
            visit_id=visit.id,
            technician_id=other.id,
            starts_at=at(14),
            ends_at=at(15),
            travel_seconds=minutes * 60,
            by=BY_SYSTEM,
            now=NOON,
            ways=ways,
        )

    with pytest.raises(SlotTaken) as refusal:
        give(40, AS_THEY_ARE)
    give(40, drive_of(25))

    assert refusal.value.details["visit_id"] == his.id
    assert (visit.technician_id, drive(visit)) == (other.id, (at(13, 20), 40))
    assert drive(his) == (at(15, 5), 25)
    assert plan(session, technician, at(14)).busy_from == at(14)


def test_a_visit_that_goes_away_leaves_the_next_drive_its_time(session: Session, technician: Technician) -> None:
    gone = plan(session, technician, at(14))
    after = plan(session, technician, at(16), drive=30)

    visits.withdraw(session, visit_id=gone.id, reason="ill", by=BY_SYSTEM, now=NOON)
    left = drive(after)
    plan(session, technician, at(14, 30), ways=drive_of(10))

    assert left == (at(15, 30), 30)
    assert drive(after) == (at(15, 50), 10)


def test_another_drive_is_no_other_version_of_the_next_visit(session: Session, technician: Technician) -> None:
    after = plan(session, technician, at(16), drive=30)
    version = after.version

    plan(session, technician, at(14), ways=drive_of(10))

    session.refresh(after)
    assert (after.version, after.travel_seconds) == (version, 600)


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    database = Database(committing_database.url)
    yield database
    database.dispose()


def test_nobody_waits_with_a_held_day_for_somebody_who_changes_the_next_visit(database: Database) -> None:
    with database.transaction() as session:
        technician = a.a_technician(session)
        after = plan(session, technician, at(16), drive=30)

    with database.transaction() as somebody:
        _, his = lock_visit(somebody, after.id, technician_id=None)
        visits.offered(somebody, visit=his, by=BY_SYSTEM, now=NOON)
        somebody.flush()
        with pytest.raises(SlotContended), database.transaction() as session:
            plan(session, technician, at(14), ways=drive_of(10))
    with database.transaction() as session:
        plan(session, technician, at(14), ways=drive_of(10))

    with database.transaction() as session:
        assert drive(session.get_one(Visit, after.id)) == (at(15, 50), 10)


def test_whoever_answers_for_the_next_visit_meanwhile_is_not_refused(database: Database) -> None:
    with database.transaction() as session:
        technician = a.a_technician(session)
        after = plan(session, technician, at(16), drive=30)

    with database.transaction() as somebody:
        _, his = lock_visit(somebody, after.id, technician_id=None)
        with database.transaction() as session:
            plan(session, technician, at(14), ways=drive_of(10))
        booking.offered(somebody, visit=his, by=BY_SYSTEM, now=NOON)

    with database.transaction() as session:
        found = session.get_one(Visit, after.id)
        assert (found.status, drive(found)) == ("offered", (at(15, 50), 10))
