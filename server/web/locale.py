"""Which language the caller reads: what he chose on a page, his setting, his browser's, or the company's."""

from flask import g, has_request_context, request

from server.web.context import caller, settings
from server.web.texts import LOCALES

COOKIE = "language"
"""Which language somebody chose on a page of this browser."""


def locale() -> str:
    """Return the language of this request, one of `LOCALES`."""
    if not has_request_context():
        return LOCALES[0]
    chosen_here = request.cookies.get(COOKIE)
    if chosen_here in LOCALES and not request.path.startswith(("/api/", "/mobile/")):
        return chosen_here
    known = caller()
    if "locale" not in g or (known is not None and not g.get("locale_is_own")):
        g.locale = _of(known.locale) if known else _asked()
        g.locale_is_own = known is not None
    chosen: str = g.locale
    return chosen


def _asked() -> str:
    for wanted, _ in request.accept_languages:
        base = wanted.replace("_", "-").split("-")[0].lower()
        if base in LOCALES:
            return base
    return _of(settings().locale)


def _of(wanted: str) -> str:
    base = wanted.split("-", maxsplit=1)[0].lower()
    return base if base in LOCALES else LOCALES[0]
