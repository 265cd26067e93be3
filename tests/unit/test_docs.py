"""The page about statuses says what the code says."""

from pathlib import Path

import pytest

from server import docs
from server.core.transitions import Machine

PAGE = Path(__file__).parents[2] / "docs" / "statuses.md"


def test_the_page_about_statuses_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == docs.statuses(), "run: python -m server.docs statuses > docs/statuses.md"


def test_every_machine_of_every_package_is_on_the_page() -> None:
    names = [machine.name for machine in docs.machines()]

    assert {"ticket", "visit", "plan", "offer", "technician", "absence", "statement", "customer_callback"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("machine", list(docs.machines()), ids=lambda machine: machine.name)
def test_every_status_can_be_reached(machine: Machine) -> None:
    reached = {machine.start, *machine.table.values()}

    assert reached == set(type(machine.start))


def test_there_is_no_other_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["poems"]) == 2
    assert "usage" in capsys.readouterr().err
