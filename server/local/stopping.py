"""Stop a handful of processes in order and in time."""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds of real time."""

    stop_seconds: float = 5.6
    """From the first signal until the last process has been killed; the promise to the user is 6 s."""
    last_seconds: float = 1.8
    """What of it is kept for those that stop last: the database."""
    harsh_seconds: float = 0.4
    """From the harsh signal to SIGKILL, for those whose harsh signal is a milder one."""
    first_delay_seconds: float = 0.2
    longest_delay_seconds: float = 5.0
    healthy_seconds: float = 30.0
    """A child that ran this long is started at once again, as if it had never died before."""
    flapping_after: int = 5
    """So many deaths in a row are told as a fault of the child rather than an accident."""

    def delay_seconds(self, *, deaths: int) -> float:
        """Return how long to wait before a child is started again after so many deaths in a row."""
        return float(min(self.longest_delay_seconds, self.first_delay_seconds * 2 ** min(deaths - 1, 16)))


class Stoppable(Protocol):
    """A process as seen by whoever stops it."""

    @property
    def order(self) -> int:
        """Return its place: lower ones stop first."""

    def is_gone(self) -> bool:
        """Tell whether it has ended."""

    def ask(self) -> None:
        """Send the signal on which it ends tidily; nothing happens if it has gone."""

    def press(self) -> None:
        """Send the harsh signal to it and its kin."""

    def kill(self) -> None:
        """Send SIGKILL to it and its kin."""


def stop_in_order(
    processes: Sequence[Stoppable], *, patience: Patience, hurry: Callable[[], bool] = lambda: False
) -> None:
    """Stop all of them, group after group, within ``patience.stop_seconds``.

    A group that does not end within its share does not hold up the next one, but is killed before the
    last group (the database) is asked. ``hurry`` is looked at all the time; once true, everything left
    gets the harsh signal at once.
    """
    begun_at = time.monotonic()
    orders = sorted({process.order for process in processes})
    if not orders:
        return
    earlier = [process for process in processes if process.order != orders[-1]]
    last = [process for process in processes if process.order == orders[-1]]
    for_earlier = patience.stop_seconds - patience.last_seconds - patience.harsh_seconds
    for place, order in enumerate(orders[:-1], start=1):
        group = [process for process in earlier if process.order == order]
        _each(group, "ask")
        # What an earlier group did not use of its share is the later ones' gain.
        _wait(group, until=begun_at + for_earlier * place / (len(orders) - 1), hurry=hurry)
    _finish(earlier, harsh_seconds=patience.harsh_seconds)
    _each(last, "ask")
    _wait(last, until=begun_at + patience.stop_seconds - patience.harsh_seconds, hurry=hurry)
    _finish(last, harsh_seconds=patience.harsh_seconds)


def _finish(processes: Sequence[Stoppable], *, harsh_seconds: float) -> None:
    if all(process.is_gone() for process in processes):
        return
    _each(processes, "press")
    _wait(processes, until=time.monotonic() + harsh_seconds, hurry=lambda: False)
    _each(processes, "kill")
    _wait(processes, until=time.monotonic() + harsh_seconds, hurry=lambda: False)


def _each(processes: Sequence[Stoppable], action: str) -> None:
    for process in processes:
        if not process.is_gone():
            {"ask": process.ask, "press": process.press, "kill": process.kill}[action]()


def _wait(processes: Sequence[Stoppable], *, until: float, hurry: Callable[[], bool]) -> None:
    while not all(process.is_gone() for process in processes):
        if hurry() or time.monotonic() >= until:
            return
        time.sleep(_PAUSE_SECONDS)


def signal_name(code: int) -> str:
    """Return how a process ended in words: ``exit code 1`` or ``SIGKILL``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
