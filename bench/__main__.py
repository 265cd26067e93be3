"""Measure the product and say how it compares with what was wanted.

    python -m bench [intake] [lists] [rehearsal] [slots] [repairs] [--write]

``--write`` renews the table in `docs/speed.md`. Measure on a machine that does nothing else. The optimiser's
benchmarks have their own command: see `docs/optimiser.md`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import machine, speed
from bench.repairs import repairs
from bench.slots import slots
from bench.speed import Figure

_SHARED = Path(os.environ.get("TRUCKROLL_SHARED", "../shared"))
_TABLE = Path("docs/speed.md")
_MEASURES: dict[str, Callable[[], Iterable[Figure]]] = {
    "intake": speed.intake,
    "lists": speed.imports_and_lists,
    "rehearsal": lambda: speed.rehearsals(_SHARED),
    "slots": slots,
    "repairs": repairs,
}


def main(told: Sequence[str] | None = None) -> int:
    """Run what was asked for, or all; return 1 if anything is not as wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("measures", nargs="*", choices=[[], *_MEASURES], help="default: all")
    parser.add_argument("--write", action="store_true", help=f"renew {_TABLE}")
    asked = parser.parse_args(told)
    found: list[Figure] = []
    for name in asked.measures or _MEASURES:
        for figure in _MEASURES[name]():
            found.append(figure)
            print(_line(figure), flush=True)
    if asked.write:
        _TABLE.write_text(_page(found), encoding="utf-8")
    return 0 if all(figure.met for figure in found) else 1


def _line(figure: Figure) -> str:
    return f"| {figure.what} | {figure.wanted} | {figure.found} | {'yes' if figure.met else '**no**'} |"


def _page(found: Iterable[Figure]) -> str:
    return "\n".join(
        (
            "# How fast it is",
            "",
            f"Measured with `make bench` on {datetime.now(UTC):%Y-%m-%d}, nothing else running:",
            f"{machine.description()}.",
            f"Its pace while measuring: {machine.pace()} (about 0.35 s is usual for such a processor).",
            "Load generator, web processes, PostgreSQL and worker share these cores.",
            "",
            "| what | wanted | found | reached |",
            "|---|---|---|---|",
            *map(_line, found),
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
