"""A file or a function that grows past what one can hold in mind is asked to be two."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("server", "routing", "mobile_api")
MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 50

# What may be longer, each with the reason why it is better whole: "path" or "path::function".
FIRST_TABLES = "server/migrations/versions/0001_the_first_tables.py"
ONE_STEP = "a migration is one step and is never edited again"
KERNEL = "a compiled kernel is one loop over plain arrays: a call with tuples of arrays costs more than the loop's body"
COMPILED = "routing/engine/compiled"
LONGER: dict[str, str] = {
    FIRST_TABLES: ONE_STEP,
    f"{FIRST_TABLES}::upgrade": ONE_STEP,
    f"{FIRST_TABLES}::downgrade": ONE_STEP,
    f"{COMPILED}/finish.py::_search": KERNEL,
    f"{COMPILED}/insertion.py::lay_on": KERNEL,
    f"{COMPILED}/insertion.py::look_at": KERNEL,
    f"{COMPILED}/labels.py::price": KERNEL,
    f"{COMPILED}/packing.py::refresh": KERNEL,
    f"{COMPILED}/quick.py::quick_price": KERNEL,
    f"{COMPILED}/walk.py::walk": KERNEL,
}


@dataclass(frozen=True, slots=True)
class Long:
    """Something over its limit: where, and how many lines it has."""

    where: str
    lines: int


def long_ones(root: Path, packages: tuple[str, ...] = PACKAGES) -> Iterator[Long]:
    """Yield every file and function of these packages that is over its limit."""
    for path in sorted(path for package in packages for path in (root / package).rglob("*.py")):
        where = path.relative_to(root).as_posix()
        source = path.read_text(encoding="utf-8")
        if len(source.splitlines()) > MOST_LINES_OF_A_FILE:
            yield Long(where, len(source.splitlines()))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    yield Long(f"{where}::{node.name}", lines)


def test_no_file_or_function_is_longer_than_one_can_hold_in_mind() -> None:
    assert [long for long in long_ones(ROOT) if long.where not in LONGER] == []


def test_an_exception_has_a_reason_and_is_still_needed() -> None:
    still_long = {long.where for long in long_ones(ROOT)}

    assert [where for where, reason in LONGER.items() if len(reason) < 20 or where not in still_long] == []


def test_a_line_too_many_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    body = "    x = 1\n"
    (tmp_path / "server" / "fits.py").write_text("def fits():\n" + body * (MOST_LINES_OF_A_FUNCTION - 1))
    (tmp_path / "server" / "long.py").write_text("def long():\n" + body * MOST_LINES_OF_A_FUNCTION)
    (tmp_path / "server" / "file.py").write_text("x = 1\n" * (MOST_LINES_OF_A_FILE + 1))

    found = {long.where for long in long_ones(tmp_path, ("server",))}

    assert found == {"server/long.py::long", "server/file.py"}
