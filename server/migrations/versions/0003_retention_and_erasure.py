"""retention and erasure

Columns and indexes that retention works with, and the four functions by which the application clears
what is personal in tables that it may only add to (ADR 7). They can take away and nothing else.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BARE = """
create function bare_json(given jsonb, codes text[]) returns jsonb
language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
begin
    case jsonb_typeof(given)
        when 'object' then
            return coalesce(
                (select jsonb_object_agg(e.key, public.bare_json(e.value, codes)) from jsonb_each(given) e), '{}');
        when 'array' then
            return coalesce(
                (select jsonb_agg(public.bare_json(e.value, codes) order by e.place)
                   from jsonb_array_elements(given) with ordinality e (value, place)), '[]');
        when 'string' then
            if given #>> '{}' = any(codes)
               or given #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?)?$' then
                return given;
            end if;
            return '""';
        else
            return given;
    end case;
end $$
"""
"""Every string that is neither a known code nor an instant becomes empty; numbers, truths and the shape stay."""

_POSITIONS = """
create function forget_positions(before timestamptz, most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    cleared integer;
begin
    update public.check_in set lat = null, lon = null
     where id in (select id from public.check_in
                   where lat is not null and at <= before order by at limit most for update skip locked);
    get diagnostics cleared = row_count;
    return cleared;
end $$
"""

_NUMBER = """
create function forget_privacy_number(which_ticket bigint, number text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if number !~ '^[+]86700[0-9]{12}$' then
        raise exception 'not a privacy number' using errcode = 'check_violation';
    end if;
    update public.correction
       set before = public.bare_json(before, '{}'), after = public.bare_json(after, '{}')
     where ticket_id = which_ticket and field = 'contact_phone'
       and (position(number in before::text) > 0 or position(number in after::text) > 0);
end $$
"""

_HISTORY = """
create function erase_history(which_customer bigint, codes text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    tickets bigint[];
    lines bigint[];
begin
    if not exists (select from public.customer where id = which_customer and erased_at is not null) then
        raise exception 'the customer is not erased' using errcode = 'check_violation';
    end if;
    select coalesce(array_agg(id), '{}') into tickets from public.ticket where customer_id = which_customer;
    if exists (select from public.ticket where id = any(tickets) and closed_at is null) then
        raise exception 'a ticket of the customer is open' using errcode = 'check_violation';
    end if;
    select coalesce(array_agg(id), '{}') into lines from public.statement_line where ticket_id = any(tickets);

    update public.ticket_report set text = '' where ticket_id = any(tickets) and text <> '';
    update public.correction
       set before = public.bare_json(before, codes), after = public.bare_json(after, codes),
           reason = case when reason = any(codes) then reason else '' end
     where ticket_id = any(tickets);
    update public.check_in set lat = null, lon = null
     where lat is not null and visit_id in (select id from public.visit where ticket_id = any(tickets));
    update public.callback_attempt
       set answers = public.bare_json(answers, codes), contradictions = public.bare_json(contradictions, codes)
     where callback_id in (select id from public.customer_callback where ticket_id = any(tickets));
    update public.domain_event
       set reason = case when reason is null or reason = any(codes) then reason else '' end,
           details = public.bare_json(details, codes)
     where ticket_id = any(tickets) and subject <> 'message' and (reason is not null or details <> '{}');
    update public.domain_event
       set reason = case when reason = any(codes) then reason else '' end
     where subject = 'statement' and reason is not null
       and subject_id in (select statement_id from public.statement_line where id = any(lines))
       and ((details ->> 'line_id')::bigint = any(lines)
            or (details ->> 'deduction_id')::bigint in
               (select id from public.deduction where ticket_id = any(tickets)));
end $$
"""

_FUNCTIONS = (
    ("bare_json(jsonb, text[])", _BARE),
    ("forget_positions(timestamptz, integer)", _POSITIONS),
    ("forget_privacy_number(bigint, text)", _NUMBER),
    ("erase_history(bigint, text[])", _HISTORY),
)


def upgrade() -> None:
    """Add them."""
    op.add_column("customer", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox_message", sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))
    _clear_secrets_of_ended_messages()
    op.create_check_constraint(
        op.f("ck_outbox_message_cleared_never_leaves"),
        "outbox_message",
        "cleared_at is null or status not in ('waiting', 'sending')",
    )
    op.create_table(
        "privacy_number",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_number")),
        sa.UniqueConstraint("phone", "ticket_id", name=op.f("uq_privacy_number_phone_ticket_id")),
    )
    op.create_index("ix_privacy_number_ticket", "privacy_number", ["ticket_id"], unique=False)
    _bind_known_numbers()
    op.create_table(
        "retention_run",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_retention_run_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    for name, table, column, where in _INDEXES:
        op.create_index(name, table, [column], unique=False, postgresql_where=where)
    for signature, definition in _FUNCTIONS:
        op.get_bind().exec_driver_sql(definition)
        op.execute(f"revoke all on function {signature} from public")


_INDEXES = (
    ("ix_check_in_raw", "check_in", "at", "lat is not null"),
    ("ix_plan_raw", "plan", "requested_at", "problem is not null"),
    ("ix_inbound_message_words", "inbound_message", "received_at", "body <> ''"),
    ("ix_inbound_message_ticket", "inbound_message", "ticket_id", "ticket_id is not null"),
    (
        "ix_outbox_message_words",
        "outbox_message",
        "ended_at",
        "ended_at is not null and parameters <> '{}'::jsonb",
    ),
    ("ix_outbox_message_ticket", "outbox_message", "ticket_id", "ticket_id is not null"),
)


def _clear_secrets_of_ended_messages() -> None:
    """Do to messages of before what happens to every message from now on."""
    op.execute(
        "update outbox_message set fingerprint = null, cleared_at = coalesce(ended_at, sent_at, created_at),"
        """ parameters = jsonb_set(parameters, '{code}', '""')"""
        " where status not in ('waiting', 'sending') and template = 'login.code'"
    )
    op.execute(
        "update outbox_message set fingerprint = null, cleared_at = coalesce(ended_at, sent_at, created_at),"
        """ parameters = jsonb_set(parameters, '{link}', '""')"""
        " where status not in ('waiting', 'sending') and parameters ? 'link'"
    )


def _bind_known_numbers() -> None:
    """Bind every privacy number that a ticket has already: the open ones go on being reached."""
    op.execute(
        "insert into privacy_number (phone, ticket_id, bound_at)"
        " select contact_phone, id, opened_at from ticket where contact_phone ~ '^[+]86700[0-9]{12}$'"
        " union"
        " select p.number, t.id, t.opened_at from customer_phone p join ticket t on t.customer_id = p.customer_id"
        " where p.number ~ '^[+]86700[0-9]{12}$'"
    )


def downgrade() -> None:
    """Take them away again; what was cleared stays cleared."""
    for signature, _ in reversed(_FUNCTIONS):
        op.execute(f"drop function {signature}")
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    op.drop_table("retention_run")
    op.drop_table("privacy_number")
    op.drop_constraint(op.f("ck_outbox_message_cleared_never_leaves"), "outbox_message", type_="check")
    op.drop_column("outbox_message", "cleared_at")
    op.drop_column("customer", "erased_at")
