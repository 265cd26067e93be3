"""Whoever loses or doubles one row behind the product's back is found out, by the invariant that watches over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from server.rehearsal import invariants, logs
from server.rehearsal.balance import LOGS
from server.rehearsal.rehearsing import Order
from server.rehearsal.witness import Witness
from tests.rehearsals import DAY, Played, played

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Damage:
    """Something done by raw SQL, and who notices."""

    what: str
    noticed_by: str
    statements: tuple[str, ...]


def lose(what: str, noticed_by: str, *statements: str) -> Damage:
    return Damage(what, noticed_by, statements)


def double(what: str, noticed_by: str, table: str, *, where: str = "true", first: str = "") -> Damage:
    """Copy one row under a new id; what would refuse it is taken off first, as somebody who cheats would."""
    copy = f"""
        do $$ declare names text; begin
          select string_agg(quote_ident(column_name), ', ') into names from information_schema.columns
           where table_schema = 'public' and table_name = '{table}'
             and column_name <> 'id' and is_generated = 'NEVER';
          execute 'insert into {table} (' || names || ') select ' || names
            || $q$ from {table} where id = (select min(id) from {table} where {where})$q$;
        end $$"""
    return Damage(what, noticed_by, (*((first,) if first else ()), copy))


def without_guard(*tables: str) -> str:
    """Return a statement that takes every unique index and constraint off tables, but for their primary keys."""
    names = ", ".join(f"'{table}'" for table in tables)
    return f"""
        do $$ declare it record; begin
          for it in select conrelid::regclass as t, conname as n from pg_constraint
                     where contype in ('u', 'x') and conrelid::regclass::text in ({names}) loop
            execute format('alter table %s drop constraint %I cascade', it.t, it.n);
          end loop;
          for it in select indexrelid::regclass as n from pg_index i
                     where i.indisunique and not i.indisprimary and i.indrelid::regclass::text in ({names}) loop
            execute format('drop index %s', it.n);
          end loop;
        end $$"""


DONE_VISIT = "(select min(id) from visit where status = 'done')"
PAID_LINE = "(select min(id) from statement_line where verdict = 'pay' and kind = 'labour')"

DAMAGES = (
    lose(
        "a report is lost",
        "every_report_is_one_ticket_or_one_added_fact",
        "delete from ticket_report where id = (select min(id) from ticket_report)",
    ),
    double(
        "a report is kept twice",
        "every_report_is_one_ticket_or_one_added_fact",
        "ticket_report",
        first=without_guard("ticket_report"),
    ),
    lose(
        "a ticket loses its report",
        "every_ticket_has_its_report",
        "delete from ticket_report where id = (select max(id) from ticket_report)",
    ),
    lose(
        "a ticket is put back by hand",
        "every_ticket_is_somewhere_and_explained",
        "update ticket set status = 'planned' where id = (select min(id) from ticket where status = 'closed')",
    ),
    lose(
        "a step of a history is lost",
        "every_history_is_without_gaps",
        "delete from domain_event where id = (select max(id) from domain_event where kind = 'visit.check_in')",
    ),
    double(
        "a step of a history is written twice",
        "every_history_is_without_gaps",
        "domain_event",
        where="kind = 'visit.finish'",
    ),
    lose(
        "the row behind a history is lost",
        "every_history_is_without_gaps",
        "delete from offer where id = (select max(id) from offer where status = 'accepted')",
    ),
    lose(
        "a message is lost",
        "the_provider_has_every_message_once",
        "delete from outbox_message where id = (select max(id) from outbox_message where status = 'delivered')",
    ),
    double(
        "a message is queued twice",
        "every_message_has_one_fate",
        "outbox_message",
        where="status = 'delivered'",
        first=without_guard("outbox_message"),
    ),
    double(
        "a message is at the provider twice",
        "the_provider_has_every_message_once",
        "outbox_message",
        where="status = 'delivered'",
        first=without_guard("outbox_message"),
    ),
    lose(
        "a message is still on its way",
        "every_message_has_one_fate",
        "update outbox_message set status = 'sent', ended_at = null"
        " where id = (select max(id) from outbox_message where status = 'delivered')",
    ),
    lose(
        "a text is lost",
        "every_text_is_kept_and_handled_once",
        "delete from inbound_message where id = (select max(id) from inbound_message)",
    ),
    double(
        "a text is kept twice",
        "every_text_is_kept_and_handled_once",
        "inbound_message",
        first=without_guard("inbound_message"),
    ),
    lose(
        "a text is not read",
        "no_text_is_left_unread",
        "update inbound_message set handled_at = null where id = (select max(id) from inbound_message)",
    ),
    lose(
        "an accepted offer is lost",
        "a_taken_visit_has_one_accepted_offer",
        f"delete from offer where visit_id = {DONE_VISIT} and status = 'accepted'",
    ),
    double(
        "a visit is accepted twice",
        "a_taken_visit_has_one_accepted_offer",
        "offer",
        where="status = 'accepted'",
        first=without_guard("offer"),
    ),
    lose(
        "an offer never ends",
        "no_offer_is_open_beyond_its_time",
        f"update offer set status = 'open', answered_at = null where visit_id = {DONE_VISIT} and status = 'accepted'",
    ),
    double(
        "a technician is in two places",
        "no_technician_is_in_two_places",
        "visit",
        where="status = 'done'",
        first=without_guard("visit"),
    ),
    lose(
        "a completion card is lost",
        "every_finished_visit_has_one_card",
        f"delete from completion_card where visit_id = {DONE_VISIT}",
    ),
    double(
        "a completion card is handed in twice",
        "every_finished_visit_has_one_card",
        "completion_card",
        first=without_guard("completion_card"),
    ),
    lose(
        "a customer callback is lost",
        "every_ended_visit_has_one_customer_callback",
        f"delete from customer_callback where visit_id = {DONE_VISIT}",
    ),
    double(
        "a visit is verified twice",
        "every_ended_visit_has_one_customer_callback",
        "customer_callback",
        where="visit_id is not null",
        first=without_guard("customer_callback"),
    ),
    lose(
        "a line is lost",
        "every_ended_visit_is_on_one_line_of_its_month",
        f"delete from statement_line where id = {PAID_LINE}",
    ),
    double(
        "a visit stands on two lines",
        "every_ended_visit_is_on_one_line_of_its_month",
        "statement_line",
        where="kind = 'labour'",
        first=without_guard("statement_line"),
    ),
    lose(
        "a line is refused without a reason",
        "every_unpaid_line_says_why",
        "alter table statement_line drop constraint ck_statement_line_no_verdict_without_reason",
        f"update statement_line set verdict = 'refuse', net_amount = 0, reasons = '{{}}' where id = {PAID_LINE}",
    ),
    lose(
        "a line is paid on a failed callback",
        "nothing_is_paid_unverified",
        "update customer_callback set status = 'waiting'"
        f" where visit_id = (select visit_id from statement_line where id = {PAID_LINE})",
    ),
    double(
        "labour is paid twice",
        "labour_is_paid_once_for_a_ticket",
        "statement_line",
        where="kind = 'labour' and verdict = 'pay'",
        first=without_guard("statement_line"),
    ),
    lose(
        "a deduction is added afterwards",
        "every_line_is_its_price_less_its_deductions",
        f"update statement_line set net_amount = net_amount - 1 where id = {PAID_LINE}",
    ),
    lose(
        "a payment is lost",
        "every_payment_is_the_sum_of_its_lines",
        "delete from payment where id = (select max(id) from payment)",
    ),
    double(
        "a statement is paid twice",
        "every_payment_is_the_sum_of_its_lines",
        "payment",
        first=without_guard("payment"),
    ),
    lose(
        "a job is left over",
        "no_job_failed_or_is_left",
        "insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, status)"
        " values ('default', 'sms.send', 0, null, null, '{}', 'failed')",
    ),
)


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Played]:
    with played(Order(tickets=None, day=DAY, count=12, seed=1)) as it:
        yield it


@contextmanager
def damaged(rehearsal: Played, *statements: str) -> Iterator[Connection]:
    """Do damage in a transaction that nobody else sees and that is rolled back."""
    engine = create_engine(rehearsal.superuser_url, poolclass=NullPool)
    with engine.connect() as connection:
        # Whoever can do this much is not stopped by foreign keys either.
        connection.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        Witness(rehearsal.folder).load(connection)
        yield connection
        connection.rollback()
    engine.dispose()


def found(connection: Connection) -> dict[str, int]:
    return {each.name: each.count for each in invariants.check(connection, witnessed=True) if each.count}


def test_nothing_violates_anything_in_a_rehearsal_that_nobody_has_touched(rehearsal):
    with damaged(rehearsal) as connection:
        assert found(connection) == {}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.what)
def test_a_lost_or_doubled_row_is_noticed(rehearsal, damage):
    with damaged(rehearsal, *damage.statements) as connection:
        assert damage.noticed_by in found(connection)


def test_every_invariant_has_damage_that_it_notices():
    assert {each.name for each in invariants.all_invariants()} == {damage.noticed_by for damage in DAMAGES}


@pytest.mark.parametrize("leak", ["phone", "address", "token"])
def test_a_persons_data_in_a_log_is_noticed(rehearsal, leak, tmp_path):
    witness = Witness(rehearsal.folder)
    engine = create_engine(rehearsal.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        leaks = {
            "phone": connection.execute(text("select contact_phone from ticket limit 1")).scalar_one(),
            "address": connection.execute(text("select address from site limit 1")).scalar_one(),
            "token": witness.secrets()[0],
        }
        log = tmp_path / "web.log"
        log.write_text(f"all is well\nsaw {leaks[leak]}\n", encoding="utf-8")

        seen = logs.look([log], connection=connection, secrets=witness.secrets(), texts=witness.texts())
    engine.dispose()

    assert seen.name == LOGS
    assert seen.named == ("web.log, line 2",)
