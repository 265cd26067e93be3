"""The ways around a visit that somebody puts between others: by hand, after a no, by a plan (R9, fault 25)."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.core.events import SYSTEM
from server.core.places import Position
from server.dispatch import by_hand, offers
from server.dispatch.by_hand import Assigned, NotReachable
from server.dispatch.status import DeclineReason
from server.orders import visits
from server.orders.slots import SlotTaken
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import Visit
from server.orders.words import HindranceReason, VisitResult
from server.technicians.models import Technician
from tests.faults.houses import until
from tests.integration.dispatch.office import Office
from tests.integration.dispatch.world import TOWN, World, at, east


def drive(km: float) -> timedelta:
    """How long a way takes: 1.4 times the distance at 30 km/h, and 150 seconds for leaving and parking."""
    return timedelta(seconds=round(km * 168 + 150))


def assign(
    world: World,
    technician: Technician,
    start: datetime,
    place: Position | None = TOWN,
    *,
    reason: str | None = None,
    **ticket: object,
) -> Assigned:
    row = world.ticket(place, **ticket)
    return by_hand.assign(
        world.session,
        ticket_id=row.id,
        technician_id=technician.id,
        starts_at=start,
        by=SYSTEM,
        now=at(7),
        reason=reason,
    )


def reassign(
    world: World, visit: Visit, technician: Technician, start: datetime, *, reason: str | None = None
) -> Assigned:
    return by_hand.reassign(
        world.session,
        visit_id=visit.id,
        technician_id=technician.id,
        starts_at=start,
        by=SYSTEM,
        now=at(7),
        reason=reason,
    )


def travel(visit: Visit) -> timedelta:
    """How long the drive there is said to take; it begins that long before the visit."""
    seconds = timedelta(seconds=visit.travel_seconds)
    assert visit.busy_from == visit.starts_at - seconds
    return seconds


def about(one: timedelta, other: timedelta) -> bool:
    """Whether two ways take the same time but for the curve of the earth."""
    return abs(one - other) <= 20 * timedelta(seconds=1)


class TestByHand:
    """What a dispatcher may do."""

    def test_a_visit_is_put_into_the_long_drive_to_the_next_which_is_short_from_there(self, world: World) -> None:
        technician = world.technician(home=east(-20))
        later = assign(world, technician, at(12)).visit
        from_home = travel(later)

        made = assign(world, technician, at(10, 50)).visit

        assert about(from_home, drive(20))
        assert about(travel(made), drive(20))
        assert travel(later) == timedelta(0)
        assert later.busy_from > made.ends_at > at(12) - from_home

    def test_a_next_visit_that_could_not_be_reached_is_refused_without_a_reason_and_reached_late_with_one(
        self, world: World
    ) -> None:
        technician = world.technician()
        later = assign(world, technician, at(12)).visit

        with pytest.raises(NotReachable):
            assign(world, technician, at(10, 50), east(10))
        made = assign(world, technician, at(10, 50), east(10), reason="the customer insists").visit

        assert (later.starts_at, later.busy_from) == (at(12), made.ends_at)
        assert about(timedelta(seconds=later.travel_seconds), drive(10))

    def test_with_a_reason_he_is_sent_from_one_customer_to_the_next_at_once(self, world: World) -> None:
        technician = world.technician()
        before = assign(world, technician, at(10), east(10)).visit

        with pytest.raises(NotReachable):
            assign(world, technician, at(11))
        made = assign(world, technician, at(11), east(-5), reason="the customer insists").visit

        assert made.busy_from == made.starts_at == before.ends_at
        assert about(timedelta(seconds=made.travel_seconds), drive(5))

    def test_a_visit_is_moved_into_the_drive_to_the_visit_before_which_it_was(self, world: World) -> None:
        technician = world.technician(home=east(-20))
        moved = assign(world, technician, at(10)).visit
        later = assign(world, technician, at(13), east(2)).visit

        reassign(world, moved, technician, at(11, 50))

        assert about(travel(moved), drive(20))
        assert about(travel(later), drive(2))
        assert later.busy_from > moved.ends_at

    def test_a_visit_given_to_another_is_put_before_his_next_one(self, world: World) -> None:
        first, other = world.technician(), world.technician(home=east(20))
        given = assign(world, first, at(10)).visit
        his = assign(world, other, at(12), east(-2)).visit
        mine = assign(world, first, at(12), east(3)).visit

        reassign(world, given, other, at(10, 50))

        assert about(travel(given), drive(20))
        assert about(travel(his), drive(2))
        assert about(travel(mine), drive(3))

    def test_a_place_that_nobody_knows_takes_no_more_of_the_drive_than_it_needs(self, world: World) -> None:
        technician = world.technician(home=east(-20))
        later = assign(world, technician, at(12)).visit

        made = assign(world, technician, at(10, 50), None, reason="he will telephone")

        assert made.visit.busy_from == at(10, 50)
        assert later.busy_from == made.visit.ends_at
        assert about(timedelta(seconds=later.travel_seconds), drive(20))

    @pytest.mark.parametrize("between", ["another shift", "an absence"])
    def test_a_drive_that_begins_at_home_still_does_so(self, world: World, between: str) -> None:
        technician = world.technician(shift=(at(8), at(17)) if between == "an absence" else (at(8), at(12)))
        if between == "an absence":
            world.absence(technician, at(12), at(13))
        else:
            world.shift(technician, at(13), at(17))
        later = assign(world, technician, at(15), east(5)).visit

        assign(world, technician, at(9), east(-3))

        assert about(travel(later), drive(5))

    def test_the_way_to_the_second_visit_of_a_ticket_begins_where_the_first_was_made(self, world: World) -> None:
        technician = world.technician(home=east(-20))
        ticket = world.ticket()
        first = by_hand.assign(
            world.session, ticket_id=ticket.id, technician_id=technician.id, starts_at=at(9, 30), by=SYSTEM, now=at(7)
        )
        offers.accept(world.session, offer_id=first.offer.id, technician_id=None, by=SYSTEM, now=at(7))
        visits.not_finish(
            world.session,
            visit_id=first.visit.id,
            technician_id=None,
            result=VisitResult.NOT_POSSIBLE,
            reason=HindranceReason.OTHER,
            text="locked",
            until=None,
            by=SYSTEM,
            now=at(10),
        )
        assert ticket.status is TicketStatus.READY

        again = by_hand.assign(
            world.session, ticket_id=ticket.id, technician_id=technician.id, starts_at=at(10, 15), by=SYSTEM, now=at(10)
        )

        assert again.visit.busy_from == at(10, 15)


class TestNextRound:
    """Who is asked after a no drives from somewhere else."""

    def test_the_next_candidate_takes_his_own_time_for_the_way(self, world: World) -> None:
        first, other = world.technician(), world.technician(home=east(10))
        his = assign(world, other, at(12), east(-2)).visit
        made = assign(world, first, at(10, 45))

        decline(world, made)

        assert made.visit.technician_id == other.id
        assert about(travel(made.visit), drive(10))
        assert about(travel(his), drive(2))

    def test_a_candidate_who_does_not_fit_is_passed_over(self, world: World) -> None:
        first, overtime, third = world.technician(), world.technician(), world.technician(home=east(9))
        late = assign(world, overtime, at(17, 15), east(30), reason="he wants to").visit
        made = assign(world, first, at(15, 30))
        untouched = (late.busy_from, late.travel_seconds)

        decline(world, made)

        assert made.visit.technician_id == third.id
        assert (late.busy_from, late.travel_seconds) == untouched

    def test_without_anybody_whom_it_fits_a_human_decides(self, world: World) -> None:
        first, overtime = world.technician(), world.technician()
        assign(world, overtime, at(17, 15), east(30), reason="he wants to")
        made = assign(world, first, at(15, 30), agreed_from=at(15, 30), agreed_to=at(15, 40))

        decline(world, made)

        assert made.visit.status is VisitStatus.WITHDRAWN
        assert [e.kind for e in world.escalations()] == ["no_technician"]


def decline(world: World, made: Assigned) -> None:
    offers.decline(
        world.session,
        offer_id=made.offer.id,
        technician_id=made.offer.technician_id,
        reason=DeclineReason.NO_TIME,
        remark=None,
        by=world.answering(made.offer.technician_id),
        now=at(7, 5),
    )


class TestPublication:
    """A plan lays visits between those that people know of."""

    def company(self, office: Office) -> tuple[int, int]:
        """A full day of one technician around a visit at noon and one at two, twenty kilometres from his home."""

        def make(world: World) -> tuple[int, int]:
            technician = world.technician(home=east(-20))
            noon = assign(world, technician, at(12)).visit
            two = assign(world, technician, at(14), east(1)).visit
            for number in range(7):
                world.ticket(east(number / 10), duration=timedelta(minutes=30))
            return noon.id, two.id

        return office.inside(make)  # type: ignore[no-any-return]

    def test_a_day_is_laid_around_a_visit_that_stays_and_only_its_drive_is_another(self, office: Office) -> None:
        noon_id, two_id = self.company(office)
        plan_id = office.solved()
        before = office.inside(lambda world: world.session.get_one(Visit, noon_id).busy_from)

        published = office.publish(plan_id)

        stops = office.stops(plan_id)
        assert published.skipped == ()
        assert len(published.visits) == len(stops) == 7
        assert any(before < stop.ends_at <= at(12) for stop in stops), "nothing was put into the drive"
        noon, two = (office.inside(lambda world, i=i: world.session.get_one(Visit, i)) for i in (noon_id, two_id))
        assert (noon.starts_at, two.starts_at) == (at(12), at(14))
        assert noon.busy_from == at(12) - travel(noon) >= max(s.ends_at for s in stops if s.ends_at <= at(12))
        assert travel(noon) < drive(1)

    def test_every_drive_of_a_published_day_begins_where_the_visit_before_ended(self, office: Office) -> None:
        self.company(office)

        office.publish(office.solved())

        rows = office.inside(lambda world: list(world.session.scalars(select(Visit).order_by(Visit.starts_at))))
        assert len(rows) == 9
        assert all(visit.starts_at - visit.busy_from == travel(visit) for visit in rows)
        assert all(one.ends_at <= other.busy_from for one, other in itertools.pairwise(rows))

    def test_a_drive_that_the_desk_has_cut_short_stays_so_where_nothing_is_put_before_it(self, office: Office) -> None:
        def make(world: World) -> int:
            technician = world.technician()
            assign(world, technician, at(10), east(5))
            cut = assign(world, technician, at(11), east(-5), reason="the customer insists").visit
            world.ticket(agreed_from=at(13), agreed_to=at(16))
            return cut.id

        cut = office.inside(make)

        published = office.publish(office.solved())

        assert len(published.visits) == 1
        assert office.inside(lambda world: world.session.get_one(Visit, cut).busy_from) == at(11)


class TestAtOnce:
    """Between the look at a technician's day and its lock somebody else may book."""

    def test_a_drive_that_somebody_has_just_made_too_long_is_refused(self, office: Office) -> None:
        technician = office.inside(lambda world: world.technician().id)

        def book(start: datetime, place: Position) -> Visit | SlotTaken:
            try:
                return office.inside(  # type: ignore[no-any-return]
                    lambda world: assign(world, world.session.get_one(Technician, technician), start, place).visit
                )
            except SlotTaken as taken:
                return taken

        with ThreadPoolExecutor(1) as pool:
            with office.database.transaction() as session:
                world = office.world(session)
                first = assign(world, session.get_one(Technician, technician), at(10), east(-5)).visit
                session.flush()
                other = pool.submit(book, at(11, 15), east(5))
                until(lambda: _waits_for_the_day(session), "the other waits for the day")
            refused = other.result(timeout=30)

        assert isinstance(refused, SlotTaken)
        assert refused.details["visit_id"] == first.id


def _waits_for_the_day(session: Session) -> bool:
    return bool(session.scalar(text("select count(*) from pg_locks where locktype = 'advisory' and not granted")))
