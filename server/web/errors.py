"""Every refusal and every error leaves as RFC 9457 problem details, in the caller's language.

A problem has `type`, `title`, `status`, `detail`, `code` (for machines), `instance` (the request's id, to be
told to support) and `details`. A body that breaks rules gets 422 and names each field and rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json
from marshmallow import ValidationError
from psycopg import DataError as PsycopgDataError
from psycopg.errors import CheckViolation, LockNotAvailable, QueryCanceled
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from server.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unavailable
from server.web import logs, texts
from server.web.context import request_id
from server.web.fields import Broken
from server.web.locale import locale

MEDIA_TYPE = "application/problem+json"


class BadRequest(Refusal):
    """The request cannot be read."""

    code = "request.bad"
    status = 400


class NotAllowedHere(Refusal):
    """There is such an address, but not for this method."""

    code = "request.method"
    status = 405


class NotAcceptable(Refusal):
    """The answer does not exist in the form that was asked for."""

    code = "request.not_acceptable"
    status = 406


class TooLarge(Refusal):
    """The body is longer than this address takes."""

    code = "request.too_large"
    status = 413


class WrongMediaType(Refusal):
    """The body is not of the kind that this address reads."""

    code = "request.media_type"
    status = 415


class RulesBroken(Invalid):
    """Some fields break rules; the details name each field and rule."""

    code = "request.rules_broken"


class Failed(Refusal):
    """Something is wrong with the product itself."""

    code = "failed"
    status = 500


class Outdated(Refusal):
    """The record was changed by somebody else since the caller read it.

    :param current: what it is now, as this address shows it, so that nobody has to ask again.
    """

    code = "version.outdated"
    status = 412

    def __init__(self, *, current: Mapping[str, Any] | None = None, version: int | None = None) -> None:
        super().__init__(version=version)
        self.current = current
        self.version = version


_OF_STATUS: Mapping[int, type[Refusal]] = {
    403: Forbidden,
    404: NotFound,
    405: NotAllowedHere,
    406: NotAcceptable,
    409: Conflict,
    413: TooLarge,
    415: WrongMediaType,
    422: RulesBroken,
    503: Unavailable,
}
"""How an error that the framework raises is said."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One rule that one field breaks."""

    field: str
    rule: str
    message: str


def problem(refusal: Refusal, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer for a refusal."""
    text = texts.of(refusal, locale=locale())
    body: dict[str, Any] = {
        "type": f"urn:truckroll:problem:{refusal.code}",
        "title": text.title,
        "status": refusal.status,
        "detail": text.detail,
        "code": refusal.code,
        "instance": f"urn:truckroll:request:{request_id()}",
        "details": refusal.details,
    }
    if isinstance(refusal, Outdated) and refusal.current is not None:
        body["current"] = refusal.current
    answer = Response(json.dumps(body), status=refusal.status, content_type=MEDIA_TYPE)
    answer.headers.update(headers_of(refusal))
    answer.headers.update(headers or {})
    answer.headers["Content-Language"] = locale()
    return answer


def headers_of(refusal: Refusal) -> Iterator[tuple[str, str]]:
    """Yield the headers that a refusal brings: when to try again, how to prove oneself, the present version."""
    wait = refusal.details.get("retry_after")
    if wait is not None or refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield "Retry-After", str(wait or 1)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        yield "WWW-Authenticate", "Bearer"
    if isinstance(refusal, Outdated) and refusal.version is not None:
        yield "ETag", f'"{refusal.version}"'


def broken_rules(messages: Any, *, inside: str = "") -> Iterator[BrokenRule]:
    """Yield every broken rule of marshmallow's nested messages, fields named by their path (`phones.0.number`)."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            name = _shown(key)
            path = inside if name == "_schema" else f"{inside}.{name}" if inside else name
            yield from broken_rules(inner, inside=path)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, Mapping):
            yield from broken_rules(message, inside=inside)
        elif isinstance(message, Broken):
            yield BrokenRule(
                inside, message.rule, texts.rule(message.rule, locale=locale(), details=message.parameters)
            )
        else:
            yield BrokenRule(inside, "invalid", texts.rule("invalid", locale=locale(), details={}))


def _shown(key: object) -> str:
    """Return a key that a caller chose, short and printable: it is told back to him and to nobody else."""
    return "".join(letter for letter in str(key)[:60] if letter.isprintable())


def rules_broken(error: ValidationError) -> RulesBroken:
    """Return the refusal of a body or query that breaks rules.

    The messages may be namespaced by where the values came from (`json`, `query`); a body's are shown as they are.
    """
    messages = error.messages
    if isinstance(messages, dict) and len(messages) == 1:
        (place,) = messages
        if place in {"json", "query", "form", "headers", "files"}:
            messages = messages[place]
    fields: list[dict[str, str | int | None]] = [
        {"field": b.field, "rule": b.rule, "message": b.message} for b in broken_rules(messages)
    ]
    return RulesBroken(fields=fields)


def refused(refusal: Refusal) -> Response:
    """Answer a refusal."""
    return problem(refusal)


def refused_by_framework(error: HTTPException) -> Response:
    """Answer what the framework refused: an unknown address, a wrong method, a body that is too large."""
    if error.code is not None and error.code < HTTPStatus.BAD_REQUEST:
        return Response(status=error.code, headers=error.get_headers())
    if isinstance(error, MethodNotAllowed):
        return problem(NotAllowedHere(), headers={"Allow": ", ".join(sorted(error.valid_methods or ()))})
    cause = getattr(error, "exc", None)
    if isinstance(cause, ValidationError):
        return problem(rules_broken(cause))
    kind = _OF_STATUS.get(error.code or 500)
    if kind is None:
        kind = BadRequest if (error.code or 500) < HTTPStatus.INTERNAL_SERVER_ERROR else Failed
    return problem(kind())


def broke_rules(error: ValidationError) -> Response:
    """Answer values that break rules."""
    return problem(rules_broken(error))


def was_outdated(_: StaleDataError) -> Response:
    """Answer a change that lost against another one between reading and writing."""
    return problem(Outdated())


def database_failed(error: DBAPIError) -> Response:
    """Answer a database that cannot be reached, or a row that somebody holds for too long, as something to retry.

    What a constraint refused although no use case said so is a defect that is logged; the caller still
    gets the answer that the constraint stands for, because nothing was written.
    """
    if isinstance(error.orig, LockNotAvailable | QueryCanceled) or isinstance(error, OperationalError):
        logs.failure("database unavailable", error)
        return problem(Unavailable())
    if isinstance(error, IntegrityError | DataError):
        logs.failure("database refused a value", error)
        return problem(Invalid() if isinstance(error.orig, CheckViolation | PsycopgDataError) else Conflict())
    return failed(error)


def failed(error: Exception) -> Response:
    """Answer a defect of the product: the log has the place in the code, the caller has the request's id."""
    logs.failure("request failed", error)
    return problem(Failed())


def install(app: Flask) -> None:
    """Let an application answer everything that goes wrong as a problem."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, refused_by_framework)
    app.register_error_handler(ValidationError, broke_rules)
    app.register_error_handler(StaleDataError, was_outdated)
    app.register_error_handler(DBAPIError, database_failed)
    app.register_error_handler(Exception, failed)
