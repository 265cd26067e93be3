"""Before a view is entered: who asks, and whether he may."""

from enum import StrEnum
from types import MappingProxyType

from flask import Flask, current_app, request

from server.core import clock
from server.core.events import ActorKind
from server.organisation import logins
from server.organisation.access import Principal
from server.technicians import devices
from server.web import csrf, logs, rates
from server.web.auth import Access, Audience, NotForThisRole, Unauthenticated, Undeclared, declared
from server.web.context import database, identify, is_timeless
from server.web.cookies import session_token

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_TOKEN = 200
_KINDS = MappingProxyType({Audience.STAFF: ActorKind.STAFF, Audience.TECHNICIANS: ActorKind.TECHNICIAN})
"""Who must have proved himself, by for whom a view is."""


class Area(StrEnum):
    """Which kind of proof counts at an address."""

    API = "api"
    MOBILE = "mobile"
    PAGES = "pages"


def install(app: Flask) -> None:
    """Let an application turn away whoever may not call a view."""
    app.before_request(admit)


def area() -> Area:
    """Return which kind of proof counts at the address of this request."""
    if request.path.startswith("/api/"):
        return Area.API
    return Area.MOBILE if request.path.startswith("/mobile/v") else Area.PAGES


def admit() -> None:
    """Refuse whoever may not call the view of this request; deny by default.

    :raises TooManyRequests: if the caller, or his address if he is unknown, asks too often.
    :raises Undeclared: if the view does not declare whom it is for.
    :raises Unauthenticated: if it is for somebody known, and nothing valid was shown.
    :raises NotForThisRole: if the caller is known and has none of the roles.
    """
    if request.endpoint is None:
        rates.count(None, None)
        return  # an unknown address: 404 follows
    access = declared(current_app.view_functions[request.endpoint], request.method)
    if access is None:
        logs.logger.error("view declares no access", endpoint=request.endpoint, method=request.method)
        raise Undeclared
    principal = _asking(access)
    if principal is not None:
        identify(principal)
    # Before anything is refused: who guesses tokens is counted like everybody else at his address.
    rates.count(access, principal)
    if principal is None and access.audience in _KINDS:
        raise Unauthenticated
    if area() is Area.PAGES and access.audience is not Audience.PROVIDER and request.method not in _SAFE:
        csrf.check(with_form_token=access.audience is Audience.STAFF)
    if access.audience is Audience.STAFF and (principal is None or not principal.has(*access.roles)):
        raise NotForThisRole


def _asking(access: Access) -> Principal | None:
    """Return who asks, where it matters; on open pages somebody who is known is greeted."""
    here = area()
    greeted = here is Area.PAGES and access.audience is Audience.ANYBODY and not is_timeless()
    if access.audience not in _KINDS and not greeted:
        return None
    token = session_token() if here is Area.PAGES else bearer_token()
    principal = _behind(token, here) if token else None
    if principal is not None and principal.kind is not _KINDS.get(access.audience, principal.kind):
        return None
    return principal


def bearer_token() -> str | None:
    """Return the bearer token of this request; only the header counts, never an address or a cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST_TOKEN else None


def _behind(token: str, here: Area) -> Principal | None:
    now = clock.now()
    with database().glance() as session:
        if here is Area.MOBILE:
            return devices.by_token(session, token=token, now=now)
        if here is Area.API:
            return logins.by_token(session, token=token, now=now)
        return logins.by_session(session, token=token, now=now)
