"""The telephone of a customer callback in full: shown to whoever must call, and kept that it was (fault 53)."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.callbacks import queries
from server.core.events import Actor, note
from server.organisation.access import Scope


def phones_of(session: Session, *, callback_id: int, newer: bool, by: Actor, now: datetime, scope: Scope) -> list[str]:
    """Return the number given at intake. Event: `customer_callback.reveal_phones`.

    :param newer: whether a number changed after intake is shown too: only a supervisor calls it (R33).
    :raises UnknownCallback: if it does not exist for this scope.
    """
    sheet = queries.sheet(session, callback_id=callback_id, scope=scope)
    numbers = [sheet.callback.phone, sheet.newer_phone if newer else None]
    note(session, sheet.callback, "reveal_phones", by=by, now=now)
    return list(dict.fromkeys(number for number in numbers if number is not None))
