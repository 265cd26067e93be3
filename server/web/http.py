"""What holds for every request: its name, the size of its body, protecting headers, one line in the log."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map, ValidationError

from server.core.errors import NotFound
from server.web import logs, metrics
from server.web.fields import LARGEST_INT, is_storable

USUAL_BODY = 256 * 1024
"""Bytes of a body that a route takes unless it declares another limit."""
_FORM_PARTS = 1_000
_FORM_MEMORY = 500_000
_REQUEST_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{8,64}", re.ASCII)
_LIMIT = "longest_body"

V = TypeVar("V", bound=Callable[..., Any])


class IdConverter(IntegerConverter):
    """The identity of a row in an address: a bigint above 0; anything else is an address that does not exist."""

    regex = r"[0-9]{1,19}"

    def __init__(self, map: Map, **kwargs: Any) -> None:  # noqa: A002 - werkzeug's name
        super().__init__(map, min=1, max=LARGEST_INT, **kwargs)

    def to_python(self, value: str) -> int:
        """Return the number.

        :raises ValidationError: if it has leading zeros or is out of range, so that each row has one address.
        """
        if value.startswith("0"):
            raise ValidationError
        return int(super().to_python(value))


def longest_body(size: int) -> Callable[[V], V]:
    """Declare how many bytes of body a view takes (fault 56)."""

    def declare(view: V) -> V:
        setattr(view, _LIMIT, size)
        return view

    return declare


def contents_policy(*, script: str = "'self'", style: str = "'self'", image: str = "'self'") -> str:
    """Return a Content-Security-Policy: everything from here, no frames around us, forms to us only."""
    return (
        f"default-src 'self'; script-src {script}; style-src {style}; img-src {image}; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def install(app: Flask, *, proxy_hops: int) -> None:
    """Give an application what holds for every request; call it before anything that may refuse one.

    :param proxy_hops: how many proxies of ours stand in front; as many forwarded addresses are believed.
    """
    app.url_map.converters |= {"int": IdConverter, "id": IdConverter}
    app.config["MAX_CONTENT_LENGTH"] = USUAL_BODY
    app.config["MAX_FORM_PARTS"] = _FORM_PARTS
    app.config["MAX_FORM_MEMORY_SIZE"] = _FORM_MEMORY
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    if proxy_hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxy_hops, x_proto=proxy_hops, x_host=proxy_hops
        )
    app.before_request(_begin)
    app.before_request(_bound)
    app.after_request(_protect)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else _fresh_id()
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _fresh_id() -> str:
    # Letters only: no part of it ever looks like a telephone number.
    return secrets.token_bytes(10).hex().translate(str.maketrans("0123456789", "ghijklmnop"))


def _bound() -> None:
    """Refuse what cannot be an address of ours, and a body that is longer than the view takes."""
    if not is_storable(request.path, lines=False):
        raise NotFound
    view = current_app.view_functions.get(request.endpoint or "")
    limit = getattr(getattr(view, "view_class", None), request.method.lower(), view)
    request.max_content_length = getattr(limit, _LIMIT, USUAL_BODY)
    length = request.content_length
    if length is None and request.environ.get("wsgi.input_terminated"):
        # A body in chunks tells no length, and the stream ends quietly at the limit: a cut body is not the body.
        length = len(request.get_data(cache=True)) + 1
    if length is not None and length > request.max_content_length:
        raise RequestEntityTooLarge


def _protect(answer: Response) -> Response:
    headers = answer.headers
    headers.setdefault("Content-Security-Policy", contents_policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("X-Request-Id", g.get("request_id", ""))
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return answer


def _end(answer: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "none"
    metrics.observe(route=route, method=_method(), status=answer.status_code, seconds=seconds)
    logs.logger.info(
        "request answered",
        method=_method(),
        # The rule and never the address: an address may hold a customer's link.
        route=route,
        status=answer.status_code,
        ms=round(seconds * 1000, 1),
        caller=_caller(),
    )
    return answer


def _forget(_: BaseException | None) -> None:
    structlog.contextvars.clear_contextvars()


def _method() -> str:
    return request.method if request.method in _METHODS else "OTHER"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def _caller() -> str | None:
    principal = g.get("principal")
    return f"{principal.kind}:{principal.id}" if principal else None
