"""SQL never asks the time: `now` is a parameter, so that a rehearsal's clock and a test's clock hold everywhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# In text that goes to the database, and as SQLAlchemy's func.now() and friends.
IN_SQL = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(?:CURRENT_(?:DATE|TIME|TIMESTAMP)|LOCALTIME|LOCALTIMESTAMP)\b",
    re.IGNORECASE,
)
FUNCTIONS = frozenset(
    {"now", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
    | {"clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "sysdate"}
)


def asks_for_the_time(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of every place where SQL would ask the time; docstrings may speak of it."""
    tree = ast.parse(source)
    talk = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in talk:
            found = IN_SQL.search(node.value)
            if found:
                yield node.lineno, found.group()
        elif isinstance(node, ast.Attribute) and node.attr in FUNCTIONS and _is_func(node.value):
            yield node.lineno, f"func.{node.attr}"


def _is_func(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "func") or (
        isinstance(node, ast.Attribute) and node.attr == "func"
    )


def _is_made_by_a_library(path: Path) -> bool:
    # procrastinate's tables are its own SQL and ask the time; they hold jobs, which are enqueued for at once.
    return path.match("server/migrations/versions/*_background_jobs.py")


def test_no_sql_of_the_server_asks_the_time() -> None:
    sources = [path for path in (ROOT / "server").rglob("*.py") if not _is_made_by_a_library(path)]

    places = [
        f"{path.relative_to(ROOT)}:{line} {words}"
        for path in sources
        for line, words in asks_for_the_time(path.read_text(encoding="utf-8"))
    ]

    assert len(sources) > 20
    assert places == []


def test_no_sql_file_of_the_server_asks_the_time() -> None:
    places = [path for path in (ROOT / "server").rglob("*.sql") if IN_SQL.search(path.read_text(encoding="utf-8"))]

    assert places == []


@pytest.mark.parametrize(
    "source",
    [
        "text('DELETE FROM offers WHERE expires_at < now()')",
        "text(f'SELECT {x} WHERE day = current_date')",
        "mapped_column(server_default=func.now())",
        "mapped_column(server_default=sa.func.current_timestamp())",
        "DDL('UPDATE t SET at = CLOCK_TIMESTAMP ( )')",
    ],
)
def test_a_question_for_the_time_is_found(source: str) -> None:
    assert list(asks_for_the_time(source))


@pytest.mark.parametrize(
    "source",
    [
        "clock.now()",
        "text('SELECT known, nowhere FROM t')",
        "def f():\n    'never now() in SQL'\n",
        "text('until :now')",
    ],
)
def test_other_words_are_left_alone(source: str) -> None:
    assert not list(asks_for_the_time(source))
