"""No technician is in two places: the database refuses it, whoever writes (faults 24-26)."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from psycopg import errors
from sqlalchemy import func, select, text
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from server.core.db import Database
from server.customers.files import NewCustomer, NewSite
from server.orders import booking, intake, visits
from server.orders.visit_models import Visit
from tests import builders as a
from tests.builders import NOON
from tests.databases import MadeDatabase

HOUR = timedelta(hours=1)

INSERT = text(
    "insert into visit (ticket_id, ordinal, technician_id, status, starts_at, ends_at, window_from, window_to,"
    " travel_seconds, by_hand, created_at, version, result, finished_at)"
    " values (:ticket_id, :ordinal, :technician_id, :status, :starts_at, :ends_at, :window_from, :window_to,"
    " 0, false, :now, 1, :result, :finished_at)"
)


def insert(session: Session, *, status: str = "done", **values: object) -> None:
    """Write a visit by raw SQL, past every rule of the product; undone where the database refuses it."""
    held = status != "withdrawn"
    known: dict[str, object] = {
        "ordinal": a.some_number(),
        "status": status,
        "window_from": NOON,
        "window_to": NOON + HOUR,
        "now": NOON,
        "result": "no_fault" if held else None,
        "finished_at": NOON if held else None,
    }
    with session.begin_nested():
        session.execute(INSERT, known | values)


def is_refused(session: Session, **values: object) -> bool:
    """Return whether the database refuses a visit because it overlaps another; any other failure is raised."""
    try:
        insert(session, **values)  # type: ignore[arg-type]
    except IntegrityError as error:
        if not isinstance(error.orig, errors.ExclusionViolation):
            raise
        return True
    return False


def test_raw_sql_agrees_with_brute_force_on_a_thousand_random_intervals(session: Session) -> None:
    seed = 25
    chance = random.Random(seed)
    ticket = a.a_ticket(session)
    technicians = [a.a_technician(session).id for _ in range(3)]
    statuses = ("done", "not_finished", "customer_absent", "withdrawn")
    taken: list[tuple[int, datetime, datetime]] = []
    wrong: list[tuple[int, datetime, datetime, bool]] = []
    refusals = 0
    for _ in range(1_000):
        technician = chance.choice(technicians)
        start = NOON + timedelta(minutes=chance.randrange(6_000))
        end = start + timedelta(minutes=chance.randint(1, 40))
        status = chance.choice(statuses)
        held = status != "withdrawn"
        free = not held or all(t != technician or end <= s or e <= start for t, s, e in taken)
        refused = is_refused(
            session, ticket_id=ticket.id, technician_id=technician, status=status, starts_at=start, ends_at=end
        )
        refusals += refused
        if refused is free:
            wrong.append((technician, start, end, free))
        if not refused and held:
            taken.append((technician, start, end))

    assert wrong == [], f"seed {seed}"
    assert 200 < refusals < 800


def test_an_update_past_the_product_cannot_overlap_either(session: Session) -> None:
    first = a.a_visit(session)
    second = a.a_visit(session)

    with pytest.raises(IntegrityError) as refusal, session.begin_nested():
        session.execute(
            text("update visit set technician_id = :technician where id = :id"),
            {"technician": first.technician_id, "id": second.id},
        )

    assert isinstance(refusal.value.orig, errors.ExclusionViolation)


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        ("2026-11-23 06:00+00", "2026-11-23 06:00+00"),
        ("2026-11-23 06:00+00", "2026-11-23 05:00+00"),
        ("-infinity", "2026-11-23 05:00+00"),
        ("2026-11-23 06:00+00", "infinity"),
        ("-infinity", "infinity"),
    ],
    ids=["empty", "reversed", "from for ever", "to for ever", "for ever"],
)
def test_an_interval_that_is_empty_reversed_or_endless_is_not_stored(
    session: Session, starts_at: str, ends_at: str
) -> None:
    ticket, technician = a.a_ticket(session), a.a_technician(session)

    with pytest.raises((IntegrityError, DataError)) as refusal:
        insert(session, ticket_id=ticket.id, technician_id=technician.id, starts_at=starts_at, ends_at=ends_at)

    assert isinstance(refusal.value.orig, errors.CheckViolation | errors.DataException)
    assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_a_naive_time_does_not_reach_the_database(session: Session) -> None:
    visit = a.a_visit(session)
    visit.ends_at = visit.ends_at.replace(tzinfo=None) + HOUR

    with pytest.raises(StatementError, match="naive"):
        session.flush()


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    database = Database(committing_database.url, pool_size=12)
    yield database
    database.dispose()


THREADS, SLOTS = 12, 5


def test_of_twelve_who_contest_a_slot_exactly_one_gets_it_and_the_others_are_told_whose_it_is(
    database: Database,
) -> None:
    with database.transaction() as session:
        technician_id = a.a_technician(session).id
        tickets = [[a.a_ticket(session).id for _ in range(THREADS)] for _ in range(SLOTS)]

    for slot, contested in enumerate(tickets):
        start = NOON + (slot + 1) * HOUR
        barrier = Barrier(THREADS)

        def book(ticket_id: int, *, start: datetime = start, barrier: Barrier = barrier) -> int | booking.SlotTaken:
            with database.transaction() as session:
                barrier.wait(timeout=30)
                try:
                    return visits.plan_visit(
                        session,
                        ticket_id=ticket_id,
                        technician_id=technician_id,
                        # Shifted a little each: no two are the same interval, all of them overlap.
                        starts_at=start + timedelta(seconds=ticket_id % THREADS),
                        ends_at=start + HOUR - timedelta(seconds=THREADS),
                        window=visits.Window(start, start + HOUR),
                        travel_seconds=0,
                        by_hand=True,
                        by=a.BY_SYSTEM,
                        now=NOON,
                    ).id
                except booking.SlotTaken as taken:
                    return taken

        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(book, contested))

        winners = [outcome for outcome in outcomes if isinstance(outcome, int)]
        losers = [outcome for outcome in outcomes if isinstance(outcome, booking.SlotTaken)]
        assert len(winners) == 1
        assert [loser.details["visit_id"] for loser in losers] == winners * (THREADS - 1)
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == SLOTS


def test_of_two_reports_about_one_place_at_the_same_moment_one_is_the_ticket_and_one_its_fact(
    database: Database,
) -> None:
    with database.transaction() as session:
        report = a.a_report(session)
    barrier = Barrier(2)

    def take_in(_: int) -> tuple[int, bool]:
        with database.transaction() as session:
            barrier.wait(timeout=30)
            made = intake.register(session, report, by=a.BY_SYSTEM, now=NOON)
            return made.ticket.id, made.added

    with ThreadPoolExecutor(2) as pool:
        (first, first_added), (second, second_added) = pool.map(take_in, range(2))

    assert first == second
    assert {first_added, second_added} == {False, True}


def test_the_same_external_report_at_the_same_moment_makes_one_ticket(database: Database) -> None:
    with database.transaction() as session:
        region = a.a_region(session)
        report = a.a_report(
            session,
            customer=NewCustomer(name="City", source="city", external_id="C"),
            site=NewSite(address="1 Main", region_id=region.id, time_zone=a.ZONE, source="city", external_id="P1"),
            equipment=None,
            source="city",
            external_id="77",
        )
    barrier = Barrier(6)

    def take_in(_: int) -> tuple[int, bool]:
        with database.transaction() as session:
            barrier.wait(timeout=30)
            made = intake.register(session, report, by=a.BY_SYSTEM, now=NOON)
            return made.ticket.id, made.again

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(take_in, range(6)))

    assert len({ticket for ticket, _ in outcomes}) == 1
    assert sorted(again for _, again in outcomes) == [False] + 5 * [True]
