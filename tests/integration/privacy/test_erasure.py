"""A customer is erased: no trace of the person is left, and every number, amount and reference is as it was."""

import tarfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.customers.models import Customer, Site
from server.local.backup import backup
from server.orders.models import Ticket
from server.organisation.models import Role
from server.settlement.content import digest_of
from server.settlement.models import Statement, StatementLine
from server.technicians.models import Technician
from server.web.models import IdempotencyKey
from tests.api import bodies
from tests.databases import MadeDatabase
from tests.integration.privacy.canaries import PHONES, broken_references, canary, needles, sights
from tests.integration.privacy.story import DAY, Story

_NUMBERS = """
    select 'visits', count(*)::text,
           string_agg(status || coalesce(result, '') || starts_at || finished_at, ',' order by id) from visit
    union all
    select 'tickets', count(*)::text, string_agg(status || opened_at || coalesce(closed_at::text, ''), ',' order by id)
      from ticket
    union all
    select 'lines', sum(net_amount)::text, string_agg(verdict || price_amount || reasons::text, ',' order by id)
      from statement_line
    union all
    select 'history', count(*)::text, string_agg(kind || at || coalesce(actor_id::text, ''), ',' order by id)
      from domain_event where kind <> 'customer.erase' and subject <> 'message'
    union all
    select 'calls', count(*)::text, string_agg((answers - 'words')::text || contradictions, ',' order by id)
      from callback_attempt
    union all
    select 'check-ins', count(*)::text, string_agg(outcome || coalesce(distance_metres::text, ''), ',' order by id)
      from check_in
"""


def _numbers(made: MadeDatabase) -> list[tuple[Any, ...]]:
    with psycopg.connect(made.url.replace("+psycopg", "")) as connection:
        return connection.execute(_NUMBERS).fetchall()


def _erase_behind_our_back(session: Session, customer_id: int) -> None:
    session.execute(text("update customer set erased_at = created_at where id = :id"), {"id": customer_id})
    session.execute(text("select erase_history(:id, '{}')"), {"id": customer_id})


def test_nothing_of_the_person_is_left_in_any_column_of_any_table(story: Story) -> None:
    story.hold_the_line()
    assert len(sights(story.made.owner_url)) > 30, "the story leaves traces all over the database"

    answer = story.erase()

    assert answer.status_code == 200, answer.text
    assert sights(story.made.owner_url) == []
    assert sights(story.made.owner_url, "31.2345", "121.4567") == []
    with story.database.transaction() as session:
        assert (
            session.execute(text("select count(*) from check_in where lat between 31.2345 and 31.2346")).scalar() == 0
        )
        assert session.scalars(select(Site.lat).where(Site.customer_id == story.customer_id)).all() == [None]


def test_work_money_and_references_are_as_they_were(story: Story) -> None:
    story.hold_the_line()
    before, paper = _numbers(story.made), story.export()
    with story.database.transaction() as session:
        digests = {row.id: digest_of(session, row) for row in session.scalars(select(Statement))}

    story.erase()

    assert _numbers(story.made) == before
    assert story.export() == paper.replace(canary("remark-of-audit"), "")
    assert broken_references(story.made.owner_url) == []
    with story.database.transaction() as session:
        assert {row.id: digest_of(session, row) for row in session.scalars(select(Statement))} == digests
        line = session.scalars(select(StatementLine).where(StatementLine.visit_id == story.visit_id)).one()
        assert (line.verdict, line.ticket_id) == ("hold", story.ticket_id)


def test_a_pseudonym_stands_where_the_person_stood(story: Story) -> None:
    answer = story.erase().json

    name = f"E-{story.customer_id:06d}"
    assert (answer["customer"]["name"], answer["phones"]) == (name, [])
    assert answer["customer"]["erased_at"] == story.clock.at.isoformat().replace("+00:00", "Z")
    ticket = story.desk.get(f"/api/v1/tickets/{story.ticket_id}").json
    assert (ticket["number"], ticket["customer"]["id"]) == (f"T-2026-{story.ticket_id:06d}", story.customer_id)
    with story.database.transaction() as session:
        event = session.scalars(select(DomainEvent).where(DomainEvent.kind == "customer.erase")).one()
        assert (event.subject_id, event.actor_id) == (
            story.customer_id,
            story.company.staff[Role.ADMINISTRATOR].id,
        )
        assert event.reason == "He asked for it in writing, letter 7/2026"
        assert event.details == {"tickets": 1}


def test_what_the_product_itself_wrote_into_history_stays(story: Story) -> None:
    story.erase()

    with story.database.transaction() as session:
        events = session.scalars(select(DomainEvent).where(DomainEvent.ticket_id == story.ticket_id)).all()
        by_kind = {event.kind: event for event in events}
        assert by_kind["ticket.correct"].details["facts"] == [
            "customer_name",
            "contact_name",
            "contact_phone",
            "description",
            "wish",
            "access",
        ]
        assert by_kind["ticket.correct"].reason == ""
        assert by_kind["visit.check_in"].details["outcome"] == "inside"
        assert by_kind["visit.finish"].details["result"] == "done_without_part"
        assert by_kind["ticket.hindrance"].details["reason"] == "other"


def test_other_customers_and_our_own_people_are_not_touched(story: Story) -> None:
    with story.database.transaction() as session:
        others = select(Customer.id, Customer.name).where(Customer.id != story.customer_id).order_by(Customer.id)
        before = session.execute(others).all()
        words = session.execute(
            select(Ticket.description, Ticket.contact_phone).where(Ticket.customer_id != story.customer_id)
        ).all()

    story.erase()

    with story.database.transaction() as session:
        assert session.execute(others).all() == before
        assert (
            session.execute(
                select(Ticket.description, Ticket.contact_phone).where(Ticket.customer_id != story.customer_id)
            ).all()
            == words
        )
        phone = story.company.technicians[0].phone
        assert session.scalars(select(Technician.phone).where(Technician.phone == phone)).one()
        sent = text("select count(*) from outbox_message where ticket_id = :ticket and phone = :phone")
        assert session.execute(sent, {"ticket": story.ticket_id, "phone": phone}).scalar_one() > 0


def test_a_backup_made_afterwards_holds_nothing_of_the_person(story: Story, tmp_path: Path) -> None:
    def found(file: Path) -> list[str]:
        with tarfile.open(file) as archive:
            members = [(member.name, archive.extractfile(member)) for member in archive]
            contents = [(name, opened.read()) for name, opened in members if opened is not None]
        return [name for name, content in contents for needle in needles() if needle.encode() in content]

    backup(story.made.owner_url.replace("+psycopg", ""), tmp_path / "before.tar.gz")
    assert len(found(tmp_path / "before.tar.gz")) > 10

    story.erase()
    backup(story.made.owner_url.replace("+psycopg", ""), tmp_path / "after.tar.gz")

    assert found(tmp_path / "after.tar.gz") == []


def test_a_customer_who_is_still_served_is_not_erased(story: Story) -> None:
    again = story.report(external_id="P-9", customer={"id": story.customer_id}, description=canary("again"))
    again["site"] = again["equipment"] = None
    again["region_id"] = story.company.regions[0].id
    story.say(story.desk, "/api/v1/tickets", again)

    answer = story.erase()

    assert (answer.status_code, answer.json["code"]) == (409, "customer.still_served")
    assert answer.json["details"]["tickets"] == [f"T-2026-{story.ticket_id + 1:06d}"]
    assert answer.json["title"] == "The customer is still being served"
    assert sights(story.made.owner_url) != []


def test_an_erased_customer_is_not_erased_again_and_takes_no_new_report(story: Story) -> None:
    story.erase()

    assert story.erase().json["code"] == "customer.erased"
    report = story.report(external_id="P-9", customer={"id": story.customer_id})
    report["site"] = report["equipment"] = None
    report["region_id"] = story.company.regions[0].id
    answer = story.desk.post("/api/v1/tickets", report)
    assert (answer.status_code, answer.json["code"]) == (409, "customer.erased")


def test_the_same_person_who_reports_again_gets_a_file_of_his_own(story: Story) -> None:
    story.erase()
    report = story.report(external_id="P-9")
    report["equipment"] = None

    ticket = story.say(story.desk, "/api/v1/tickets", report)["ticket"]

    assert ticket["customer"]["id"] != story.customer_id


def test_a_request_that_is_repeated_after_the_erasure_still_changes_nothing(story: Story) -> None:
    report = story.report(external_id="P-4", description=canary("third-report"))
    with story.database.transaction() as session:
        tickets = session.execute(text("select count(*) from ticket")).scalar_one()
        route = select(IdempotencyKey).where(IdempotencyKey.route == "POST /api/v1/tickets").order_by(IdempotencyKey.id)
        first = session.scalars(route).first()
        assert first is not None
        key = first.key

    story.erase()
    body = story.report()
    answer = story.desk.post("/api/v1/tickets", body, key=key)

    assert (answer.status_code, answer.headers["Idempotent-Replay"], answer.data) == (201, "true", b"")
    assert report["external_id"] == "P-4"
    with story.database.transaction() as session:
        assert session.execute(text("select count(*) from ticket")).scalar_one() == tickets


def test_an_erasure_needs_a_reason(story: Story) -> None:
    answer = story.erase(reason="  ")

    assert answer.status_code == 422
    assert sights(story.made.owner_url) != []


@pytest.mark.parametrize(
    "statement",
    [
        "update domain_event set reason = ''",
        "update check_in set lat = null, lon = null",
        "update correction set reason = ''",
        "update ticket_report set text = ''",
        "update callback_attempt set answers = '{}'",
    ],
)
def test_the_application_clears_history_only_through_the_owners_function(story: Story, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), story.database.transaction() as session:
        session.execute(text(statement))


def test_the_owners_function_refuses_a_customer_who_is_not_erased(story: Story) -> None:
    with pytest.raises(DBAPIError, match="not erased"), story.database.transaction() as session:
        session.execute(text("select erase_history(:id, '{}')"), {"id": story.customer_id})

    assert sights(story.made.owner_url, PHONES[0][1:]) != []


def test_the_owners_function_refuses_while_a_ticket_is_open(story: Story) -> None:
    open_one = story.company.things["customer_id"].own

    with pytest.raises(DBAPIError, match="is open"), story.database.transaction() as session:
        _erase_behind_our_back(session, int(open_one))


def test_a_telephone_that_two_customers_share_stays_with_the_other(story: Story) -> None:
    report = bodies.report(story.company)
    report["customer"]["phones"] = [PHONES[0]]
    report["contact_phone"] = PHONES[0]
    story.say(story.desk, "/api/v1/tickets", report)
    story.wait(DAY)

    assert story.erase().status_code == 200

    kept = {(sight.table, sight.column) for sight in sights(story.made.owner_url)}
    assert {("customer_phone", "number"), ("ticket", "contact_phone")} <= kept
    with story.database.transaction() as session:
        assert session.scalars(select(Ticket.contact_phone).where(Ticket.id == story.ticket_id)).one() is None
