"""Transition tables: the statuses of one kind of thing, and what may follow what. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.core.errors import Conflict


class IllegalTransition(Conflict):
    """What is asked for may not happen in the present state."""

    code = "status.illegal_transition"


@dataclass(frozen=True, slots=True)
class Machine:
    """The statuses of one kind of thing and what may follow what.

    :param name: the word of the glossary for the thing; event kinds are ``name.event``.
    :param start: the status a new one has.
    :param table: (status, event) to the status that follows.
    """

    name: str
    start: StrEnum
    table: Mapping[tuple[Any, Any], Any]

    def follows(self, status: StrEnum, event: StrEnum) -> StrEnum:
        """Return the status after an event.

        :raises IllegalTransition: if the table has no such step.
        """
        try:
            after: StrEnum = self.table[status, event]
        except KeyError:
            raise IllegalTransition(thing=self.name, status=str(status), event=str(event)) from None
        return after

    def allows(self, status: StrEnum, event: StrEnum) -> bool:
        """Return whether the event may happen in this status."""
        return (status, event) in self.table
