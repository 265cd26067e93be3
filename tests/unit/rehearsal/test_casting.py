"""Parts: the same for a seed, and in a large cast every behaviour has somebody to show it."""

from datetime import date

import pytest

from server.rehearsal.casting import Before, Calling, Card, Confirming, Course, Extra, cast
from server.rehearsal.material import invent

DAY = date(2026, 3, 10)
LARGE = invent(seed=1, day=DAY, count=140).reports


def test_the_same_seed_gives_the_same_parts():
    assert cast(LARGE, seed=7) == cast(LARGE, seed=7)


def test_another_seed_gives_other_parts():
    assert cast(LARGE, seed=7) != cast(LARGE, seed=8)


@pytest.mark.parametrize("seed", range(5))
def test_a_large_cast_shows_every_behaviour(seed):
    parts = list(cast(LARGE, seed=seed).values())

    assert {part.before for part in parts} == set(Before)
    assert {part.course for part in parts} == set(Course)
    assert {part.extra for part in parts} == {None, *Extra}
    assert {part.calling for part in parts} == set(Calling)
    assert {part.card for part in parts} == set(Card)
    assert {part.confirming for part in parts} == set(Confirming)
    assert any(part.told_twice for part in parts)
    assert any(part.incomplete for part in parts)


@pytest.mark.parametrize("seed", range(5))
def test_few_enough_give_up_that_nineteen_of_twenty_can_be_completed(seed):
    parts = list(cast(LARGE, seed=seed).values())

    lost = [part for part in parts if part.before is Before.CANCELS or part.course is Course.DECLINED]

    assert len(lost) <= 0.03 * len(parts)


def test_who_declines_on_the_doorstep_agrees_to_no_extra_work():
    parts = cast(LARGE, seed=3).values()

    assert not [part for part in parts if part.course is Course.DECLINED and part.extra is not None]
