"""The process in which a plan is solved: started, kept ready, ended. It knows no database and no key."""

import os
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import server

_PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "TMPDIR",
    "NUMBA_CACHE_DIR",
    "XDG_CACHE_HOME",
    "VIRTUAL_ENV",
    "SYSTEMROOT",
)
"""What of the environment the solver is given: no address of a database, no key."""
_MODULE = "server.dispatch.solver"
_MOST_WORDS = 2000
"""Bytes of its complaints that are kept."""


@dataclass(frozen=True, slots=True)
class SolverProcess:
    """A solver process that has been started.

    :param complaints: what it wrote to its standard error.
    :param spoken: the lines it has said and nobody has heard yet; None when it has fallen silent.
    """

    running: subprocess.Popen[bytes]
    complaints: IO[bytes]
    spoken: "queue.Queue[bytes | None]"

    def last_words(self) -> str:
        """Return the end of what it complained about."""
        self.complaints.seek(0, os.SEEK_END)
        self.complaints.seek(max(0, self.complaints.tell() - _MOST_WORDS))
        return self.complaints.read().decode(errors="replace")

    def end(self) -> None:
        """Kill it and let go of everything."""
        self.running.kill()
        self.running.wait()
        for pipe in (self.running.stdin, self.running.stdout):
            if pipe is not None and not pipe.closed:
                _close(pipe)
        self.complaints.close()


class Spare:
    """Keeps one solver process that is loaded and waits for a question: loading takes longer than many a plan.

    One that has answered well waits for the next question; one that has failed, or was ended, is replaced. It ends by
    itself when its keeper ends, however that happens: its input is at its end then.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._waiting: SolverProcess | None = None
        self._is_closed = False

    def prepare(self) -> None:
        """Start a process, unless one waits or all is over; nobody waits for it to be loaded."""
        with self._lock:
            if self._waiting is None and not self._is_closed:
                self._waiting = start()

    def take(self) -> SolverProcess:
        """Return the process that waits, or one that is just being started."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting.running.poll() is not None:
            waiting.end()
            waiting = None
        return waiting or start()

    def give_back(self, solver: SolverProcess) -> None:
        """Let a process that has answered wait for the next question; where another one waits it ends."""
        with self._lock:
            if self._waiting is None and not self._is_closed:
                self._waiting = solver
                return
        solver.end()

    def close(self) -> None:
        """End the process that waits; no other will be prepared."""
        with self._lock:
            waiting, self._waiting, self._is_closed = self._waiting, None, True
        if waiting is not None:
            waiting.end()


def start() -> SolverProcess:
    """Start a process; it says when it is ready to be asked."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # Sets of strings have one order in every run: the same seed gives the same plan.
    environment |= {"PYTHONHASHSEED": "0", "PYTHONPATH": str(Path(server.__path__[0]).parent)}
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            cwd=tempfile.gettempdir(),
        )
    except BaseException:
        complaints.close()
        raise
    return SolverProcess(process, complaints, _spoken_by(process))


def _spoken_by(process: subprocess.Popen[bytes]) -> "queue.Queue[bytes | None]":
    """Return a queue of the lines that the process says; None when it falls silent."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.put(line)
        except ValueError:
            return  # closed under our hands: nobody listens any more
        finally:
            lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    return lines


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what was not yet written is for nobody any more
