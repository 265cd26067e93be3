"""What simulated people mean to do, and when."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(order=True, slots=True)
class Cue:
    """One thing that somebody will do.

    :param at: the simulated instant, a whole minute.
    :param order: who comes first of those who act in the same minute; the same in every run of a seed.
    :param alone: whether everything must be quiet before the next one acts, because what it sets off competes with
        what others set off (a declined offer goes to whoever is free).
    """

    at: datetime
    order: tuple[str, ...]
    act: Callable[[], None] = field(compare=False)
    alone: bool = field(compare=False, default=False)


class Agenda:
    """Cues in the order in which they are to be played."""

    def __init__(self) -> None:
        """Begin with nothing planned."""
        self._cues: list[tuple[datetime, tuple[str, ...], int, Cue]] = []
        self._made = 0

    def add(self, at: datetime, *order: str, act: Callable[[], None], alone: bool = False, minutes: int = 1) -> None:
        """Plan something for the minute that begins at or after an instant.

        :param minutes: the first one that is a multiple of so many: people look at their telephones now and then, and
            what happens in one minute is dealt with side by side.
        """
        self._made += 1
        cue = Cue(whole_minute(at, minutes=minutes), order, act, alone)
        heapq.heappush(self._cues, (cue.at, order, self._made, cue))

    def next_at(self) -> datetime | None:
        """Return when the next cue is to be played, None if none is left."""
        return self._cues[0][0] if self._cues else None

    def due(self, now: datetime) -> list[Cue]:
        """Take out every cue up to an instant, in the order in which they are to be played."""
        taken = []
        while self._cues and self._cues[0][0] <= now:
            taken.append(heapq.heappop(self._cues)[3])
        return taken

    def __len__(self) -> int:
        return len(self._cues)


def whole_minute(at: datetime, *, minutes: int = 1) -> datetime:
    """Return the first whole minute at or after an instant, or the first that is a multiple of so many in its hour."""
    floor = at.replace(second=0, microsecond=0)
    begun = floor if floor == at else floor + _MINUTE
    over = timedelta(minutes=begun.minute % minutes)
    return begun if not over else begun - over + timedelta(minutes=minutes)


_MINUTE = timedelta(minutes=1)
