"""The process that ends a supervisor's children when the supervisor itself was killed.

It reads what children there are from a pipe whose other end only the supervisor holds. The end of that
pipe without a word of farewell is the supervisor's death, on every system and however it died.
"""

import json
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from server.local.stopping import Patience, stop_in_order


@dataclass(frozen=True, slots=True)
class Watched:
    """A child of the supervisor, the leader of a process group of its own."""

    pid: int
    order: int
    stop_signal: int
    harsh_signal: int

    def is_gone(self) -> bool:
        """Tell whether it has ended; a dead process that nobody has buried yet has."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        try:
            described = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return described.rpartition(")")[2].split()[0] == "Z"

    def ask(self) -> None:
        """Send the signal on which it ends tidily."""
        try:
            os.kill(self.pid, self.stop_signal)
        except ProcessLookupError:
            return

    def press(self) -> None:
        """Send the harsh signal to its group."""
        self._signal_group(self.harsh_signal)

    def kill(self) -> None:
        """Kill its group."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS answers so for a group of which only the dead are left.
            return


FAREWELL = "farewell"


def tell_started(child: Watched) -> bytes:
    """Return the line that tells the watcher of a child."""
    return json.dumps(asdict(child)).encode() + b"\n"


def tell_gone(pid: int) -> bytes:
    """Return the line that tells the watcher that a child has ended."""
    return json.dumps({"gone": pid}).encode() + b"\n"


def tell_farewell() -> bytes:
    """Return the line that tells the watcher that all children have been stopped."""
    return json.dumps({FAREWELL: True}).encode() + b"\n"


def watch(lines: Iterable[str]) -> list[Watched]:
    """Return the children left over when the lines end; none after a farewell."""
    children: dict[int, Watched] = {}
    for line in lines:
        told = json.loads(line)
        if FAREWELL in told:
            return []
        if "gone" in told:
            children.pop(told["gone"], None)
        else:
            child = Watched(**told)
            children[child.pid] = child
    return list(children.values())


def main() -> int:
    """Watch until the pipe ends, then stop whatever is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left = watch(sys.stdin)
    stop_in_order(left, patience=Patience())
    for child in left:
        # The workers of a leader that has gone.
        child.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
