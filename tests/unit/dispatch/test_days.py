"""A technician's day: what absences leave, what fixed visits part, where one more visit fits."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from server.core.places import Position
from server.dispatch import days
from server.dispatch.days import Break, Fixed, Piece, Wanted
from server.dispatch.rules import Span

HOME = Position(10, 10)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 10, hour, minute, tzinfo=UTC)


def road(km: int) -> Position:
    return Position(10, 10 + km)


def travel(origin: Position, to: Position) -> timedelta:
    """One kilometre takes ten minutes."""
    return timedelta(minutes=10 * abs(origin.lon - to.lon))


def visit(start: datetime, end: datetime, place: Position | None, number: int = 1) -> Fixed:
    return Fixed(number, number, start, end, place)


def cut(*fixed: Fixed, pause: Break | None = None, not_before: datetime | None = None) -> list[Piece]:
    return days.pieces(
        Span(at(8), at(17)), home=HOME, pause=pause, fixed=fixed, travel=travel, not_before=not_before or at(0)
    )


@pytest.mark.parametrize(
    ("absences", "left"),
    [
        ([], [(8, 17)]),
        ([(8, 17)], []),
        ([(6, 18)], []),
        ([(10, 12)], [(8, 10), (12, 17)]),
        ([(6, 9), (16, 20)], [(9, 16)]),
        ([(10, 12), (11, 13)], [(8, 10), (13, 17)]),
        ([(17, 18), (6, 8)], [(8, 17)]),
    ],
)
def test_absences_are_taken_out_of_a_shift(absences: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    found = days.minus(Span(at(8), at(17)), [Span(at(a), at(b)) for a, b in absences])

    assert found == [Span(at(a), at(b)) for a, b in left]


def test_a_day_without_visits_is_one_piece_from_home_to_home() -> None:
    assert cut() == [Piece(Span(at(8), at(17)), HOME, HOME, None)]


def test_a_visit_that_can_be_reached_stays_in_the_piece() -> None:
    fixed = visit(at(10), at(11), road(3))

    assert cut(fixed) == [Piece(Span(at(8), at(17)), HOME, HOME, None, (fixed,))]


@pytest.mark.parametrize(("start", "parts"), [(at(8, 30), 1), (at(8, 29), 1)])
def test_a_visit_on_the_very_minute_of_arrival_can_be_kept(start: datetime, parts: int) -> None:
    found = cut(visit(start, at(10), road(3)))

    kept = start == at(8, 30)
    assert [bool(piece.fixed) for piece in found] == [kept] * parts
    assert found[-1].first == (HOME if kept else road(3))


def test_a_visit_that_cannot_be_reached_from_the_one_before_parts_the_day() -> None:
    first, second = visit(at(9), at(10), road(3), 1), visit(at(10, 10), at(11), road(5), 2)

    assert cut(first, second) == [
        Piece(Span(at(8), at(10)), HOME, road(3), None, (first,)),
        Piece(Span(at(11), at(17)), road(5), HOME, None),
    ]


def test_a_visit_at_an_unknown_place_takes_its_time_and_nothing_else() -> None:
    assert [piece.span for piece in cut(visit(at(10), at(11), None))] == [Span(at(8), at(10)), Span(at(11), at(17))]


def test_the_way_home_from_a_late_promise_lengthens_the_day() -> None:
    assert cut(visit(at(16), at(17), road(3)))[-1].span.end == at(17, 30)


def test_work_goes_on_from_the_visit_under_way() -> None:
    (piece,) = cut(visit(at(9), at(10), road(3)), not_before=at(9, 30))

    assert (piece.span.start, piece.first, piece.fixed) == (at(10), road(3), ())


def test_a_break_is_taken_once_and_given_up_where_it_does_not_fit() -> None:
    lunch = Break(at(12), at(13), timedelta(hours=1))
    parted = cut(visit(at(10), at(11), None), pause=lunch)
    full = cut(visit(at(12), at(13, 30), HOME, 1), pause=lunch)

    assert [piece.pause for piece in parted] == [None, lunch]
    assert [piece.pause for piece in full] == [None]


def wanted(start: datetime, bounds: Span | None = None) -> Wanted:
    return Wanted(road(2), timedelta(hours=1), start, bounds or Span(at(0), at(23)))


@pytest.mark.parametrize(
    ("wish", "start"),
    [
        (at(9), at(9)),
        (at(7), at(8, 20)),
        (at(10), at(9)),
        (at(10, 40), at(11, 10)),
        (at(16), at(15, 40)),
    ],
)
def test_the_nearest_start_respects_ways_and_other_visits(wish: datetime, start: datetime) -> None:
    slot = days.nearest_slot(cut(visit(at(10, 10), at(11), road(1))), wanted=wanted(wish), travel=travel)

    assert slot is not None
    assert slot.start == start


def test_there_may_be_no_start_at_all() -> None:
    slot = days.nearest_slot(cut(), wanted=wanted(at(9), Span(at(16), at(17))), travel=travel)

    assert slot is None


def test_a_slot_never_breaks_a_rule() -> None:
    random = Random(7)
    for _ in range(500):
        fixed = _some_visits(random)
        lunch = Break(at(11), at(13), timedelta(minutes=45)) if random.random() < 0.5 else None
        wish = wanted(at(8) + timedelta(minutes=random.randrange(540)))

        pieces = cut(*fixed, pause=lunch)
        slot = days.nearest_slot(pieces, wanted=wish, travel=travel)

        if slot is not None:
            added = visit(slot.start, slot.start + wish.length, wish.position, 99)
            _assert_kept(sorted([*fixed, added], key=lambda f: f.start), among=added)


def _some_visits(random: Random) -> list[Fixed]:
    free, found = at(8), []
    for number in range(random.randrange(5)):
        start = free + timedelta(minutes=random.randrange(90))
        end = start + timedelta(minutes=random.randrange(20, 90))
        if end > at(17):
            break
        found.append(visit(start, end, road(random.randrange(5)), number + 1))
        free = end
    return found


def _assert_kept(day: list[Fixed], *, among: Fixed) -> None:
    at_ = day.index(among)
    before = day[at_ - 1] if at_ else None
    after = day[at_ + 1] if at_ + 1 < len(day) else None
    assert among.position is not None
    if before is not None:
        assert before.position is not None
        assert before.end + travel(before.position, among.position) <= among.start
    else:
        assert at(8) + travel(HOME, among.position) <= among.start
    if after is not None:
        assert after.position is not None
        assert among.end + travel(among.position, after.position) <= after.start
    else:
        assert among.end + travel(among.position, HOME) <= at(17)


def test_the_very_second_that_is_wished_is_kept_where_it_is_possible() -> None:
    exactly = at(9) + timedelta(seconds=6)

    slot = days.nearest_slot(cut(), wanted=wanted(exactly, Span(exactly, exactly)), travel=travel)

    assert slot is not None
    assert (slot.start, slot.travel) == (exactly, timedelta(minutes=20))
