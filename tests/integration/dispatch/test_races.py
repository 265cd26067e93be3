"""Two who answer at the same moment: the first by the database's order wins, the other is told (fault 19)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.db import Database
from server.core.errors import Conflict
from server.core.events import HANDLERS_KEY, SYSTEM, DomainEvent
from server.dispatch import by_hand, offers
from server.dispatch.models import Offer
from server.dispatch.status import DeclineReason, OfferStatus
from server.orders import booking
from server.orders.slots import SlotTaken
from server.orders.status import LIVE_VISIT
from server.orders.visit_models import Visit
from tests.databases import MadeDatabase
from tests.integration.dispatch.world import HANDLERS, World, at, east

PAIRS = 60
SEED = 20260310

Deed = Callable[[Session, int], object]


def accept(session: Session, offer_id: int) -> object:
    return offers.accept(session, offer_id=offer_id, technician_id=None, by=SYSTEM, now=at(8, 20))


def decline(session: Session, offer_id: int) -> object:
    return offers.decline(
        session,
        offer_id=offer_id,
        technician_id=None,
        reason=DeclineReason.NO_TIME,
        remark=None,
        by=SYSTEM,
        now=at(8, 20),
    )


def withdraw(session: Session, offer_id: int) -> object:
    visit_id = session.scalar(select(Offer.visit_id).where(Offer.id == offer_id))
    assert visit_id is not None
    return booking.withdraw(session, visit_id=visit_id, reason="moved", by=SYSTEM, now=at(8, 20))


def expire(session: Session, offer_id: int) -> object:
    return offers.SWEEP.deal_with(session, at(8, 10))


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    database = Database(committing_database.url, info={HANDLERS_KEY: HANDLERS})
    yield database
    database.dispose()


def test_of_two_crossing_answers_exactly_one_counts(database: Database) -> None:
    random = Random(SEED)
    with database.transaction() as session:
        world = World(session)
        hours = [at(9), at(11), at(13), at(15)]
        offered = []
        for _ in range(PAIRS // len(hours)):
            technician = world.technician(home=east(random.random()))
            for start in hours:
                made = by_hand.assign(
                    session,
                    ticket_id=world.ticket().id,
                    technician_id=technician.id,
                    starts_at=start,
                    by=SYSTEM,
                    now=at(8),
                )
                offered.append(made.offer.id)
    deeds: list[Deed] = [accept, decline, withdraw]

    with ThreadPoolExecutor(2) as pool:
        for offer_id in offered:
            pair = random.choices(deeds, k=2)
            barrier = threading.Barrier(2)
            outcomes = list(pool.map(lambda deed, o=offer_id, b=barrier: _try(database, deed, o, b), pair))
            counted = [deed for deed, counts in zip(pair, outcomes, strict=True) if counts]
            # The desk may withdraw what was just answered; two answers, or two withdrawals, never both count.
            assert counted.count(accept) + counted.count(decline) <= 1, (SEED, pair, outcomes)
            assert counted.count(withdraw) <= 1, (SEED, pair, outcomes)
            assert counted, (SEED, pair)

    _nothing_is_double(database, offered)


def test_an_answer_and_the_clock_cross(database: Database) -> None:
    with database.transaction() as session:
        world = World(session)
        technicians = [world.technician() for _ in range(12)]
        offered = [
            by_hand.assign(
                session, ticket_id=world.ticket().id, technician_id=t.id, starts_at=at(10), by=SYSTEM, now=at(7, 30)
            ).offer.id
            for t in technicians
        ]

    def answer(session: Session, offer_id: int) -> object:
        return offers.accept(session, offer_id=offer_id, technician_id=None, by=SYSTEM, now=at(7, 59))

    with ThreadPoolExecutor(2) as pool:
        for offer_id in offered:
            barrier = threading.Barrier(2)
            list(pool.map(lambda deed, o=offer_id, b=barrier: _try(database, deed, o, b), [answer, expire]))

    _nothing_is_double(database, offered)


def test_twelve_who_book_one_slot_get_one_visit(database: Database) -> None:
    with database.transaction() as session:
        world = World(session)
        technician = world.technician().id
        tickets = [world.ticket().id for _ in range(12)]
    barrier = threading.Barrier(12)

    def book(ticket_id: int) -> str:
        barrier.wait()
        try:
            with database.transaction() as session:
                by_hand.assign(
                    session,
                    ticket_id=ticket_id,
                    technician_id=technician,
                    starts_at=at(10),
                    by=SYSTEM,
                    now=at(8),
                    reason="at once",
                )
        except SlotTaken as taken:
            return "taken" if taken.details.get("visit_id") else "taken by nobody"
        return "booked"

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(book, tickets))

    assert sorted(outcomes) == ["booked", *["taken"] * 11]


def _try(database: Database, deed: Deed, offer_id: int, barrier: threading.Barrier) -> bool:
    barrier.wait()
    try:
        database.attempt(lambda session: deed(session, offer_id))
    except Conflict:
        return False
    return True


def _nothing_is_double(database: Database, offered: list[int]) -> None:
    """Every first offer has one end, one history row says so, and no visit has two offers that hold."""
    with database.transaction() as session:
        ended = session.execute(
            select(DomainEvent.subject_id, func.count())
            .where(
                DomainEvent.subject == "offer",
                DomainEvent.subject_id.in_(offered),
                DomainEvent.kind.in_(["offer.accept", "offer.decline", "offer.expire"]),
            )
            .group_by(DomainEvent.subject_id)
        ).all()
        holding = session.execute(
            select(Offer.visit_id, func.count())
            .where(Offer.status.in_([OfferStatus.OPEN, OfferStatus.ACCEPTED]))
            .group_by(Offer.visit_id)
        ).all()
        live = set(session.scalars(select(Visit.id).where(Visit.status.in_(LIVE_VISIT))))
        still_open = session.scalars(
            select(Offer.id).where(Offer.id.in_(offered), Offer.status == OfferStatus.OPEN)
        ).all()
    assert all(times == 1 for _, times in ended)
    assert all(times == 1 for _, times in holding)
    assert {visit for visit, _ in holding} == live
    assert still_open == []
