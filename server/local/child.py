"""A process that a supervisor keeps alive."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_LONGEST_LOG_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Child:
    """What to run, and how to end it.

    ``env`` is added to the supervisor's environment. Children stop in ascending ``stop_order``. The
    ``harsh_signal`` is what it gets when it did not end on ``stop_signal`` in time or the user is in a
    hurry; one that has a milder way than SIGKILL to end at once (PostgreSQL: SIGQUIT) names it.
    """

    name: str
    argv: tuple[str, ...]
    stop_order: int
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    harsh_signal: signal.Signals = signal.SIGKILL


class RunningChild:
    """A child that has been started, the leader of a session and process group of its own."""

    def __init__(self, child: Child, *, log_file: Path) -> None:
        """Start it; what it says is added to the log file.

        :raises OSError: if the program cannot be started.
        """
        self.child = child
        self.started_at = time.monotonic()
        log_file.parent.mkdir(parents=True, exist_ok=True)
        _keep_short(log_file)
        with log_file.open("ab") as log:
            self._process = subprocess.Popen(
                child.argv,
                env=dict(os.environ) | dict(child.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: the terminal's Ctrl-C and hang-up reach the supervisor alone,
                # who knows the order in which to stop.
                start_new_session=True,
                preexec_fn=partial(_die_with, os.getpid(), child.stop_signal),
            )

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self._process.pid

    @property
    def order(self) -> int:
        """Its place in stopping."""
        return self.child.stop_order

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: the signal), or None while it runs."""
        return self._process.poll()

    def is_gone(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    def ask(self) -> None:
        """Send the signal on which it ends tidily; it passes that on to its own children as it thinks fit."""
        self._process.send_signal(self.child.stop_signal)

    def press(self) -> None:
        """Send the harsh signal to its whole group."""
        self._signal_group(self.child.harsh_signal)

    def kill(self) -> None:
        """Kill its whole group."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS answers so for a group of which only the dead are left.
            return


def _die_with(parent: int, number: int) -> None:
    """In the child, before it becomes the program: end when the supervisor ends, where the system can do that."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        # It died before we could ask to be told.
        os._exit(1)


def _keep_short(log_file: Path) -> None:
    if log_file.exists() and log_file.stat().st_size > _LONGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".old.log"))
