"""What a measurement was made on: without it a figure says nothing."""

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path


def description() -> str:
    """Return processor, cores, memory, system and the versions that matter, without the machine's name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("flask", "sqlalchemy", "psycopg", "gunicorn"))
    return (
        f"{_processor()}, {cores} cores, {_memory_gib()} GiB; {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, embedded PostgreSQL 18 with its usual settings (fsync on); {libraries}"
    )


def pace() -> str:
    """Return how fast the machine was just then: processors of rented machines are often slowed down."""
    began = time.process_time()
    total = 0
    for number in range(_ROUNDS):
        total += number * number
    return f"{_ROUNDS // 1_000_000} million rounds of a plain Python loop took {time.process_time() - began:.2f} s"


_ROUNDS = 5_000_000


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
        return platform.machine()
    told = subprocess.run(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, check=False)
    return told.stdout.decode().strip() or platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
