"""Plans: what they rest on, how they are solved, what becomes of them."""

import itertools
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from server.core.db import Database
from server.core.events import SYSTEM
from server.core.transitions import IllegalTransition
from server.dispatch import by_hand, engine, plans
from server.dispatch.engine import Limits
from server.dispatch.models import Plan, PlanStop
from server.dispatch.status import OfferStatus, PlanStatus
from server.orders.models import Ticket
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import Visit
from server.orders.words import Priority
from server.technicians import people
from tests.builders.clocks import StillClock
from tests.databases import MadeDatabase
from tests.integration.dispatch.office import Office
from tests.integration.dispatch.world import DAY, World, a_plan_request, at, east


def test_a_plan_proposes_visits_with_reasons_and_candidates(office: Office) -> None:
    def company(world: World) -> tuple[int, int]:
        best, other = world.technician(home=east(2)), world.technician(home=east(6))
        world.ticket(east(2.5))
        return best.id, other.id

    best, other = office.inside(company)

    plan_id = office.solved()

    plan, (stop,) = office.get(plan_id), office.stops(plan_id)
    assert (plan.status, plan.failure) == (PlanStatus.PROPOSED, None)
    assert (stop.technician_id, stop.candidates) == (best, [other])
    assert stop.travel_seconds == stop.why["marginal_cost"] / 2
    assert stop.starts_at >= at(8) + timedelta(seconds=stop.travel_seconds)
    assert plan.cost == 2 * stop.travel_seconds


def test_a_ticket_nobody_can_place_is_told_and_never_dropped_silently(office: Office) -> None:
    def company(world: World) -> list[int]:
        world.technician()
        rows = [
            world.ticket(None),
            world.ticket(trusted=False),
            world.ticket(skill="gas"),
            world.ticket(agreed_from=at(9, day=3), agreed_to=at(11, day=3)),
            world.ticket(agreed_from=at(4), agreed_to=at(5)),
            world.ticket(agreed_from=at(18), agreed_to=at(19)),
            world.ticket(duration=timedelta(hours=12)),
        ]
        return [row.id for row in rows]

    tickets = office.inside(company)

    plan_id = office.solved()

    reasons = office.omissions(plan_id)
    assert [reasons.get(ticket) for ticket in tickets] == [
        "no_position",
        "no_position",
        "no_skill",
        "agreed_for_later",
        "agreed_time_passed",
        "no_shift_in_window",
        "no_shift_in_window",
    ]
    found = {(f["code"], f.get("ticket_id")) for f in office.get(plan_id).findings["items"]}
    assert {("no_position", tickets[0]), ("no_position", tickets[1]), ("skill_nobody_has", tickets[2])} <= found


@pytest.mark.parametrize(("expires_in_days", "served"), [(-1, False), (0, True)])
def test_a_certificate_counts_until_the_end_of_its_last_day(office: Office, expires_in_days: int, served: bool) -> None:
    def company(world: World) -> None:
        technician = world.technician()
        world.skill("gas")
        people.give_skill(
            world.session,
            technician_id=technician.id,
            code="gas",
            level=1,
            expires_on=DAY + timedelta(days=expires_in_days),
            by=SYSTEM,
            now=at(5),
        )
        world.ticket(skill="gas")

    office.inside(company)

    assert len(office.stops(office.solved())) == int(served)


def test_an_agreed_window_an_absence_and_a_break_are_kept(office: Office) -> None:
    def company(world: World) -> int:
        technician = world.technician(shift=None)
        world.shift(technician, at(8), at(17), break_from=at(12), break_to=at(12, 30), break_seconds=1800)
        world.absence(technician, at(8), at(10))
        for _ in range(5):
            world.ticket(east(1))
        return world.ticket(agreed_from=at(14), agreed_to=at(15)).id

    agreed = office.inside(company)

    stops = office.stops(office.solved())

    assert len(stops) == 6
    assert at(14) <= next(s.starts_at for s in stops if s.ticket_id == agreed) <= at(15)
    assert all(s.starts_at >= at(10) for s in stops)
    gaps = [(a.ends_at, b.starts_at) for a, b in itertools.pairwise(stops)]
    assert any(min(b, at(13)) - max(a, at(12)) >= timedelta(minutes=30) and a <= at(12, 30) for a, b in gaps)


def test_a_visit_that_people_know_of_stays_where_it_is(office: Office) -> None:
    def company(world: World) -> int:
        technician = world.technician(home=east(10))
        fixed = by_hand.assign(
            world.session,
            ticket_id=world.ticket(east(-3)).id,
            technician_id=technician.id,
            starts_at=at(12),
            by=SYSTEM,
            now=at(5),
        )
        for km in (1, 2, 3, 4):
            world.ticket(east(km))
        return fixed.visit.id

    fixed = office.inside(company)

    plan_id = office.solved()

    stops = office.stops(plan_id)
    assert len(stops) == 4
    assert all(stop.ends_at <= at(12) or stop.starts_at >= at(13) for stop in stops)
    visit = office.inside(lambda world: world.session.get_one(Visit, fixed))
    assert (visit.starts_at, visit.status) == (at(12), VisitStatus.OFFERED)


def test_planning_in_the_middle_of_the_day_goes_on_from_where_the_technician_is(office: Office) -> None:
    def company(world: World) -> None:
        technician = world.technician(home=east(20))
        by_hand.assign(
            world.session,
            ticket_id=world.ticket(east(0)).id,
            technician_id=technician.id,
            starts_at=at(9, 30),
            by=SYSTEM,
            now=at(5),
        )
        world.ticket(east(0.5))

    office.inside(company)
    office.clock.at = at(10)

    (stop,) = office.stops(office.solved(earliest=at(10), now=at(10)))

    assert stop.starts_at >= at(10, 30)
    assert stop.travel_seconds == 234  # half a kilometre, not the twenty from home


def test_what_waits_longer_and_is_more_urgent_is_served_first(office: Office) -> None:
    def company(world: World) -> list[int]:
        world.technician(shift=(at(8), at(9, 30)))
        young, old, urgent = (
            world.ticket(opened_at=at(0), facts_complete_at=at(0)),
            world.ticket(opened_at=at(0, day=-9), facts_complete_at=at(0, day=-9)),
            world.ticket(opened_at=at(0), facts_complete_at=at(0), priority=Priority.URGENT),
        )
        return [young.id, old.id, urgent.id]

    _, old, _ = office.inside(company)

    plan_id = office.solved()

    # 1 x (1 + 9 x 0.5) beats 4 x 1.
    assert [stop.ticket_id for stop in office.stops(plan_id)] == [old]
    assert set(office.omissions(plan_id).values()) == {"capacity"}


@pytest.mark.parametrize("technicians", [0, 1])
def test_an_empty_day_is_planned_as_well(office: Office, technicians: int) -> None:
    def company(world: World) -> None:
        for _ in range(technicians):
            world.technician(shift=None)
        world.ticket()

    office.inside(company)

    plan_id = office.solved()

    assert office.get(plan_id).status is PlanStatus.PROPOSED
    assert list(office.omissions(plan_id).values()) == ["no_technician"]


def test_the_same_seed_and_iterations_give_the_same_plan(office: Office) -> None:
    def company(world: World) -> None:
        for km in range(4):
            world.technician(home=east(km * 3))
        for number in range(30):
            world.ticket(east(number * 0.9 % 13), duration=timedelta(minutes=30 + number))

    office.inside(company)

    def shape(plan_id: int) -> list[tuple[Any, ...]]:
        return [(s.ticket_id, s.technician_id, s.starts_at, tuple(s.candidates)) for s in office.stops(plan_id)]

    first, second = (office.solved(iterations=200) for _ in range(2))

    assert shape(first) == shape(second)
    assert len(shape(first)) == 30


def test_the_night_of_a_clock_change_has_no_hour_too_many(committing_database: MadeDatabase) -> None:
    # In Boston the clocks go forward at 2:00 on 8 March 2026: local 8:00 is 12:00 UTC, not 13:00.
    database = Database(committing_database.url)
    with database.transaction() as session:
        world = World(session, zone="America/New_York")
        world.technician(shift=(at(12, day=-2), at(13, 10, day=-2)))
        world.ticket(opened_at=at(0, day=-4), facts_complete_at=at(0, day=-4))
        plan_id = plans.request(
            session,
            **a_plan_request(
                world,
                first_day=DAY - timedelta(days=2),
                last_day=DAY - timedelta(days=2),
                earliest=at(0, day=-3),
                now=at(0, day=-3),
            ),
        ).id

    plans.solve(database, plan_id=plan_id, clock=StillClock(at(0, day=-3)))

    with database.transaction() as session:
        (stop,) = session.scalars(select(PlanStop)).all()
        problem = session.get_one(Plan, plan_id).problem
    database.dispose()
    assert problem is not None
    assert (problem["origin"], problem["horizon"]) == ("2026-03-08T05:00:00Z", 23 * 3600)
    assert at(12, day=-2) <= stop.starts_at <= at(12, 10, day=-2)


class TestFailure:
    """Whatever becomes of the solver, people get an answer and the old plan stays (fault 34)."""

    def company(self, office: Office) -> None:
        def make(world: World) -> None:
            for _ in range(3):
                world.technician()
            for km in range(12):
                world.ticket(east(km))

        office.inside(make)

    def test_a_cancelled_plan_stays_cancelled(self, office: Office) -> None:
        self.company(office)
        plan_id = office.plan()
        office.inside(lambda world: plans.cancel(world.session, plan_id=plan_id, by=SYSTEM, now=at(6)))

        office.solve(plan_id)

        assert office.get(plan_id).status is PlanStatus.CANCELLED
        assert office.stops(plan_id) == []

    def test_a_solver_is_stopped_when_somebody_cancels(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.company(office)
        plan_id = office.plan(seconds=60, iterations=None)
        seen = self._as_soon_as_it_runs(
            office,
            monkeypatch,
            lambda pid: office.inside(lambda world: plans.cancel(world.session, plan_id=plan_id, by=SYSTEM, now=at(6))),
        )

        office.solve(plan_id, limits=Limits(look=0.05))

        assert office.get(plan_id).status is PlanStatus.CANCELLED
        assert not _is_alive(seen[0])

    def test_a_killed_solver_fails_the_plan_and_nothing_is_half_applied(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.company(office)
        old = office.solved()
        plan_id = office.plan(seconds=60, iterations=None)
        self._as_soon_as_it_runs(office, monkeypatch, lambda pid: os.kill(pid, 9))

        office.solve(plan_id)

        plan = office.get(plan_id)
        assert (plan.status, plan.failure) == (PlanStatus.FAILED, "killed")
        assert office.stops(plan_id) == []
        assert len(office.stops(old)) == 12

    def test_a_solver_without_memory_fails_the_plan(self, office: Office) -> None:
        self.company(office)
        plan_id = office.plan()

        office.solve(plan_id, limits=Limits(memory_bytes=1 << 20))

        plan = office.get(plan_id)
        assert plan.status is PlanStatus.FAILED
        assert plan.failure in {"out_of_memory", "killed", "crashed"}

    def test_a_solver_that_does_not_end_is_ended(self, office: Office) -> None:
        self.company(office)
        plan_id = office.plan(seconds=1, iterations=10**9)

        office.solve(plan_id, limits=Limits(grace=0.5))

        plan = office.get(plan_id)
        assert (plan.status, plan.failure) == (PlanStatus.FAILED, "timed_out")

    def test_a_job_that_is_done_again_after_its_worker_died_ends_well(self, office: Office) -> None:
        self.company(office)
        plan_id = office.plan()
        office.inside(lambda world: plans._start(world.session, plan_id=plan_id, now=at(6)))
        assert office.get(plan_id).status is PlanStatus.SOLVING

        office.solve(plan_id)
        office.solve(plan_id)

        assert office.get(plan_id).status is PlanStatus.PROPOSED
        assert len(office.stops(plan_id)) == 12

    def test_a_plan_whose_worker_never_came_back_is_given_up(self, office: Office) -> None:
        plan_id = office.plan()
        office.inside(lambda world: plans._start(world.session, plan_id=plan_id, now=at(6)))

        due = office.inside(lambda world: plans.SWEEP.next_due(world.session))
        early = office.inside(lambda world: plans.SWEEP.deal_with(world.session, due - timedelta(seconds=1)))
        handled = office.inside(lambda world: plans.SWEEP.deal_with(world.session, due))

        assert (early, handled) == (0, 1)
        assert office.get(plan_id).failure == "worker_lost"

    def _as_soon_as_it_runs(
        self, office: Office, monkeypatch: pytest.MonkeyPatch, do: Callable[[int], Any]
    ) -> list[int]:
        seen: list[int] = []
        asked = engine.ask

        def ask(question: engine.Question, *, watch: engine.Watch, **how: Any) -> engine.Answer:
            def started(pid: int) -> None:
                seen.append(pid)
                do(pid)

            return asked(question, watch=engine.Watch(watch.report, started), **how)

        monkeypatch.setattr(engine, "ask", ask)
        return seen


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestRequest:
    """What is asked must make sense."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"last_day": DAY - timedelta(days=1)},
            {"last_day": DAY + timedelta(days=14)},
            {"first_day": DAY - timedelta(days=2), "last_day": DAY - timedelta(days=1)},
            {"seconds": 0},
            {"seconds": 3601},
            {"iterations": -1},
        ],
    )
    def test_a_request_that_cannot_be_planned_is_refused(self, world: World, wrong: dict[str, Any]) -> None:
        with pytest.raises(plans.BadRequest):
            plans.request(world.session, **a_plan_request(world, **wrong))

    def test_a_plan_is_requested_with_its_job_in_one_transaction(self, world: World, rolled_back: Connection) -> None:
        plan = plans.request(world.session, **a_plan_request(world, last_day=DAY + timedelta(days=13)))

        jobs = rolled_back.execute(text("select task_name, args, lock from procrastinate_jobs")).all()
        assert [tuple(job) for job in jobs] == [("dispatch.solve", {"plan_id": plan.id}, f"plan-{world.region.id}")]


class TestPublication:
    """People are told once, when it is firm; what has changed meanwhile is skipped and listed (fault 35)."""

    def company(self, office: Office, tickets: int = 3, technicians: int = 1) -> list[int]:
        def make(world: World) -> list[int]:
            for _ in range(technicians):
                world.technician()
            return [world.ticket(east(number)).id for number in range(tickets)]

        return office.inside(make)

    def test_every_stop_becomes_a_visit_with_a_window_and_an_offer(self, office: Office) -> None:
        self.company(office)
        plan_id = office.solved()

        published = office.publish(plan_id)

        assert (published.plan.status, published.skipped) == (PlanStatus.PUBLISHED, ())
        stops = {stop.visit_id: stop for stop in office.stops(plan_id)}
        assert set(stops) == {visit.id for visit in published.visits}
        for visit in published.visits:
            assert visit.starts_at == stops[visit.id].starts_at
            assert visit.window_from <= visit.starts_at <= visit.window_to
            assert visit.window_to - visit.window_from == timedelta(hours=2)
            assert visit.status is VisitStatus.OFFERED
        assert len(office.inside(lambda world: world.offers())) == 3

    def test_a_plan_is_published_once(self, office: Office) -> None:
        self.company(office)
        plan_id = office.solved()
        office.publish(plan_id)

        with pytest.raises(IllegalTransition):
            office.publish(plan_id)

    def test_a_ticket_that_has_changed_is_skipped(self, office: Office) -> None:
        changed, planned, untouched = self.company(office)
        plan_id = office.solved()

        def change(world: World) -> None:
            world.session.get_one(Ticket, changed).description = "no, it is the oven"
            technician = world.technician()
            by_hand.assign(
                world.session, ticket_id=planned, technician_id=technician.id, starts_at=at(15), by=SYSTEM, now=at(6)
            )

        office.inside(change)

        published = office.publish(plan_id)

        assert [visit.ticket_id for visit in published.visits] == [untouched]
        assert {(s.ticket_id, s.reason) for s in published.skipped} == {
            (changed, "ticket_changed"),
            (planned, "ticket_changed"),
        }
        by_desk = office.inside(lambda world: world.session.scalar(select(Visit).where(Visit.ticket_id == planned)))
        assert (by_desk.by_hand, by_desk.starts_at) == (True, at(15))

    def test_a_technician_who_fell_ill_gets_no_visits(self, office: Office) -> None:
        self.company(office)
        plan_id = office.solved()
        stops = office.stops(plan_id)
        ill_from = stops[1].starts_at + timedelta(minutes=30)

        def fall_ill(world: World) -> None:
            world.absence(world.session.get_one(people.Technician, stops[0].technician_id), ill_from, at(17))

        office.inside(fall_ill)

        published = office.publish(plan_id)

        assert [visit.ticket_id for visit in published.visits] == [stops[0].ticket_id]
        assert {s.reason for s in published.skipped} == {"technician_changed"}

    def test_time_that_the_desk_gave_away_is_not_taken_back(self, office: Office) -> None:
        self.company(office)
        plan_id = office.solved()
        first = office.stops(plan_id)[0]

        def book(world: World) -> int:
            ticket = world.ticket(east(0))
            return by_hand.assign(
                world.session,
                ticket_id=ticket.id,
                technician_id=first.technician_id,
                starts_at=at(8, 30),
                by=SYSTEM,
                now=at(6),
            ).visit.id

        by_desk = office.inside(book)

        published = office.publish(plan_id)

        assert (first.ticket_id, "technician_changed") in {(s.ticket_id, s.reason) for s in published.skipped}
        visit = office.inside(lambda world: world.session.get_one(Visit, by_desk))
        assert (visit.starts_at, visit.status) == (at(8, 30), VisitStatus.OFFERED)

    def test_a_start_that_is_over_is_not_published(self, office: Office) -> None:
        self.company(office, tickets=1)
        plan_id = office.solved()
        (stop,) = office.stops(plan_id)

        published = office.publish(plan_id, now=stop.starts_at + timedelta(seconds=1))

        assert [s.reason for s in published.skipped] == ["too_late"]

    def test_an_agreed_date_that_stays_without_a_visit_goes_to_the_supervisor(self, office: Office) -> None:
        def make(world: World) -> tuple[int, int]:
            world.technician(shift=(at(8), at(9)))
            today = world.ticket(agreed_from=at(18), agreed_to=at(19))
            later = world.ticket(agreed_from=at(9, day=5), agreed_to=at(10, day=5))
            return today.id, later.id

        today, _ = office.inside(make)

        office.publish(office.solved())

        escalations = office.inside(lambda world: world.escalations())
        assert [(e.kind, e.ticket_id) for e in escalations] == [("agreed_left_out", today)]

    def test_what_is_published_rests_on_locks_not_on_luck(self, office: Office) -> None:
        self.company(office, tickets=6, technicians=2)
        plan_ids = [office.solved(), office.solved()]

        for plan_id in plan_ids:
            office.publish(plan_id)

        visits = office.inside(lambda world: list(world.session.scalars(select(Visit))))
        assert len(visits) == 6
        assert {s.skipped for s in office.stops(plan_ids[1])} == {"ticket_changed"}

    def test_a_whole_day_is_published_at_once(self, office: Office) -> None:
        self.company(office, tickets=60, technicians=12)
        plan_id = office.solved(iterations=5)

        published = office.publish(plan_id)

        assert len(published.visits) + len(office.omissions(plan_id)) == 60
        offers = office.inside(lambda world: world.offers())
        assert {offer.status for offer in offers} == {OfferStatus.OPEN}
        open_tickets = office.inside(
            lambda world: list(world.session.scalars(select(Ticket).where(Ticket.status == TicketStatus.READY)))
        )
        assert {ticket.id for ticket in open_tickets} == set(office.omissions(plan_id))


def test_progress_is_shown_without_changing_the_version(office: Office) -> None:
    plan_id = office.plan()
    version = office.get(plan_id).version
    office.inside(lambda world: world.session.execute(update(Plan).values(progress={"cost": 1})))

    assert office.get(plan_id).version == version
