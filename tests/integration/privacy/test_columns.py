"""Every column that can hold words is either cleared by an erasure or declared to hold nothing about a person."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.integration.privacy.canaries import MARK, columns, sights
from tests.integration.privacy.story import Story

KEPT: dict[str, str] = {
    "alembic_version": "*",
    "api_token": "*",
    "card_part": "price_currency source",
    "console_session": "*",
    "labour_price": "*",
    "login_attempt": "*",
    "login_code": "*",
    "part": "*",
    "part_price": "*",
    "payment": "*",
    "plan": "failure findings progress status watched",
    "plan_omission": "reason",
    "plan_stop": "skipped why candidates",
    "policy": "*",
    "region": "*",
    "shift": "*",
    "skill": "*",
    "special_sale": "*",
    "staff": "*",
    "statement": "*",
    "station": "*",
    "technician": "*",
    "technician_token": "*",
    "absence": "*",
    "travel_pair": "source",
    "van": "*",
    "idempotency_key": "body_hash caller etag key location route",
    "message_notice": "*",
    "suppression": "source",
    "customer": "locale source",
    "site": "source time_zone zone",
    "equipment": "brand category model serial",
    "ticket": "channel charge_category external_id missing priority product_category profile read_on_site skill source"
    " status warranty work_type",
    "ticket_report": "channel external_id source",
    "correction": "actor_kind field via",
    "warranty_judgement": "*",
    "hindrance": "reason",
    "customer_link": "purpose token_hash",
    "visit": "result status",
    "check_in": "outcome",
    "extra_work": "price_currency",
    "completion_card": "fitted_serial removed_serial status",
    "card_charge": "kind price_currency",
    "customer_callback": "fail_reason outcome respondent status",
    "complaint": "kind",
    "offer": "decline_reason status",
    "escalation": "kind",
    "domain_event": "actor_kind after before kind subject via",
    "outbox_message": "failure locale once provider provider_id quiet_zone status template",
    "inbound_message": "outcome provider provider_id",
    "open_question": "code ended kind",
    "statement_line": "callback_status evidence kind net_currency price_currency proposed reasons verdict",
    "deduction": "amount_currency computation kind rule",
    "appeal": "raised_by_kind",
}
"""Columns that hold no words about a customer: codes, numbers of ours, machines' words, our own people. `*`: all."""


def _is_kept(table: str, column: str) -> bool:
    named = KEPT.get(table, "").split()
    return table.startswith("procrastinate") or named == ["*"] or column in named


def _fill(story: Story, connection: psycopg.Connection[Any], table: str, column: str) -> int:
    """Write a canary into a column of every row that is about the customer; return of how many."""
    about = _about(connection, table)
    if about is None:
        return 0
    kind = connection.execute(
        "select data_type from information_schema.columns where table_name = %s and column_name = %s", (table, column)
    ).fetchone()
    assert kind is not None
    value = f'{{"words": "{MARK} {table}.{column}"}}' if kind[0] == "jsonb" else f"{MARK} {table}.{column}"
    cast = sql.SQL("::jsonb" if kind[0] == "jsonb" else "")
    kept = sql.SQL("{} || ").format(sql.Identifier(column)) if kind[0] == "jsonb" else sql.SQL("")
    statement = sql.SQL("update {} set {} = {}%s{} where {}").format(
        sql.Identifier(table), sql.Identifier(column), kept, cast, sql.SQL(about)
    )
    parameters = [value, *[story.customer_id] * about.count("%s")]
    return connection.execute(statement, parameters).rowcount


_OF_TICKETS = "(select id from ticket where customer_id = %s)"
_DIRECT = ("customer_phone", "site", "equipment")
_THROUGH = {
    "customer": "id = %s",
    "ticket": "customer_id = %s",
    "check_in": f"visit_id in (select id from visit where ticket_id in {_OF_TICKETS})",
    "extra_work": f"visit_id in (select id from visit where ticket_id in {_OF_TICKETS})",
    "card_part": f"card_id in (select id from completion_card where ticket_id in {_OF_TICKETS})",
    "card_charge": f"card_id in (select id from completion_card where ticket_id in {_OF_TICKETS})",
    "callback_attempt": f"callback_id in (select id from customer_callback where ticket_id in {_OF_TICKETS})",
    "appeal": f"line_id in (select id from statement_line where ticket_id in {_OF_TICKETS})",
    "plan": f"id in (select plan_id from plan_omission where ticket_id in {_OF_TICKETS})",
    "domain_event": f"ticket_id in {_OF_TICKETS} and subject <> 'message'",
}


def _about(connection: psycopg.Connection[Any], table: str) -> str | None:
    if table in _THROUGH:
        return _THROUGH[table]
    if table in _DIRECT:
        return "customer_id = %s"
    has_ticket = connection.execute(
        "select 1 from information_schema.columns where table_name = %s and column_name = 'ticket_id'", (table,)
    ).fetchone()
    return f"ticket_id in {_OF_TICKETS}" if has_ticket else None


@pytest.fixture
def crowded(story: Story) -> Story:
    """The story, with a row of everything that it lacks."""
    story.hold_the_line()
    with psycopg.connect(story.made.owner_url.replace("+psycopg", "")) as connection:
        connection.execute(
            "insert into plan (region_id, first_day, last_day, earliest, status, seed, seconds, requested_at, progress,"
            " watched, findings, problem, version)"
            " select region_id, '2026-05-05', '2026-05-05', opened_at, 'published', 1, 1, opened_at, '{}', '{}', '{}',"
            " '{}', 1 from ticket where id = %s",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into plan_omission (plan_id, ticket_id, reason, details)"
            " select max(id), %s, 'no_time', '{}' from plan",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into escalation (kind, ticket_id, region_id, raised_at, details)"
            " select 'customer_moves', id, region_id, opened_at, '{}' from ticket where id = %s",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into complaint (ticket_id, kind, handler_id, raised_at, answer_due_at, decided_at)"
            " select t.id, 'rude', s.id, opened_at, opened_at, opened_at from ticket t, staff s where t.id = %s"
            " limit 1",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into deduction (line_id, ticket_id, kind, amount_amount, amount_currency, rule, evidence_id,"
            " computation, policy_id, waived_at, waived_by, waived_reason)"
            " select max(l.id), l.ticket_id, 'late_card', 1, 'CNY', 'R19', 999, '{}', max(p.id), '2026-06-01Z',"
            " max(s.id), '' from statement_line l, policy p, staff s where l.ticket_id = %s group by 2",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into card_part (card_id, name, quantity, source, price_amount, price_currency)"
            " select id, 'x', 1, 'self_bought', 0, 'CNY' from completion_card where ticket_id = %s",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into customer_link (token_hash, ticket_id, purpose, bound, created_at, expires_at)"
            " select 'x', id, 'rebook', '{}', opened_at, opened_at from ticket where id = %s",
            (story.ticket_id,),
        )
        connection.execute(
            "insert into privacy_number (phone, ticket_id, bound_at) values ('+86700123456789012', %s, '2026-05-05Z')",
            (story.ticket_id,),
        )
    return story


def test_every_column_with_words_is_cleared(crowded: Story) -> None:
    filled: dict[str, int] = {}
    with psycopg.connect(crowded.made.owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        for table, column in columns(connection):
            if not _is_kept(table, column) and (table, column) not in _FILLED_OTHERWISE:
                filled[f"{table}.{column}"] = _fill(crowded, connection, table, column)
    assert [name for name, rows in filled.items() if not rows] == []

    answer = crowded.erase()

    assert answer.status_code == 200, answer.text
    assert sights(crowded.made.owner_url, MARK) == []


_FILLED_OTHERWISE = frozenset(
    {
        # By his telephones his texts are found: the story has written them there.
        ("customer_phone", "number"),
        ("ticket", "contact_phone"),
        ("customer_callback", "phone"),
        ("inbound_message", "phone"),
        ("outbox_message", "phone"),
        ("suppression", "phone"),
        # Found by what a request was about.
        ("idempotency_key", "answer"),
    }
)
"""Columns that the story itself has filled; that they are cleared is seen in `test_erasure.py`."""
