"""Policies: what is stored is what was meant."""

import pytest

from server.core import policies
from server.core.policies import Terms
from server.orders.terms import ClockTerms
from server.terms import ALL_TERMS


@pytest.mark.parametrize("terms", ALL_TERMS, ids=lambda terms: terms.policy_name)
def test_every_policy_comes_back_from_its_stored_form(terms: type[Terms]) -> None:
    assert policies.read(terms, policies.write(terms())) == terms()


def test_a_field_added_later_has_the_default_in_old_versions() -> None:
    stored = policies.write(ClockTerms())
    del stored["other_limit"]

    assert policies.read(ClockTerms, stored) == ClockTerms()


def test_a_field_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no field limitz"):
        policies.read(ClockTerms, {"limitz": {}})
