"""A technician's working day as plain values: what is left of a shift, what still fits between fixed visits.

Used by the planner, which lays whole days out, and by the next offer, which looks for one gap.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.core.places import Position
from server.dispatch.rules import Span

Travel = Callable[[Position, Position], timedelta]
"""How long it takes from one place to another."""


@dataclass(frozen=True, slots=True)
class Break:
    """A pause of ``length`` that begins between ``earliest`` and ``latest``."""

    earliest: datetime
    latest: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Fixed:
    """A visit that stays where it is: planned, offered, accepted or under way.

    ``position`` None: nobody knows for sure where it is.
    """

    visit_id: int
    ticket_id: int
    start: datetime
    end: datetime
    position: Position | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of work without interruption; begins and ends at a place, with the fixed visits inside it."""

    span: Span
    first: Position
    last: Position
    pause: Break | None
    fixed: tuple[Fixed, ...] = ()


def minus(span: Span, absences: Iterable[Span]) -> list[Span]:
    """Return what is left of a stretch of time when others are taken out, in order."""
    left = [span]
    for gone in sorted(absences, key=lambda s: s.start):
        left = [
            part
            for whole in left
            for part in (
                (whole,)
                if not whole.touches(gone)
                else (Span(whole.start, min(whole.end, gone.start)), Span(max(whole.start, gone.end), whole.end))
            )
            if part.start < part.end
        ]
    return left


def pieces(
    span: Span,
    *,
    home: Position,
    pause: Break | None,
    fixed: Sequence[Fixed],
    travel: Travel,
    not_before: datetime,
) -> list[Piece]:
    """Cut a shift (or what absences left of it) into pieces in which every fixed visit can be kept.

    Nothing begins before ``not_before``; where a visit is under way or over by then, the work goes on from
    its place. A fixed visit that cannot be reached in time from what is before it, or whose place is not known,
    parts the shift in two: before it and after it. A last visit that already leads past the end of the shift
    moves that end: its way home has been promised with it.
    """
    cut = _Cut(home=home, pause=pause, travel=travel, begin=max(span.start, not_before), place=home)
    cut.free = cut.begin
    for visit in sorted(fixed, key=lambda f: (f.start, f.visit_id)):
        if visit.end <= span.start or visit.start >= span.end:
            continue
        if visit.start < not_before:
            cut.go_on_after(visit)
        elif visit.position is None or cut.free + travel(cut.place, visit.position) > visit.start:
            cut.part_at(visit)
        else:
            cut.keep(visit, visit.position)
    return cut.close(span.end)


class _Cut:
    """The pieces of one shift while they are being made."""

    def __init__(
        self, *, home: Position, pause: Break | None, travel: Travel, begin: datetime, place: Position
    ) -> None:
        self.home, self.pause, self.travel = home, pause, travel
        self.begin, self.first = begin, place
        self.free, self.place = begin, place
        self.kept: list[Fixed] = []
        self.done: list[Piece] = []

    def go_on_after(self, visit: Fixed) -> None:
        """Begin after a visit that is under way or over when planning begins."""
        self.begin = self.free = max(self.begin, visit.end)
        if visit.position is not None:
            self.first = self.place = visit.position

    def keep(self, visit: Fixed, position: Position) -> None:
        """Take a visit into the present piece."""
        self.kept.append(visit)
        self.free, self.place = visit.end, position

    def part_at(self, visit: Fixed) -> None:
        """End the present piece before a visit and begin the next after it."""
        end = self.free if visit.position is not None else max(self.free, visit.start)
        self._add(end, self.place)
        self.begin = self.free = max(self.free, visit.end)
        self.first = self.place = visit.position or self.place
        self.kept = []

    def close(self, end: datetime) -> list[Piece]:
        """End the last piece at home and return all."""
        at_home = self.free + self.travel(self.place, self.home) if self.kept else end
        self._add(max(end, at_home), self.home)
        return [piece for piece in self.done if piece.span.start < piece.span.end]

    def _add(self, end: datetime, last: Position) -> None:
        if self.begin >= end:
            return
        piece = Piece(Span(self.begin, end), self.first, last, self.pause, tuple(self.kept))
        pause = self.pause and within(self.pause, piece.span)
        if pause is None or not pause_fits(replace(piece, pause=pause), travel=self.travel):
            self.done.append(replace(piece, pause=None))
            return
        # The break is taken in the first piece that has room for it.
        self.done.append(replace(piece, pause=pause))
        self.pause = None


def within(pause: Break, span: Span) -> Break | None:
    """Return the break as it can be taken in a stretch of time, or None if it cannot."""
    earliest, latest = max(pause.earliest, span.start), min(pause.latest, span.end - pause.length)
    return Break(earliest, latest, pause.length) if earliest <= latest else None


def pause_fits(piece: Piece, *, travel: Travel) -> bool:
    """Return whether the piece's break can be taken beside its fixed visits."""
    pause = piece.pause
    if pause is None:
        return True
    for before, after in _gaps(piece):
        way = travel(before[1], after[1])
        room = after[0] - before[0] - way - pause.length
        opens, closes = max(pause.earliest, before[0]), min(pause.latest, after[0] - pause.length)
        if room >= timedelta(0) and opens <= closes:
            return True
    return False


Moment = tuple[datetime, Position]


def _gaps(piece: Piece) -> list[tuple[Moment, Moment]]:
    """Return from when and where to when and where the technician is free, gap by gap."""
    begins: list[Moment] = [(piece.span.start, piece.first)]
    ends: list[Moment] = []
    for visit in piece.fixed:
        place = visit.position or piece.first
        ends.append((visit.start, place))
        begins.append((visit.end, place))
    ends.append((piece.span.end, piece.last))
    return list(zip(begins, ends, strict=True))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A visit that looks for a place: where, how long, when best, and when at all (for its start)."""

    position: Position
    length: timedelta
    start: datetime
    bounds: Span


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that is possible, and how long the way there takes."""

    start: datetime
    travel: timedelta


def nearest_slot(pieces: Iterable[Piece], *, wanted: Wanted, travel: Travel) -> Slot | None:
    """Return the possible start nearest to the wished one, the earlier of two; None if there is none.

    The way there, the way on, every fixed visit and the break of the piece are respected. Other than the wished one
    a start is a whole minute.
    """
    slots = [slot for piece in pieces for slot in _slots(piece, wanted, travel)]
    return min(slots, key=lambda s: (abs(s.start - wanted.start), s.start), default=None)


def _slots(piece: Piece, wanted: Wanted, travel: Travel) -> list[Slot]:
    found = []
    for before, after in _gaps(piece):
        there, onward = travel(before[1], wanted.position), travel(wanted.position, after[1])
        opens = max(before[0] + there, wanted.bounds.start)
        closes = min(after[0] - onward - wanted.length, wanted.bounds.end)
        tries = [wanted.start] if opens <= wanted.start <= closes else []
        opens, closes = _minute_after(opens), closes.replace(second=0, microsecond=0)
        if opens <= closes and (piece.pause is not None or not tries):
            # The nearest end of the gap; with a break to take the other end may be the one that works.
            tries += [opens, closes]
        found += [Slot(at, there) for at in tries if _leaves_the_break(piece, wanted, at, travel)]
    return found


def _leaves_the_break(piece: Piece, wanted: Wanted, start: datetime, travel: Travel) -> bool:
    added = Fixed(0, 0, start, start + wanted.length, wanted.position)
    fixed = tuple(sorted((*piece.fixed, added), key=lambda f: f.start))
    return pause_fits(replace(piece, fixed=fixed), travel=travel)


def _minute_after(instant: datetime) -> datetime:
    floor = instant.replace(second=0, microsecond=0)
    return floor if floor == instant else floor + timedelta(minutes=1)
