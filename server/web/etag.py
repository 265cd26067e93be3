"""Changes of what may have changed: PUT, PATCH and DELETE say which version they mean (If-Match)."""

import re
from typing import Any

from flask import g, request
from marshmallow import Schema

from server.core.errors import Refusal
from server.web.errors import BadRequest, Outdated

_TAG = re.compile(r'"([0-9]{1,10})"')
_LARGEST = 2**31 - 1


class VersionNeeded(Refusal):
    """The change does not say which version it is meant for."""

    code = "version.needed"
    status = 428


class BadVersion(BadRequest):
    """The If-Match header is not a version as an ETag header gave it."""

    code = "version.bad"


def expected_version() -> int:
    """Return the version that the caller read before he changes it.

    :raises VersionNeeded: if he does not say.
    :raises BadVersion: if what he says is not one version (`*` and lists are not accepted).
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise VersionNeeded
    match = _TAG.fullmatch(given.strip())
    if match is None or int(match[1]) > _LARGEST:
        raise BadVersion
    return int(match[1])


def match(row: Any, *, schema: type[Schema]) -> None:
    """Refuse a change that is meant for another version than the row's; the answer shows what the row is now.

    Call it on a row that was read FOR UPDATE in the transaction of the change. Two changes that both pass
    are caught by the row's own version column.

    :raises Outdated: with the present state.
    """
    expected = expected_version()
    if row.version != expected:
        raise Outdated(current=schema().dump(row), version=row.version)


def tell(version: int) -> None:
    """Let the answer carry the version of what it shows."""
    g.version = version
