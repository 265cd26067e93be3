"""The customer's story, as the tests of privacy tell it."""

from tests.integration.privacy.conftest import (  # noqa: F401 - pytest finds fixtures by their names
    app_on_its_own,
    built_app,
    company,
    database,
    still_clock,
    story,
)
