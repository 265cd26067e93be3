"""background jobs

The tables and functions of the job library, as the locked version of it defines them. A later version
of the library that changes them gets a revision of its own.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from procrastinate import SyncPsycopgConnector
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAMES = "procrastinate%"


def upgrade() -> None:
    """Create the job tables."""
    cursor = op.get_bind().connection.cursor()
    # Given without parameters it is sent as it stands: its per cent signs belong to it.
    cursor.execute(SchemaManager(SyncPsycopgConnector()).get_schema())


def downgrade() -> None:
    """Drop whatever carries the library's prefix: tables first, then functions, then types."""
    bind = op.get_bind()
    for query, statement in (
        ("select quote_ident(relname) from pg_class where relname like %s and relkind = 'r'", "drop table {} cascade"),
        (
            "select p.oid::regprocedure::text from pg_proc p where p.proname like %s",
            "drop function {} cascade",
        ),
        (
            "select quote_ident(typname) from pg_type where typname like %s and typtype in ('e', 'c') and typrelid = 0",
            "drop type {} cascade",
        ),
        (
            (
                "select quote_ident(t.typname) from pg_type t join pg_class c on c.oid = t.typrelid"
                " where t.typname like %s and c.relkind = 'c'"
            ),
            "drop type {} cascade",
        ),
    ):
        for name in [row[0] for row in bind.exec_driver_sql(query, (_NAMES,))]:
            bind.exec_driver_sql(statement.format(name))
