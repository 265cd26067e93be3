"""Who calls and what belongs to whom, in tests of the edges; `world.py` makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from server.organisation.models import Region, Role, Staff, Station
from server.technicians.models import Technician

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
"""A Monday morning."""
MISSING = 987_654_321
"""An id that nothing has."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Of one kind of thing: one that belongs to the caller's part of the company, and one that does not."""

    own: int | str
    other: int | str


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls: by bearer token at the APIs, by cookie on pages."""

    name: str
    staff_id: int | None = None
    technician_id: int | None = None
    bearer: str = ""
    cookie: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that proves who he is."""
        return {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}


ANONYMOUS = Caller("anonymous")


@dataclass(frozen=True, slots=True)
class Company:
    """What was made."""

    regions: tuple[Region, Region]
    stations: tuple[Station, Station]
    staff: Mapping[Role, Staff]
    technicians: tuple[Technician, Technician]
    callers: Mapping[str, Caller]
    things: Mapping[str, Ids] = field(default_factory=dict)

    def caller(self, role: Role) -> Caller:
        """Return who has a role."""
        return self.callers[str(role)]

    @property
    def technician(self) -> Caller:
        """Return the technician of the first station."""
        return self.callers["technician"]
