"""Only one supervisor per home folder: the second learns where the first one runs."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from server.local.home import write_private
from server.local.locks import FileLock


@dataclass(frozen=True, slots=True)
class Announcement:
    """Where a running installation is reached; ``pid`` is its supervisor's, for people to read."""

    address: str
    pid: int


class Instance:
    """The right to run in a home folder, held until the process ends in whatever way."""

    def __init__(self, home: Path, *, name: str = "demo") -> None:
        """Name the home folder and what is run in it; nothing is claimed yet."""
        self._lock = FileLock(home / f"{name}.lock")
        self._file = home / f"{name}.json"

    def claim(self) -> bool:
        """Take the right if nobody has it; say whether we have it now."""
        if not self._lock.try_acquire():
            return False
        self._file.unlink(missing_ok=True)
        return True

    def announce(self, address: str) -> None:
        """Write where we are reached, for the next one who asks."""
        write_private(self._file, json.dumps(asdict(Announcement(address=address, pid=os.getpid()))) + "\n")

    def found(self) -> Announcement | None:
        """Return where the one that holds the right is reached; None if it has not said so yet."""
        try:
            told = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Announcement(address=told["address"], pid=told["pid"])

    def give_up(self) -> None:
        """Let the next one in."""
        if self._lock.is_held:
            self._file.unlink(missing_ok=True)
            self._lock.release()
