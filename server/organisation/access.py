"""Who asks, and how much of the company he may see."""

from dataclasses import dataclass

from server.core.events import Actor, ActorKind, Via
from server.organisation.models import Role


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the company that a list or a look-up is confined to; None in every field sees all of it.

    A thing outside the scope does not exist for the caller: it is answered like an unknown one.
    """

    region_id: int | None = None
    station_id: int | None = None
    technician_id: int | None = None


EVERYTHING = Scope()
"""The whole company."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has proved who he is, as read from the database for this one request.

    :param id: of the member of staff or the technician, as ``kind`` says.
    :param roles: empty for a technician.
    """

    kind: ActorKind
    id: int
    name: str
    roles: frozenset[Role]
    scope: Scope
    locale: str

    def has(self, *roles: Role) -> bool:
        """Return whether he has at least one of these roles."""
        return not self.roles.isdisjoint(roles)

    def actor(self, via: Via) -> Actor:
        """Return him as the doer of something that reached us by this way."""
        return Actor(self.kind, self.id, via)
