"""Start our own modules as processes, and tell what a process is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_PS_SECONDS = 5.0


def module_argv(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs one of our modules with this very Python."""
    return [sys.executable, "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """Return an environment in which our packages are found wherever the process is started."""
    path = os.environ.get("PYTHONPATH")
    return dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join([str(_PACKAGE_PARENT), path]) if path else str(_PACKAGE_PARENT)
    }


def start_apart(argv: list[str]) -> "subprocess.Popen[bytes]":
    """Start a process that has nothing to do with our terminal, our signals or our end."""
    return subprocess.Popen(
        argv,
        cwd="/",
        env=module_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def is_postmaster_of(pid: int, data_dir: Path) -> bool:
    """Tell whether the process with this id is a PostgreSQL server that runs on this data folder."""
    if Path("/proc/self/cwd").exists():
        try:
            return (
                Path(f"/proc/{pid}/cwd").readlink() == data_dir
                and Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "postgres"
            )
        except OSError:
            return False
    ps = shutil.which("ps")
    if ps is None:
        return False
    described = subprocess.run(
        [ps, "-o", "args=", "-p", str(pid)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_PS_SECONDS,
        check=False,
    )
    words = described.stdout.split(" -D ", maxsplit=1)
    return len(words) == 2 and words[0].endswith("postgres") and f"{words[1].strip()} ".startswith(f"{data_dir} ")
