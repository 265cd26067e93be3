"""Telephones in full: shown to whoever must call, and that they were shown is kept (fault 53)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from sqlalchemy.orm import Session

from server.core.events import Actor, note
from server.core.transitions import Machine
from server.customers.queries import customer_file
from server.organisation.access import Scope


class FileStatus(StrEnum):
    """A customer's file has no life of its own: it is kept."""

    KEPT = "kept"


FILE = Machine("customer", FileStatus.KEPT, MappingProxyType({}))
"""Under which name facts about a file stand in the history."""


@dataclass(slots=True)
class File:
    """A customer's file as the history names it."""

    machine: ClassVar[Machine] = FILE

    id: int
    status: FileStatus = FileStatus.KEPT

    @property
    def about_ticket(self) -> None:
        """Return None: a file is about a person."""
        return None


def phones_of(session: Session, customer_id: int, *, scope: Scope, by: Actor, now: datetime) -> list[str]:
    """Return a customer's telephones in full. Event: `customer.reveal_phones`.

    :raises UnknownCustomer: if there is none in the scope.
    """
    found = customer_file(session, customer_id=customer_id, scope=scope)
    note(session, File(customer_id), "reveal_phones", by=by, now=now)
    return [phone.number for phone in found.phones]
