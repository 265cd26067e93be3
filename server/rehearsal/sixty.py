"""A clock of which a second of real time is a minute: for training, where people want to watch."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

_TIMES = 60.0
_BREATH_SECONDS = 0.2


class Sixty:
    """Simulated time that follows real time sixty times as fast."""

    def __init__(
        self,
        begins_at: datetime,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin now, at a simulated instant."""
        self._begins_at = begins_at
        self._monotonic, self._sleep = monotonic, sleep
        self._began = monotonic()

    def wait_for(self, instant: datetime) -> datetime:
        """Wait for an instant, at most for a breath; return the simulated present, never later than the instant.

        Who is behind, because the product took longer, does not wait.
        """
        wait = (instant - self._present()).total_seconds() / _TIMES
        if wait > 0:
            self._sleep(min(wait, _BREATH_SECONDS))
        return min(instant, self._present())

    def _present(self) -> datetime:
        return self._begins_at + timedelta(seconds=(self._monotonic() - self._began) * _TIMES)
