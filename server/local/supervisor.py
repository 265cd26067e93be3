"""Keep a few processes running on one machine, and end them all in order when this one ends.

Real, monotonic time is right here: it is about processes, not about the business.
"""

import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from server.local import watcher
from server.local.child import Child, RunningChild
from server.local.processes import module_argv, module_environment
from server.local.stopping import Patience, signal_name, stop_in_order

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 60.0


class ChildNotReady(Exception):
    """A child did not do what was waited for in time."""


@dataclass(slots=True)
class _Kept:
    """A child with its history; it has no process while it waits to be started again."""

    child: Child
    process: RunningChild | None = None
    deaths: int = 0
    start_at: float = 0.0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Supervisor:
    """Starts children, starts them again when they die, stops them when told.

    Used as a context manager in a process's main thread: whatever ends the block, a signal or an
    exception, the children are stopped in their order. If this process is killed, a watcher process and
    (on Linux) the kernel end them.
    """

    def __init__(
        self, *, log_folder: Path, say: Callable[[str], None] = _say, patience: Patience | None = None
    ) -> None:
        """Say where the children's output goes, and how to tell the user what happens."""
        self._log_folder = log_folder
        self._tell_user = say
        self._patience = patience or Patience()
        self._kept: list[_Kept] = []
        self._signals = 0
        self._busy = False
        self._handlers: dict[int, signal.Handlers | Callable[[int, FrameType | None], object] | int | None] = {}
        self._watcher: subprocess.Popen[bytes] | None = None
        self._woken, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        """Begin: from now on signals are ours, and the watcher looks on."""
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in _STOPPING:
            self._handlers[number] = signal.signal(number, self._on_signal)
        self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._post_watcher()
        return self

    def start(self, child: Child) -> None:
        """Start a child and keep it running from now on.

        :raises OSError: if its program cannot be started at all.
        """
        kept = _Kept(child)
        with self._undisturbed():
            self._launch(kept)
            self._kept.append(kept)
        self._say(f"{child.name} started")

    def wait_for(self, what: str, ready: Callable[[], bool], *, timeout_seconds: float) -> None:
        """Look after the children until ``ready`` says yes.

        :raises ChildNotReady: if it does not within that time; ``what`` names it.
        """
        give_up_at = time.monotonic() + timeout_seconds
        with self._undisturbed():
            while not ready() and not self._signals:
                if time.monotonic() >= give_up_at:
                    raise ChildNotReady(f"{what} was not ready within {timeout_seconds:g} s: see {self._log_folder}")
                self._turn(_LOOK_SECONDS)

    def run(self) -> None:
        """Look after the children until a signal says stop."""
        self._busy = True
        while not self._signals:
            self._turn(self._until_next_start())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the children in their order; from now on a further signal means at once."""
        self._busy = True
        running = [kept.process for kept in reversed(self._kept) if kept.process is not None]
        if running:
            self._say("stopping; once more to stop at once")
        stop_in_order(running, patience=self._patience, hurry=lambda: self._signals > 1)
        for process in running:
            # The workers of a leader that has gone.
            process.kill()
            self._say(f"{process.child.name} stopped ({signal_name(process.exit_code or 0)})")
        self._wrote(watcher.tell_farewell())
        self._bury_watcher()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _turn(self, timeout_seconds: float) -> None:
        """Wait for a signal, a death or the time, then do what is due."""
        if not self._signals and self._selector.select(timeout_seconds):
            self._woken.recv(4096)
        for kept in self._kept:
            if kept.process is not None and kept.process.is_gone():
                self._bury(kept, kept.process)
            if kept.process is None and not self._signals and time.monotonic() >= kept.start_at:
                self._restart(kept)

    def _until_next_start(self) -> float:
        due = [kept.start_at for kept in self._kept if kept.process is None]
        return min((max(0.0, at - time.monotonic()) for at in due), default=_LONGEST_WAIT_SECONDS)

    def _bury(self, kept: _Kept, dead: RunningChild) -> None:
        dead.kill()
        self._tell_watcher(watcher.tell_gone(dead.pid))
        kept.process = None
        if time.monotonic() - dead.started_at >= self._patience.healthy_seconds:
            kept.deaths = 0
        self._count_death(kept, signal_name(dead.exit_code or 0))

    def _count_death(self, kept: _Kept, how: str) -> None:
        kept.deaths += 1
        delay = self._patience.delay_seconds(deaths=kept.deaths)
        kept.start_at = time.monotonic() + delay
        self._say(f"{kept.child.name} died ({how}), starting it again in {delay:g} s")
        if kept.deaths % self._patience.flapping_after == 0:
            self._say(f"{kept.child.name} keeps dying ({kept.deaths} times in a row): see {self._log_of(kept.child)}")

    def _restart(self, kept: _Kept) -> None:
        try:
            self._launch(kept)
        except OSError as error:
            self._count_death(kept, str(error))
        else:
            self._say(f"{kept.child.name} started again")

    def _launch(self, kept: _Kept) -> None:
        kept.process = RunningChild(kept.child, log_file=self._log_of(kept.child))
        self._tell_watcher(watcher.tell_started(_watched(kept.process)))

    def _log_of(self, child: Child) -> Path:
        return self._log_folder / f"{child.name}.log"

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if not self._busy:
            # In the middle of preparing something: leave it; the end of the block stops the children.
            self._leave_if_told()

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Put a signal off to the end of the block."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        self._leave_if_told()

    def _leave_if_told(self) -> None:
        if self._signals:
            self._busy = True
            raise SystemExit(0)

    def _say(self, text: str) -> None:
        # After a hang-up there is no terminal any more, and the children must be stopped all the same.
        with suppress(OSError):
            self._tell_user(text)

    def _post_watcher(self) -> None:
        self._watcher = subprocess.Popen(
            module_argv("server.local.watcher"),
            env=module_environment(),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _tell_watcher(self, line: bytes) -> None:
        if self._wrote(line):
            return
        # Somebody killed the watcher: a new one hears of everybody who is there.
        self._bury_watcher()
        self._post_watcher()
        for kept in self._kept:
            if kept.process is not None:
                self._wrote(watcher.tell_started(_watched(kept.process)))
        self._wrote(line)

    def _wrote(self, line: bytes) -> bool:
        if self._watcher is None or self._watcher.stdin is None:
            return False
        try:
            self._watcher.stdin.write(line)
        except BrokenPipeError:
            return False
        return True

    def _bury_watcher(self) -> None:
        if self._watcher is not None and self._watcher.stdin is not None:
            self._watcher.stdin.close()
            self._watcher.wait()
            self._watcher = None


def _watched(process: RunningChild) -> watcher.Watched:
    child = process.child
    return watcher.Watched(
        pid=process.pid, order=child.stop_order, stop_signal=child.stop_signal, harsh_signal=child.harsh_signal
    )


def first_free_port(start: int = 8000, *, host: str = "127.0.0.1", tries: int = 200) -> int:
    """Return the first port from ``start`` on which nobody listens.

    :raises OSError: if there is none among so many.
    """
    for port in range(start, min(start + tries, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            if trial.connect_ex((host, port)) == 0:
                continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            # A server that has just ended leaves connections that are waiting to be forgotten; they are no hindrance.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {start} to {start + tries - 1} on {host}")
