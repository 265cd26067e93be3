"""Alembic's entry: runs the revisions on the connection that `server.schema` opened."""

from typing import Any, Literal

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from server.core.db import Seconds, UtcDateTime
from server.schema import metadata, settle


def _plain(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write our own column types as the plain ones they are in the database: a revision outlives our classes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Seconds):
        return "sa.Integer()"
    return False


def _settle(ctx: MigrationContext, *_: Any, **__: Any) -> None:
    """Finish a revision inside its own transaction."""
    assert ctx.connection is not None  # it is None only where SQL is written into a file
    settle(ctx.connection)


connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    transaction_per_migration=True,
    render_item=_plain,
    on_version_apply=_settle,
)
with context.begin_transaction():
    context.run_migrations()
