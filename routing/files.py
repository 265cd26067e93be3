"""Read and write problem and plan files: `truckroll.problem/1`, its superset `/2`, `truckroll.plan/1`.

JSON, gzip accepted. Numbers that count seconds, levels or costs are JSON integers, nothing else; NaN and
Infinity are refused; unknown keys are ignored at the top level and refused everywhere else.
"""

import gzip
import json
import zlib
from pathlib import Path

from routing.json_values import FormatError
from routing.plan import Plan
from routing.problem import Problem
from routing.reading import plan_value, problem_value
from routing.writing import plan_json, problem_json

LARGEST = 512 * 1024 * 1024
"""No file may be longer than so many bytes once unpacked: 5,000 places need 200 MB."""


def read_problem(path: Path) -> Problem:
    """Read a problem file of format 1 or 2, gzipped or not.

    The values are well-formed; whether they make sense is for `Problem.findings`.

    :raises FormatError: if it is not such a file, naming the place.
    :raises OSError: if it cannot be read.
    """
    return problem_value(_load(path))


def write_problem(problem: Problem, *, path: Path) -> None:
    """Write a problem file; gzipped if the name ends in `.gz`. Format 1 wherever it can say everything.

    :raises OSError: if it cannot be written.
    """
    _save(problem_json(problem), path)


def read_plan(path: Path) -> Plan:
    """Read a plan file, gzipped or not.

    :raises FormatError: if it is not such a file, naming the place.
    :raises OSError: if it cannot be read.
    """
    return plan_value(_load(path))


def write_plan(plan: Plan, *, path: Path) -> None:
    """Write a plan file; gzipped if the name ends in `.gz`.

    :raises OSError: if it cannot be written.
    """
    _save(plan_json(plan), path)


def _load(path: Path) -> object:
    raw = path.read_bytes()
    try:
        if raw[:2] == b"\x1f\x8b":
            raw = _unpacked(path)
        value: object = json.loads(_not_too_large(raw).decode("utf-8"), parse_constant=_refuse)
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise FormatError("not_gzip", "") from broken
    except RecursionError as deep:
        raise FormatError("too_deep", "") from deep
    except FormatError:
        raise
    except ValueError as wrong:  # covers broken UTF-8, broken JSON and integers of thousands of digits
        raise FormatError("not_json", "") from wrong
    return value


def _unpacked(path: Path) -> bytes:
    """Unpack at most one byte more than allowed: a small file may hide gigabytes."""
    with gzip.open(path, "rb") as packed:
        return packed.read(LARGEST + 1)


def _not_too_large(raw: bytes) -> bytes:
    if len(raw) > LARGEST:
        raise FormatError("too_large", "", (("bytes", LARGEST),))
    return raw


def _refuse(name: str) -> object:
    raise FormatError("not_finite", "", (("value", name),))


def _save(value: object, path: Path) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    # mtime 0: the same problem gives the same bytes
    path.write_bytes(gzip.compress(text, mtime=0) if path.name.endswith(".gz") else text)
