"""What happens when two workers do the same thing at the same moment, with real transactions."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation import questions, reading
from server.conversation.models import OpenQuestion, QuestionKind
from server.conversation.wording import WORDING_KEY, Wording
from server.core.db import Database
from server.core.errors import Conflict
from server.core.events import HANDLERS_KEY, DomainEvent
from server.orders import links
from server.orders.models import CustomerLink
from server.sms.models import OutboxMessage
from tests.databases import MadeDatabase
from tests.integration.conversation.world import HANDLERS, World, at

T = TypeVar("T")


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    info = {HANDLERS_KEY: HANDLERS, WORDING_KEY: Wording("Harbour Service", "https://service.example")}
    made = Database(committing_database.url, info=info)
    yield made
    made.dispose()


def at_once(database: Database, works: list[Callable[[Session], T]]) -> list[T | Conflict]:
    """Do all works at the same moment, each in a transaction of its own."""
    start = Barrier(len(works))

    def one(work: Callable[[Session], T]) -> T | Conflict:
        start.wait()
        try:
            return database.attempt(work)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_one_text_read_by_four_workers_does_its_work_once(database: Database) -> None:
    with database.transaction() as session:
        world = World(session)
        technician = world.technician()
        job = world.job(technician)
        inbound_id = world.take_in(technician.phone, f"{job.code} 1", now=at(8, 5)).id

    def read(session: Session) -> str:
        return reading.read(session, inbound_id=inbound_id, now=at(8, 5))

    outcomes = at_once(database, [read] * 4)

    assert sorted(map(str, outcomes)) == ["accept", *["handled before"] * 3]
    with database.transaction() as session:
        assert len(session.scalars(select(DomainEvent).where(DomainEvent.kind == "offer.accept")).all()) == 1
        sheets = select(OutboxMessage).where(OutboxMessage.template == "job.accepted")
        assert len(session.scalars(sheets).all()) == 1


def test_codes_given_at_the_same_moment_are_all_different(database: Database) -> None:
    with database.transaction() as session:
        ticket_id = World(session).ticket().id

    def ask(subject_id: int) -> Callable[[Session], str]:
        def opened(session: Session) -> str:
            return questions.open_question(
                session,
                phone="+16175550150",
                kind=QuestionKind.JOB,
                subject_id=subject_id,
                ticket_id=ticket_id,
                now=at(8),
            ).code

        return opened

    codes = at_once(database, [ask(subject) for subject in range(1, 9)])

    assert len(set(map(str, codes))) == 8
    with database.transaction() as session:
        assert len(session.scalars(select(OpenQuestion)).all()) == 8


def test_of_two_taps_on_a_link_one_acts(database: Database) -> None:
    with database.transaction() as session:
        world = World(session)
        customer = world.customer()
        world.accepted(world.technician(), customer=customer)
        token = world.tokens(world.phone_of(customer))[-1]
        bound = session.scalars(select(CustomerLink.bound)).one()

    def tap(answer: str) -> Callable[[Session], str]:
        return lambda session: str(links.redeem(session, token=token, answer=answer, present=bound, now=at(9)).answer)

    outcomes = at_once(database, [tap("confirm"), tap("move"), tap("confirm"), tap("move")])

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
