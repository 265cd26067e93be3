"""What all tests share: the database's fixtures, and what becomes of tests whose needs are not met."""

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest

from tests.databases import (  # noqa: F401 - pytest finds fixtures by their names here
    FIXTURES,
    committing_database,
    database_server,
    database_url,
    engine,
    owner_url,
    rolled_back,
    session,
    session_info,
    worker_database,
)
from tests.log_lines import log_lines  # noqa: F401
from tests.needs import MARKERS, NEEDS

_UNIT = Path(__file__).parent / "unit"


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        forbidden = FIXTURES & set(getattr(item, "fixturenames", ()))
        if forbidden and _is_unit(item):
            raise pytest.UsageError(f"{item.nodeid} is a unit test and asks for {', '.join(sorted(forbidden))}")
    if "soak" not in config.getoption("markexpr"):
        soaks = [item for item in items if item.get_closest_marker("soak")]
        if soaks:
            items[:] = [item for item in items if not item.get_closest_marker("soak")]
            config.hook.pytest_deselected(items=soaks)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for need in NEEDS:
        if item.get_closest_marker(need.marker) and not need.is_met():
            pytest.skip(need.reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _is_ci():
        # Where the results count, a test that did not run is not a test that passed.
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if report.longrepr]
    left_out = Counter(need for need in NEEDS for reason in reasons if need.reason in reason)
    if left_out:
        terminalreporter.section("left out because this machine lacks something")
        for need, count in left_out.items():
            terminalreporter.line(f"{count} x {need.marker}: {need.reason}")


@pytest.fixture(autouse=True)
def _no_database_for_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not _is_unit(request.node):
        return

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        pytest.fail("a unit test reached for the database: move it to tests/integration", pytrace=True)

    monkeypatch.setattr(psycopg, "connect", refuse)
    monkeypatch.setattr(psycopg.Connection, "connect", refuse)
    monkeypatch.setattr(psycopg.AsyncConnection, "connect", refuse)


def _is_unit(item: pytest.Item) -> bool:
    return item.path.is_relative_to(_UNIT)


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}
