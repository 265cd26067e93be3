"""Rates: as many at once as a minute allows, refilled evenly, in bounded memory."""

from dataclasses import dataclass

import pytest

from server.web.rates import Rate


@dataclass
class Seconds:
    """A monotonic clock that is set by hand."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600, 999_983])
def test_a_whole_allowance_may_be_spent_at_once_and_not_one_more(seconds: Seconds, per_minute: int) -> None:
    rate = Rate(per_minute, monotonic=seconds)

    answers = [rate.spend("a") for _ in range(min(per_minute, 2_000))]

    assert set(answers) == {0}
    if per_minute <= 2_000:
        assert rate.spend("a") >= 1


@pytest.mark.parametrize(
    ("later", "wait"), [(0.0, 60), (0.5, 60), (29.9, 31), (30.0, 30), (59.0, 1), (59.9, 1), (60.0, 0)]
)
def test_who_waits_as_long_as_he_was_told_is_let_through(seconds: Seconds, later: float, wait: int) -> None:
    rate = Rate(1, monotonic=seconds)
    rate.spend("a")
    seconds.at += later

    assert rate.spend("a") == wait


def test_what_is_refused_costs_nothing(seconds: Seconds) -> None:
    rate = Rate(1, monotonic=seconds)
    rate.spend("a")

    assert {rate.spend("a") for _ in range(100)} == {60}
    seconds.at += 60
    assert rate.spend("a") == 0


def test_an_allowance_is_refilled_evenly(seconds: Seconds) -> None:
    rate = Rate(60, monotonic=seconds)
    for _ in range(60):
        rate.spend("a")

    seconds.at += 10

    assert [rate.spend("a") for _ in range(11)] == [0] * 10 + [1]


def test_over_ten_minutes_nobody_gets_more_than_his_rate_and_one_allowance(seconds: Seconds) -> None:
    rate = Rate(60, monotonic=seconds)
    let_through = 0

    for _ in range(6_000):
        let_through += rate.spend("a") == 0
        seconds.at += 0.1

    assert 600 <= let_through <= 661


def test_one_key_takes_nothing_from_another(seconds: Seconds) -> None:
    rate = Rate(1, monotonic=seconds)

    assert (rate.spend("a"), rate.spend("b"), rate.spend("a")) == (0, 0, 60)


def test_a_rate_of_nothing_lets_everything_through(seconds: Seconds) -> None:
    assert {Rate(0, monotonic=seconds).spend("a") for _ in range(10_000)} == {0}


def test_whoever_has_a_whole_allowance_again_takes_no_memory(seconds: Seconds) -> None:
    rate = Rate(60, monotonic=seconds, most_keys=10)
    for number in range(10):
        rate.spend(f"early {number}")
    seconds.at += 2

    rate.spend("late")

    assert len(rate._whole_at) == 1


def test_memory_is_bounded_however_many_ask_at_once(seconds: Seconds) -> None:
    rate = Rate(1, monotonic=seconds, most_keys=10)

    for number in range(1_000):
        rate.spend(f"key {number}")
        assert len(rate._whole_at) <= 10

    assert rate.spend("key 999") == 60
