"""No technician is in two places: the database refuses it, whoever writes (faults 24-26)."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import func, select, text
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from server.core.db import Database
from server.customers.files import NewCustomer, NewSite
from server.orders import intake, visits
from server.orders.slots import SlotTaken
from server.orders.visit_models import Visit
from tests import builders as a
from tests.builders import NOON
from tests.databases import MadeDatabase

HOUR = timedelta(hours=1)

INSERT = text(
    "insert into visit (ticket_id, ordinal, technician_id, status, starts_at, ends_at, window_from, window_to,"
    " travel_seconds, busy_from, by_hand, created_at, version, result, finished_at)"
    " values (:ticket_id, :ordinal, :technician_id, :status, :starts_at, :ends_at, :window_from, :window_to,"
    " :travel_seconds, :busy_from, false, :now, 1, :result, :finished_at) returning id"
)
MOVE = text(
    "update visit set technician_id = :technician_id, busy_from = :busy_from, starts_at = :starts_at,"
    " ends_at = :ends_at where id = :id"
)
MOVE_WITHOUT_THE_DRIVE = text(
    "update visit set technician_id = :technician_id, starts_at = :starts_at, ends_at = :ends_at where id = :id"
)


def insert(session: Session, *, status: str = "done", **values: object) -> int:
    """Write a visit by raw SQL, past every rule of the product; undone where the database refuses it."""
    held = status != "withdrawn"
    known: dict[str, object] = {
        "ordinal": a.some_number(),
        "status": status,
        "window_from": NOON,
        "window_to": NOON + HOUR,
        "travel_seconds": 0,
        "busy_from": None,
        "now": NOON,
        "result": "no_fault" if held else None,
        "finished_at": NOON if held else None,
    }
    with session.begin_nested():
        made: int = session.execute(INSERT, known | values).scalar_one()
    return made


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody who writes past the product says of a visit, and what it takes of a technician's time.

    :param named: whether he says when the drive begins; else it begins as long before the start as it takes.
    """

    technician: int
    start: datetime
    end: datetime
    drive: timedelta
    cut: timedelta
    named: bool
    held: bool

    @property
    def busy_from(self) -> datetime:
        """Return when the drive begins."""
        return self.start - self.drive + (self.cut if self.named else timedelta(0))

    def overlaps(self, other: "Taken") -> bool:
        """Return whether the two would have one technician in two places."""
        alike = self.held and other.held and self.technician == other.technician
        return alike and self.busy_from < other.end and other.busy_from < self.end

    def values(self) -> dict[str, object]:
        """Return it as raw SQL says it."""
        return {
            "technician_id": self.technician,
            "starts_at": self.start,
            "ends_at": self.end,
            "busy_from": self.busy_from if self.named else None,
        }


def some_time(chance: random.Random, technicians: list[int]) -> Taken:
    """Return a random visit: some with a whole drive, some with one that was cut short, some with none."""
    start = NOON + timedelta(minutes=chance.randrange(6_000))
    drive = timedelta(minutes=chance.choice((0, 5, 10, 20, 30)))
    return Taken(
        technician=chance.choice(technicians),
        start=start,
        end=start + timedelta(minutes=chance.randint(1, 30)),
        drive=drive,
        cut=drive * chance.choice((0, 0.5, 1)),
        named=chance.random() < 0.7,
        held=chance.random() < 0.75,
    )


def write(session: Session, ticket_id: int, wanted: Taken) -> int | None:
    """Insert a visit and return its id, None if the database refuses the overlap; any other failure is raised."""
    status = "not_finished" if wanted.held else "withdrawn"
    drive = round(wanted.drive.total_seconds())
    try:
        return insert(session, ticket_id=ticket_id, status=status, travel_seconds=drive, **wanted.values())
    except IntegrityError as error:
        if not isinstance(error.orig, errors.ExclusionViolation):
            raise
        return None


def change(session: Session, visit_id: int, wanted: Taken) -> bool:
    """Move a visit and return whether the database allows it; any other failure than an overlap is raised."""
    try:
        with session.begin_nested():
            session.execute(MOVE if wanted.named else MOVE_WITHOUT_THE_DRIVE, wanted.values() | {"id": visit_id})
    except IntegrityError as error:
        if not isinstance(error.orig, errors.ExclusionViolation):
            raise
        return False
    return True


@pytest.mark.parametrize("seed", [25, 26, 27])
def test_raw_sql_agrees_with_brute_force_on_a_thousand_random_intervals_with_drives_and_updates(
    session: Session, seed: int
) -> None:
    chance = random.Random(seed)
    ticket = a.a_ticket(session)
    technicians = [a.a_technician(session).id for _ in range(3)]
    known: dict[int, Taken] = {}
    wrong: list[tuple[int | None, Taken]] = []
    refused = {"insert": 0, "update": 0}
    for _ in range(1_000):
        wanted = some_time(chance, technicians)
        moved = chance.choice(list(known)) if known and chance.random() < 0.4 else None
        if moved is not None:
            # What he does not say stays as it is. Far from where it was, the drive cannot be the one of before.
            was = known[moved]
            wanted = replace(wanted, held=was.held, drive=was.drive, cut=min(wanted.cut, was.drive))
            if not wanted.named and wanted.start - was.drive <= was.busy_from <= wanted.start:
                wanted = replace(wanted, named=True, cut=was.busy_from - wanted.start + was.drive)
        free = not any(wanted.overlaps(other) for key, other in known.items() if key != moved)
        written = write(session, ticket.id, wanted) if moved is None else change(session, moved, wanted) and moved
        refused["insert" if moved is None else "update"] += not written
        if bool(written) is not free:
            wrong.append((moved, wanted))
        if written:
            known[written] = wanted

    stored = {row.id: row.busy_from for row in session.execute(select(Visit.id, Visit.busy_from))}
    assert wrong == [], f"seed {seed}"
    assert stored == {key: visit.busy_from for key, visit in known.items()}, f"seed {seed}"
    assert all(50 < count < 500 for count in refused.values()), refused


def test_who_writes_past_the_product_and_says_nothing_of_the_drive_takes_the_whole_drive(session: Session) -> None:
    first = a.a_visit(session)  # from 14:00 to 15:00
    ticket = a.a_ticket(session)
    after: dict[str, Any] = {
        "ticket_id": ticket.id,
        "technician_id": first.technician_id,
        "ends_at": first.ends_at + 3 * HOUR,
        "travel_seconds": 1_200,
    }

    with pytest.raises(IntegrityError) as refusal:
        insert(session, **after, starts_at=first.ends_at + timedelta(minutes=19))
    visit_id = insert(session, **after, starts_at=first.ends_at + timedelta(minutes=20))

    assert isinstance(refusal.value.orig, errors.ExclusionViolation)
    assert session.get_one(Visit, visit_id).busy_from == first.ends_at


@pytest.mark.parametrize(
    ("to", "busy_from"),
    [(3, 2.75), (-1, -1.25), (0.1, 0), (-0.25, -0.5)],
    ids=["later", "earlier", "a little later: still on the drive", "a little earlier"],
)
def test_a_visit_that_is_moved_past_the_product_takes_its_drive_along(
    session: Session, to: float, busy_from: float
) -> None:
    visit = a.a_visit(session)  # a quarter of an hour's drive
    visit.busy_from = visit.starts_at
    session.flush()

    session.execute(
        text("update visit set starts_at = :starts_at, ends_at = :ends_at where id = :id"),
        {"id": visit.id, "starts_at": visit.starts_at + to * HOUR, "ends_at": visit.ends_at + to * HOUR},
    )

    moved = session.scalar(select(Visit.busy_from))
    assert moved == NOON + 2 * HOUR + busy_from * HOUR


@pytest.mark.parametrize("busy_from", ["2026-11-23 06:00:01+00", "-infinity", "infinity"])
def test_a_drive_that_ends_after_the_start_or_never_began_is_not_stored(session: Session, busy_from: str) -> None:
    ticket, technician = a.a_ticket(session), a.a_technician(session)
    times = {"starts_at": "2026-11-23 06:00+00", "ends_at": "2026-11-23 07:00+00", "busy_from": busy_from}

    with pytest.raises((IntegrityError, DataError)) as refusal:
        insert(session, ticket_id=ticket.id, technician_id=technician.id, **times)

    assert isinstance(refusal.value.orig, errors.CheckViolation | errors.DataException)
    assert session.scalar(select(func.count()).select_from(Visit)) == 0


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

        def book(ticket_id: int, *, start: datetime = start, barrier: Barrier = barrier) -> int | SlotTaken:
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
                except SlotTaken as taken:
                    return taken

        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(book, contested))

        winners = [outcome for outcome in outcomes if isinstance(outcome, int)]
        losers = [outcome for outcome in outcomes if isinstance(outcome, SlotTaken)]
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
