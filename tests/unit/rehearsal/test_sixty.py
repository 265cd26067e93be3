"""At sixty times the speed a second is a minute, and nobody is dragged past what he waits for."""

from datetime import UTC, datetime, timedelta

import pytest

from server.rehearsal.sixty import Sixty

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class Clockwork:
    """Real time that passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clockwork():
    return Clockwork()


@pytest.fixture
def clock(clockwork):
    return Sixty(NOON, monotonic=clockwork.monotonic, sleep=clockwork.sleep)


def test_an_hour_takes_a_minute(clock, clockwork):
    now = NOON
    while now < NOON + timedelta(hours=1):
        now = clock.wait_for(NOON + timedelta(hours=1))

    assert clockwork.seconds == pytest.approx(160.0)


def test_nobody_waits_longer_than_a_breath_at_once(clock):
    assert clock.wait_for(NOON + timedelta(hours=1)) == NOON + timedelta(seconds=12)


def test_time_never_runs_past_what_is_waited_for(clock, clockwork):
    clockwork.seconds += 600

    assert clock.wait_for(NOON + timedelta(minutes=3)) == NOON + timedelta(minutes=3)
