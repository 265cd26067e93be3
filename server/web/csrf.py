"""Changes by a browser come from our own pages: checked by where the request comes from and by a token of the form."""

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import request

from server.core.errors import Forbidden
from server.web.context import settings
from server.web.cookies import session_token

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"


class FromElsewhere(Forbidden):
    """The request does not come from a page of ours."""

    code = "auth.from_elsewhere"


class FormExpired(Forbidden):
    """The token of the form is absent or belongs to another log-in."""

    code = "auth.form_expired"


def token() -> str:
    """Return the token that every form of this log-in carries; empty for somebody who is not logged in.

    It is derived from the log-in, so nothing is stored, and it ends with it.
    """
    session = session_token()
    if session is None:
        return ""
    return hmac.new(settings().session_key.encode(), f"form\0{session}".encode(), hashlib.sha256).hexdigest()


def check(*, with_form_token: bool) -> None:
    """Refuse a change that another site made the browser send.

    :param with_form_token: whether the caller is logged in, so that his form has a token.
    :raises FromElsewhere: if the browser says that it comes from elsewhere, or does not say where from.
    :raises FormExpired: if the form's token does not belong to the log-in.
    """
    if not _is_from_here():
        raise FromElsewhere
    if with_form_token:
        given = request.headers.get(HEADER) or request.form.get(FIELD, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), token().encode()):
            raise FormExpired


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    # A page with `no-referrer` sends `null` from its forms; then the browser's own word above must vouch for it.
    if origin is None or origin == "null":
        return site == "same-origin"
    return _place(origin) in {_place(settings().public_url), _place(request.host_url)}


def _place(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.lower()
