"""A spreadsheet runs nothing that somebody wrote into a statement."""

import pytest

from server.settlement.export import safe


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_what_could_begin_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Lu Wei", "a=b", "12", "3-4", "张伟"])
def test_other_text_is_left_alone(cell: str) -> None:
    assert safe(cell) == cell
