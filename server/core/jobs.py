"""Background jobs: procrastinate on the same database, enqueued in the transaction of the change they follow.

Committed with it, or not at all. Jobs are only ever enqueued for at once; what is due later is a row
with a due instant and a sweep (`server.core.due`).
"""

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session

JobArgument = int | str | None

deferring = App(connector=SyncPsycopgConnector())
"""Only composes job rows; it never opens a connection of its own, because every job is written on the caller's."""


def enqueue(
    session: Session, task: str, *, lock: str | None = None, once: str | None = None, **arguments: JobArgument
) -> bool:
    """Write a job on the session's own connection.

    :param task: the name it is registered under in the worker.
    :param lock: jobs with one lock run one after another.
    :param once: at most one *waiting* job with this key exists; a second is not written.
    :returns: whether a job was written.
    """
    session.flush()
    try:
        # A clash of the key would poison the transaction around it; the savepoint begins when the
        # connection is asked for inside.
        with session.begin_nested():
            driver = session.connection().connection.driver_connection
            deferring.configure_task(task, allow_unknown=True, lock=lock, queueing_lock=once, connection=driver).defer(
                **arguments
            )
    except AlreadyEnqueued:
        return False
    return True
