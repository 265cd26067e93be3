"""Logs: one JSON object a line, static sentences with data in fields, never a telephone number or a token.

Who writes a line gives no such value; `mask()` is the second wall behind that.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog
from sqlalchemy.exc import DBAPIError

from server.core.db import sqlstate, violated

_PHONE = re.compile(r"(?<![\w.])(?<!T-)(?:\+\d(?:[ ().-]{0,2}\d){6,16}|\d(?:[ ().-]?\d){8,16})(?!\w)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+\S+")
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{32,}")
_OURS = frozenset({"timestamp", "request_id", "level"})
"""Fields whose form we know: an instant, a checked name, a level."""
_MOST_FRAMES = 12
_TALKATIVE = ("alembic", "procrastinate")
"""Libraries whose every step is not news."""

logger: structlog.stdlib.BoundLogger = structlog.get_logger("truckroll.web")


def masked(text: str) -> str:
    """Return a text without what looks like a telephone number or a token."""
    text = _BEARER.sub(r"\1 [token]", text)
    text = _OPAQUE.sub(lambda match: "[token]" if _is_random(match[0]) else match[0], text)
    return _PHONE.sub("[number]", text)


def _is_random(text: str) -> bool:
    """Return whether a long word has capitals, small letters and digits mixed, as names in code do not."""
    return any(c.isupper() for c in text) and any(c.islower() for c in text) and any(c.isdigit() for c in text)


def mask(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every value of a log line."""
    for key, value in fields.items():
        if key not in _OURS:
            fields[key] = _mask_value(value)
    return fields


def _mask_value(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _mask_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(inner) for inner in value]
    return value if isinstance(value, int | float | bool | None) else masked(str(value))


def configure(stream: TextIO | None = None) -> None:
    """Send every line, ours and the libraries', as JSON to the standard output, or to a given stream."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_messages,
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(sort_keys=True),
            foreign_pre_chain=shared,
            keep_exc_info=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_messages(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its kind and its place: its message may quote a row's values."""
    given = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        fields.update(described(error))
    return fields


def described(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an exception: kinds along the chain, frames, PostgreSQL's code and constraint."""
    found: dict[str, Any] = {"error": [type(link).__qualname__ for link in _chain(error)], "frames": _frames(error)}
    for link in _chain(error):
        if isinstance(link, DBAPIError):
            found |= {"sqlstate": sqlstate(link), "constraint": violated(link)}
            break
    return found


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def failure(sentence: str, error: BaseException) -> None:
    """Log a failure with its place in the code and without any value."""
    logger.error(sentence, **described(error))
