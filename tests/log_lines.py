"""The log of this process, as its lines are written."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from server.web import logs


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Everything that is logged during the test."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
