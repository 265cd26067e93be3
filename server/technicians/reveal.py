"""A technician's telephone in full: shown to whoever must call, and kept that it was (fault 53)."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.core.events import Actor, note
from server.organisation.access import Scope
from server.technicians.queries import technician_of


def phones_of(session: Session, technician_id: int, *, scope: Scope, by: Actor, now: datetime) -> list[str]:
    """Return a technician's telephone. Event: `technician.reveal_phones`.

    :raises UnknownTechnician: if there is none for the caller.
    """
    technician = technician_of(session, technician_id, scope=scope)
    note(session, technician, "reveal_phones", by=by, now=now)
    return [technician.phone]
