"""The application in this process, as the tests of the API have it."""

from tests.api.conftest import (  # noqa: F401 - pytest finds fixtures by their names here
    app,
    app_on_its_own,
    built_app,
    client,
    company,
    rolled_back,
    session_info,
    settled,
    still_clock,
)
