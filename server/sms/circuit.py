"""Stops sending while the provider refuses our account: no message is burnt, and the desk is told once (fault 16)."""

import threading
from datetime import datetime

import structlog

from server.sms.terms import MessageTerms

log = structlog.get_logger(__name__)


class Circuit:
    """What one process knows about the provider's opinion of our account. Threads may share it."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._in_a_row = 0
        self._probe_at: datetime | None = None

    def room(self, now: datetime, *, most: int) -> int:
        """Return how many messages may be tried: all, none while it is open, one when it is time to look."""
        with self._mutex:
            if self._probe_at is None:
                return most
            return 1 if now >= self._probe_at else 0

    def is_open(self) -> bool:
        """Return whether sending is stopped."""
        with self._mutex:
            return self._probe_at is not None

    def was_blocked(self, code: str, *, now: datetime, terms: MessageTerms) -> None:
        """Count a refusal of our account; open after so many in a row, and stay open when a probe meets the same."""
        with self._mutex:
            self._in_a_row += 1
            if self._in_a_row < terms.blocked_in_a_row:
                return
            if self._probe_at is None:
                log.error("the provider refuses our account: nothing is sent until that is mended", code=code)
            self._probe_at = now + terms.probe_after

    def went_through(self) -> None:
        """Close: the provider takes our messages."""
        with self._mutex:
            if self._probe_at is not None:
                log.warning("the provider takes our messages again")
            self._in_a_row, self._probe_at = 0, None
