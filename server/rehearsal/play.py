"""What all simulated people share: the agenda, their desks and telephones, and what they remember."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.core.clock import local_instant
from server.rehearsal.agenda import Agenda
from server.rehearsal.beat import Beat
from server.rehearsal.casting import Part
from server.rehearsal.desk import Desk, Line
from server.rehearsal.material import Material, Report, local_time
from server.rehearsal.tally import Tally
from server.rehearsal.telephones import Telephones

GLANCE = 5
"""People with a telephone look at it every so many minutes."""


@dataclass(slots=True)
class Known:
    """A ticket as those who talk about it know it.

    :param visits: how many visits have been made so far.
    :param calls: how often the callback agent has tried.
    """

    id: int
    number: str
    report: Report
    part: Part
    visits: int = 0
    calls: int = 0


@dataclass(slots=True)
class Play:
    """A rehearsal while it is played."""

    seed: int
    region_id: int
    material: Material
    parts: dict[str, Part]
    agenda: Agenda
    beat: Beat
    desks: dict[str, Desk]
    public: Line
    telephones: Telephones
    tally: Tally
    ends_at: datetime
    tickets: dict[int, Known] = field(default_factory=dict)
    by_number: dict[str, Known] = field(default_factory=dict)
    by_phone: dict[str, Known] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)
    """Tickets whose technician could not finish: the desk has his reason to look at."""

    @property
    def now(self) -> datetime:
        """Return the present simulated instant."""
        return self.beat.now

    def chance(self, *key: str | int) -> random.Random:
        """Return a source of chance for one decision: the same seed and key draw the same."""
        return random.Random("/".join(map(str, (self.seed, *key))))

    def learn(self, known: Known) -> None:
        """Remember a ticket."""
        self.tickets[known.id] = known
        self.by_number[known.number] = known
        self.by_phone[known.report.phone] = known

    def local(self, at: datetime) -> datetime:
        """Return an instant on the clock of the place."""
        return local_time(at, self.material.time_zone)

    def in_hours(self, at: datetime, *, first: int, last: int) -> datetime:
        """Return an instant, or the next one at which the local hour is at least the first and before the last."""
        local = self.local(at)
        if first <= local.hour < last:
            return at
        day = local.date() if local.hour < first else local.date() + timedelta(days=1)
        minute = self.chance("hours", at.isoformat()).randint(0, 20)
        return local_instant(day, first, minute, self.material.time_zone)

    def daily(self, hour: int, minute: int, *, after: datetime) -> datetime:
        """Return the next instant after another at which the local clock shows this."""
        day = self.local(after).date()
        wanted = local_instant(day, hour, minute, self.material.time_zone)
        if wanted <= after:
            wanted = local_instant(day + timedelta(days=1), hour, minute, self.material.time_zone)
        return wanted
