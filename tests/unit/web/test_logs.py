"""No telephone number and no token stands in a log, even where somebody logged one by mistake."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server.organisation.tokens import Audience, fresh
from server.web import logs


@pytest.mark.parametrize(
    "text",
    [
        "+8613800138000",
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+1 (202) 555-0143",
        "202-555-0143 ext",
        "+447700900123",
        "call +44 7700 900123 now",
        "+86700123456789012",
    ],
)
def test_a_telephone_number_is_masked(text: str) -> None:
    masked = logs.masked(text)

    assert "[number]" in masked
    assert not any(len(run) > 4 for run in "".join(c if c.isdigit() else " " for c in masked).split())


@pytest.mark.parametrize("audience", Audience)
def test_a_fresh_token_is_masked(audience: Audience) -> None:
    assert "[token]" in logs.masked(f"sent {fresh(audience).text} along")


@pytest.mark.parametrize("text", ["Bearer abc.def", "basic dXNlcg=="])
def test_a_token_is_masked(text: str) -> None:
    assert "[token]" in logs.masked(f"sent {text} along")
    assert text.split("_", 1)[-1].rsplit(" ", maxsplit=1)[-1] not in logs.masked(f"sent {text} along")


@pytest.mark.parametrize(
    "text",
    [
        "T-2026-000123",
        "ticket 123456",
        "2.5 s",
        "10.0.0.1",
        "/api/v1/tickets/<int:ticket_id>",
        "a_rather_long_name_of_a_function_in_code",
    ],
)
def test_other_words_stay_readable(text: str) -> None:
    assert logs.masked(text) == text


def test_a_line_is_json_with_the_sentence_and_its_fields(log_lines: io.StringIO) -> None:
    logs.logger.info("offer sent", offer_id=7, note={"to": ["+8613800138000"]})

    (line,) = log_lines.getvalue().splitlines()
    assert json.loads(line) | {"timestamp": ""} == {
        "event": "offer sent",
        "level": "info",
        "note": {"to": ["[number]"]},
        "offer_id": 7,
        "timestamp": "",
    }


def test_a_line_of_a_library_is_masked_too(log_lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("dialling %s", "+8613800138000")

    assert "13800138000" not in log_lines.getvalue()
    assert json.loads(log_lines.getvalue())["level"] == "warning"


def test_an_exception_is_logged_by_its_kind_and_place_without_its_message(log_lines: io.StringIO) -> None:
    try:
        int("Zhang San")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")

    line = json.loads(log_lines.getvalue())
    assert "Zhang San" not in log_lines.getvalue()
    assert line["error"] == ["ValueError"]
    assert line["frames"][-1].startswith("test_logs.py:")
