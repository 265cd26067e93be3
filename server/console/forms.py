"""What the console's forms share."""

from flask import url_for

from server.console.frame import page
from server.web import texts
from server.web.context import request_id
from server.web.locale import locale

_LARGEST = 2**63 - 1


def whole(text: str) -> int | None:
    """Return the whole number above 0 that a field holds, or None."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(_LARGEST)):
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST else None


def code_page(code: str, status: int, *, back: str | None = None) -> tuple[str, int]:
    """Return the page that says a refusal by its code."""
    text = texts.said(code, locale=locale(), details={}) or texts.Text(code, code)
    return page("problem.html", status=status, text=text, reference=request_id(), back=back or url_for("console.home"))
