"""The console's cookie: the token of a log-in, out of reach of scripts and of other sites."""

from urllib.parse import urlsplit

from flask import request
from werkzeug.wrappers import Response

from server.organisation.logins import SESSION_LASTS
from server.web.context import settings

_PLAIN, _SECURE = "truckroll_session", "__Host-truckroll_session"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def session_token() -> str | None:
    """Return the token that the browser sent, if any."""
    return request.cookies.get(_name()) or None


def give(answer: Response, *, token: str) -> None:
    """Let the browser keep the token of a log-in."""
    answer.set_cookie(
        _name(),
        token,
        max_age=round(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=is_secure(),
        path="/",
    )


def take_away(answer: Response) -> None:
    """Let the browser forget the token."""
    answer.delete_cookie(_name(), httponly=True, samesite="Lax", secure=is_secure(), path="/")


def is_secure() -> bool:
    """Return whether cookies travel encrypted only: everywhere but on the machine's own address over plain HTTP."""
    address = urlsplit(settings().public_url)
    return not (address.scheme == "http" and address.hostname in _LOOPBACK)


def _name() -> str:
    return _SECURE if is_secure() else _PLAIN
