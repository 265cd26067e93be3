"""What some tests need from the machine: a test without it is skipped, told at the end, and an error under CI."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Need:
    """A marker, what it stands for, whether this machine has it, and what to do if not."""

    marker: str
    what: str
    is_met: Callable[[], bool]
    remedy: str

    @property
    def reason(self) -> str:
        """Return the words a skipped test is reported with."""
        return f"needs {self.what} - {self.remedy}"


def chromium() -> str | None:
    """Return the Chromium that browser tests drive: ``$CHROMIUM``, else one on PATH."""
    told = os.environ.get("CHROMIUM")
    if told:
        return shutil.which(told)
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def shared_folder() -> Path | None:
    """Return the folder of measurements and tickets: ``$TRUCKROLL_SHARED``, else ``shared`` beside the checkout."""
    folder = Path(os.environ.get("TRUCKROLL_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    return folder if folder.is_dir() else None


NEEDS = (
    Need("browser", "Chromium", lambda: chromium() is not None, "install chromium or set CHROMIUM to its program"),
    Need("root", "to run as root", lambda: os.geteuid() == 0, "run the tests as root, in a container for instance"),
    Need("shared", "the shared folder", lambda: shared_folder() is not None, "set TRUCKROLL_SHARED to that folder"),
)

MARKERS = (
    *(f"{need.marker}: needs {need.what}" for need in NEEDS),
    "slow: takes more than a few seconds",
    "soak: takes minutes; left out unless asked for with -m soak",
)
