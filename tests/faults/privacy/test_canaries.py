"""Fault 72: canaries in every field of a customer's whole story are in no log, no refusal and no export."""

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from server.core.db import Database
from server.privacy import retention
from server.privacy.terms import RetentionTerms
from tests.databases import DatabaseServer
from tests.integration.privacy.canaries import MARK, PHONES, broken_references, canary, needles, sights
from tests.integration.privacy.story import Story

_LINKS = "select parameters ->> 'link' from outbox_message where status not in ('waiting', 'sending')"
_BROKEN = """
create function break() returns trigger language plpgsql as $$ begin
    raise exception 'broken' using errcode = 'XX000', detail = new.description, hint = new.contact_name;
end $$;
create trigger broken before insert on ticket for each row
    when (new.description like '%fourth%') execute function break()
"""
"""PostgreSQL's own errors quote rows in their detail: this one does on purpose."""


def _sings(text: str) -> list[str]:
    return [needle for needle in needles() if needle in text]


def _link_tokens(story: Story) -> list[str]:
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        return [str(row[0]) for row in connection.execute(_LINKS) if row[0]]


def test_no_canary_is_in_a_log(story: Story) -> None:
    story.hold_the_line()
    story.erase()

    logged = story.log.getvalue()

    assert len(logged.splitlines()) > 30, "everything that was asked for is logged"
    assert _sings(logged) == []


def test_no_canary_is_in_a_refusal_except_the_name_of_an_unknown_field(story: Story) -> None:
    assert len(story.answers) >= 4

    for answer in story.answers:
        told = json.loads(answer)
        fields = told["details"].pop("fields", [])
        for one in fields:
            one["field"] = ""
        assert _sings(json.dumps([told, fields])) == []


def test_a_row_that_the_database_refuses_is_neither_logged_nor_shown(
    story: Story, database_server: DatabaseServer
) -> None:
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        connection.execute(_BROKEN)
    report = story.report(external_id="P-8", description=canary("fourth"), contact_phone=PHONES[0])
    report["customer"] = {"name": canary("fourth-name"), "phones": [PHONES[1]]}
    report["site"]["external_id"] = canary("fourth-site")
    report["equipment"] = None
    story.app.config["PROPAGATE_EXCEPTIONS"] = False

    answer = story.desk.post("/api/v1/tickets", report)

    assert answer.status_code == 500, answer.text
    assert _sings(answer.text) == []
    assert "XX000" in story.log.getvalue(), "what went wrong is named"
    assert _sings(story.log.getvalue()) == []
    for log in _server_logs(database_server):
        assert _sings(log.read_text(encoding="utf-8", errors="replace")) == []


def _server_logs(server: DatabaseServer) -> list[Path]:
    """Return the log of the run's embedded PostgreSQL; none where the server is somebody else's."""
    socket = str(make_url(server.admin).query.get("host", ""))
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(socket).parent
    return sorted(folder.glob("truckroll-test-*.log")) if server.prefix == "test" else []


def test_no_canary_is_in_the_statement_that_a_payee_gets(story: Story) -> None:
    paper = story.export()

    assert f"T-2026-{story.ticket_id:06d}" in paper
    assert _sings(paper) == []


def test_no_list_shows_a_telephone_in_full(story: Story) -> None:
    for path in ("tickets", "customers", "callbacks", "readings", "visits", "offers", "escalations"):
        told = story.desk.get(f"/api/v1/{path}").text
        assert [phone for phone in PHONES if phone[1:] in told] == [], path


def test_links_and_codes_stand_nowhere_once_they_have_left(story: Story) -> None:
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        left = connection.execute(
            "select count(*) from outbox_message where parameters ? 'link' and ended_at is not null"
        )
        assert (left.fetchone() or (0,))[0], "the story has sent links"
    assert _link_tokens(story) == []


def test_everything_is_gone_on_schedule_and_nothing_refers_to_nothing(story: Story) -> None:
    terms = RetentionTerms()
    story.hold_the_line()

    def look(after: timedelta) -> set[str]:
        with story.database.transaction() as session:
            while retention.SWEEP.deal_with(session, story.clock.at + after):
                pass
        return {f"{sight.table}.{sight.column}" for sight in sights(story.made.owner_url, MARK)}

    assert "inbound_message.body" in look(timedelta(0))
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        raw = connection.execute("select count(*) from check_in where lat is not null").fetchone()
    left = look(terms.check_in_positions)
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        kept = connection.execute("select count(*) from check_in where lat is not null").fetchone()
    assert (raw, kept) == ((1,), (0,))
    assert "inbound_message.body" in left
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        answers = connection.execute("select count(*) from idempotency_key where not keep").fetchone()
    assert answers == (0,)
    late = look(terms.texts + terms.look_every)
    assert late.isdisjoint({"inbound_message.body", "outbox_message.parameters", "human_reading.remark"})
    assert broken_references(story.made.owner_url) == []


@pytest.mark.usefixtures("app_on_its_own")
def test_two_workers_forget_side_by_side_without_doing_anything_twice(story: Story, app_on_its_own: Flask) -> None:
    other = Database(story.made.url)
    now = story.clock.at + RetentionTerms().texts * 2
    with story.database.transaction() as first:
        assert retention.SWEEP.deal_with(first, now) > 0
        with other.transaction() as second:
            assert retention.SWEEP.deal_with(second, now) == 0
    other.dispose()
    assert app_on_its_own is story.app
