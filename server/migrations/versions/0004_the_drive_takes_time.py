"""the drive takes time

The drive to a visit takes its technician's time as the visit does: `visit.busy_from` says since when, and the
exclusion constraint covers it. It is a column of its own because the drive may have to be cut short, and because
PostgreSQL calls no difference of an instant and an interval immutable.

Two triggers answer for whoever does not name the column: the version before this one, or somebody with psql. They
take the whole drive.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ONE_AT_A_TIME = "ex_visit_one_at_a_time"

_FILL = """
update visit set busy_from = greatest(whole, before)
  from (select id, starts_at - make_interval(secs => greatest(travel_seconds, 0)) as whole,
               case when status <> 'withdrawn' then
                   lag(ends_at) over (partition by technician_id, status <> 'withdrawn' order by starts_at)
               end as before
          from visit) as drive
 where drive.id = visit.id
"""
"""Visits never overlapped, so that the one before has ended when the next begins: every row fits."""

_DRIVE = """
create function visit_busy_from() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    whole timestamptz := new.starts_at - make_interval(secs => greatest(new.travel_seconds, 0));
begin
    if new.busy_from is null or new.busy_from < whole or new.busy_from > new.starts_at then
        new.busy_from := whole;
    end if;
    return new;
end $$
"""
"""An instant that still lies on the drive was perhaps meant: a drive that was cut short stays cut short."""

_ON_INSERT = """
create trigger visit_busy_from_absent before insert on visit
for each row when (new.busy_from is null) execute function visit_busy_from()
"""
_ON_UPDATE = """
create trigger visit_busy_from_left_behind before update of starts_at, travel_seconds on visit
for each row when (new.busy_from is not distinct from old.busy_from) execute function visit_busy_from()
"""


def upgrade() -> None:
    """Give every visit its drive, and let none of them overlap."""
    op.drop_constraint(_ONE_AT_A_TIME, "visit")
    op.add_column("visit", sa.Column("busy_from", sa.DateTime(timezone=True), nullable=True))
    op.execute(_FILL)
    op.alter_column("visit", "busy_from", nullable=False)
    op.create_check_constraint(
        op.f("ck_visit_busy_before_start"), "visit", "busy_from <= starts_at and isfinite(busy_from)"
    )
    _exclude("tstzrange(busy_from, ends_at)")
    op.get_bind().exec_driver_sql(_DRIVE)
    op.execute("revoke all on function visit_busy_from() from public")
    op.execute(_ON_INSERT)
    op.execute(_ON_UPDATE)


def downgrade() -> None:
    """Let drives overlap again."""
    op.execute("drop trigger visit_busy_from_absent on visit")
    op.execute("drop trigger visit_busy_from_left_behind on visit")
    op.execute("drop function visit_busy_from()")
    op.drop_constraint(_ONE_AT_A_TIME, "visit")
    op.drop_constraint(op.f("ck_visit_busy_before_start"), "visit", type_="check")
    op.drop_column("visit", "busy_from")
    _exclude("tstzrange(starts_at, ends_at)")


def _exclude(stretch: str) -> None:
    op.execute(
        f"alter table visit add constraint {_ONE_AT_A_TIME} exclude using gist"
        f" (int8range(technician_id, technician_id, '[]') with &&, {stretch} with &&) where (status <> 'withdrawn')"
    )
