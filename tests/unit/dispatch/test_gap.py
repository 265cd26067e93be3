"""How far a plan can be from the best one, by its proven bound."""

import pytest

from server.dispatch.models import Plan


@pytest.mark.parametrize(
    ("cost", "bound", "gap"),
    [
        (1000, 970, 0.03),
        (1000, 1000, 0.0),
        (0, 0, 0.0),
        (1000, None, None),
        (None, None, None),
    ],
)
def test_the_gap_is_the_share_of_the_cost_above_the_bound(
    cost: int | None, bound: int | None, gap: float | None
) -> None:
    assert Plan(cost=cost, bound=bound).gap == gap
