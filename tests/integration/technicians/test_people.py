"""Technicians: added, changed, skilled, absent, gone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, DomainEvent
from server.core.places import Position
from server.core.transitions import IllegalTransition
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Region, Station
from server.technicians import people, queries
from server.technicians.models import Skill, Technician
from server.technicians.people import Pause, Person, WorkingTime
from server.technicians.status import AbsenceStatus, TechnicianStatus


def at(hour: int, minute: int = 0, *, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


NOW = at(7)


@pytest.fixture
def station(session: Session) -> Station:
    region = Region(name="Harbour", time_zone="UTC")
    session.add(region)
    session.flush()
    station = Station(region_id=region.id, name="Pier", phone="+16175550101")
    session.add_all([station, Skill(code="gas", name_en="Gas", name_zh="燃气")])
    session.flush()
    return station


def a_person(station: Station, **more: Any) -> Person:
    values: dict[str, Any] = {"station_id": station.id, "name": "Ann", "phone": "+1 617 555 0142"}
    return Person(**(values | more))


def create(session: Session, station: Station, **more: Any) -> Technician:
    return people.create(session, person=a_person(station, **more), by=SYSTEM, now=NOW)


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(DomainEvent.kind).order_by(DomainEvent.id)))


def test_a_new_technician_has_a_number_in_international_form(session: Session, station: Station) -> None:
    technician = create(session, station, position=Position(1, 2))

    assert (technician.phone, technician.position) == ("+16175550142", Position(1, 2))
    assert technician.status is TechnicianStatus.WORKING
    assert kinds(session) == ["technician.create"]


def test_one_telephone_belongs_to_one_technician(session: Session, station: Station) -> None:
    create(session, station)

    with pytest.raises(people.PhoneTaken):
        create(session, station, name="Bob")

    assert session.scalars(select(Technician.name)).all() == ["Ann"]


@pytest.mark.parametrize(
    ("wrong", "refusal"), [({"phone": "nobody"}, people.UnusablePhone), ({"station_id": 0}, people.UnknownStation)]
)
def test_a_technician_who_cannot_be_reached_or_belongs_nowhere_is_refused(
    session: Session, station: Station, wrong: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        create(session, station, **wrong)


def test_of_two_who_change_a_technician_the_second_is_told(session: Session, station: Station) -> None:
    technician = create(session, station)
    version = technician.version
    change: dict[str, Any] = {"technician_id": technician.id, "version": version, "by": SYSTEM, "now": NOW}
    people.change(session, person=a_person(station, name="Anna"), **change)

    with pytest.raises(people.ChangedMeanwhile) as refused:
        people.change(session, person=a_person(station, name="Ana"), **change)

    assert refused.value.status == 412
    assert technician.name == "Anna"


def test_somebody_who_left_is_not_listed_and_gets_no_shift(session: Session, station: Station) -> None:
    technician = create(session, station)
    people.leave(session, technician_id=technician.id, by=SYSTEM, now=NOW)

    with pytest.raises(people.HasLeft):
        people.add_shifts(session, technician_id=technician.id, times=[WorkingTime(at(8), at(9))], by=SYSTEM, now=NOW)
    with pytest.raises(IllegalTransition):
        people.leave(session, technician_id=technician.id, by=SYSTEM, now=NOW)

    assert queries.technicians(session, scope=EVERYTHING) == []
    assert queries.technicians(session, scope=EVERYTHING, with_left=True) == [technician]
    assert people.come_back(session, technician_id=technician.id, by=SYSTEM, now=NOW).left_at is None


def test_a_skill_is_given_renewed_and_taken(session: Session, station: Station) -> None:
    technician = create(session, station)
    for level, day in ((1, None), (3, date(2027, 1, 1))):
        people.give_skill(
            session, technician_id=technician.id, code="gas", level=level, expires_on=day, by=SYSTEM, now=NOW
        )

    (skill,) = _detail(session, technician).skills
    assert (skill.code, skill.level, skill.expires_on) == ("gas", 3, date(2027, 1, 1))
    people.take_skill(session, technician_id=technician.id, code="gas", by=SYSTEM, now=NOW)
    assert _detail(session, technician).skills == ()
    with pytest.raises(people.UnknownSkill):
        people.take_skill(session, technician_id=technician.id, code="fire", by=SYSTEM, now=NOW)


def _detail(session: Session, technician: Technician) -> queries.TechnicianDetail:
    return queries.technician(session, scope=EVERYTHING, technician_id=technician.id, since=at(0), until=at(0, day=11))


@pytest.mark.parametrize(
    ("time", "refusal"),
    [
        (WorkingTime(at(9), at(9)), people.UnrealInterval),
        (WorkingTime(at(9), at(8)), people.UnrealInterval),
        (WorkingTime(at(9), at(9, 1, day=11)), people.UnrealInterval),
        (WorkingTime(at(9), at(17), Pause(at(8), at(12), timedelta(minutes=30))), people.BreakOutsideShift),
        (WorkingTime(at(9), at(17), Pause(at(12), at(11), timedelta(minutes=30))), people.BreakOutsideShift),
        (WorkingTime(at(9), at(17), Pause(at(12), at(16, 31), timedelta(minutes=30))), people.BreakOutsideShift),
        (WorkingTime(at(9), at(17), Pause(at(12), at(13), timedelta(0))), people.BreakOutsideShift),
        (WorkingTime(at(11), at(13)), people.ShiftOverlaps),
    ],
)
def test_working_time_that_cannot_be_is_refused(
    session: Session, station: Station, time: WorkingTime, refusal: type[Exception]
) -> None:
    technician = create(session, station)
    people.add_shifts(session, technician_id=technician.id, times=[WorkingTime(at(12), at(20))], by=SYSTEM, now=NOW)

    with pytest.raises(refusal):
        people.add_shifts(
            session, technician_id=technician.id, times=[WorkingTime(at(6), at(7)), time], by=SYSTEM, now=NOW
        )

    assert len(_detail(session, technician).shifts) == 1


def test_two_shifts_may_touch_and_a_break_may_end_with_its_shift(session: Session, station: Station) -> None:
    technician = create(session, station)
    pause = Pause(at(9), at(11, 30), timedelta(minutes=30))

    people.add_shifts(
        session,
        technician_id=technician.id,
        times=[WorkingTime(at(8), at(12), pause), WorkingTime(at(12), at(16))],
        by=SYSTEM,
        now=NOW,
    )

    first, second = _detail(session, technician).shifts
    assert (first.break_seconds, second.break_seconds) == (1800, None)
    people.remove_shift(session, technician_id=technician.id, shift_id=first.id, by=SYSTEM, now=NOW)
    assert [shift.id for shift in _detail(session, technician).shifts] == [second.id]
    with pytest.raises(people.UnknownShift):
        people.remove_shift(session, technician_id=technician.id, shift_id=first.id, by=SYSTEM, now=NOW)


def test_an_absence_is_told_and_can_be_taken_back_once(session: Session, station: Station) -> None:
    technician = create(session, station)
    absence = people.report_absence(
        session, technician_id=technician.id, starts_at=at(8), ends_at=at(12), kind="ill", by=SYSTEM, now=NOW
    )
    assert _detail(session, technician).absences == (absence,)

    cancel = {"technician_id": technician.id, "absence_id": absence.id, "by": SYSTEM, "now": NOW}
    people.cancel_absence(session, **cancel)

    assert (absence.status, absence.cancelled_at) == (AbsenceStatus.CANCELLED, NOW)
    assert _detail(session, technician).absences == ()
    with pytest.raises(IllegalTransition):
        people.cancel_absence(session, **cancel)
    assert kinds(session)[1:] == ["absence.report", "absence.cancel"]


@pytest.mark.parametrize("ends_at", [at(8), at(7), at(8) + timedelta(days=367)])
def test_an_absence_lasts_but_not_for_ever(session: Session, station: Station, ends_at: datetime) -> None:
    technician = create(session, station)

    with pytest.raises(people.UnrealInterval):
        people.report_absence(
            session, technician_id=technician.id, starts_at=at(8), ends_at=ends_at, kind="ill", by=SYSTEM, now=NOW
        )


def test_another_mans_absence_is_unknown(session: Session, station: Station) -> None:
    one, two = create(session, station), create(session, station, phone="+16175550143")
    absence = people.report_absence(
        session, technician_id=one.id, starts_at=at(8), ends_at=at(12), kind="ill", by=SYSTEM, now=NOW
    )

    with pytest.raises(people.UnknownAbsence):
        people.cancel_absence(session, technician_id=two.id, absence_id=absence.id, by=SYSTEM, now=NOW)
    with pytest.raises(people.UnknownTechnician):
        people.leave(session, technician_id=0, by=SYSTEM, now=NOW)


def test_lists_end_at_the_edge_of_the_scope_and_go_on_after_the_last(session: Session, station: Station) -> None:
    ids = [create(session, station, name=f"N{n}", phone=f"+1617555015{n}").id for n in range(3)]

    first = queries.technicians(session, scope=Scope(region_id=station.region_id), limit=2)
    rest = queries.technicians(session, scope=Scope(station_id=station.id), after=(first[-1].name, first[-1].id))

    assert [t.id for t in (*first, *rest)] == ids
    assert queries.technicians(session, scope=Scope(region_id=station.region_id + 1)) == []
    assert [t.id for t in queries.technicians(session, scope=Scope(technician_id=ids[1]))] == [ids[1]]
    assert [t.id for t in queries.technicians(session, scope=EVERYTHING, text="n2")] == [ids[2]]
    assert queries.technicians(session, scope=EVERYTHING, text="%") == []
    with pytest.raises(people.UnknownTechnician):
        queries.technician(
            session, scope=Scope(station_id=station.id + 1), technician_id=ids[0], since=NOW, until=at(9)
        )


def test_a_change_to_somebody_elses_number_leaves_everything_as_it_was(session: Session, station: Station) -> None:
    create(session, station)
    bob = create(session, station, name="Bob", phone="+16175550143")

    with pytest.raises(people.PhoneTaken):
        people.change(
            session,
            technician_id=bob.id,
            version=bob.version,
            person=a_person(station, name="Robert"),
            by=SYSTEM,
            now=NOW,
        )

    session.refresh(bob)
    assert (bob.name, bob.phone) == ("Bob", "+16175550143")
