"""A clock for tests: it stands still until it is moved."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class StillClock:
    """Says what it was set to."""

    at: datetime

    def read(self) -> datetime:
        """Return the instant it stands at."""
        return self.at

    def move(self, by: timedelta) -> None:
        """Stand a while later."""
        self.at += by
