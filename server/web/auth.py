"""Who may call what: every view declares it, and what declares nothing is refused.

    @allowed(Role.DISPATCHER, Role.SUPERVISOR)      staff with one of these roles
    @allowed(*EVERYBODY)                            any member of staff
    @for_technicians                                a technician's device
    @public                                         anybody: logging in, health, documents
    @by_link                                        whoever holds a customer's link; the view checks the token
    @by_provider                                    a provider; the view checks the signature

Under `/api/` only bearer tokens of staff count, under `/mobile/` only those of devices; cookies are not
looked at there. Everywhere else the console's cookie counts, and what changes something needs a token of
the form and must come from our own pages. A role taken away, a token revoked, an account closed: it holds
from the next request on, because nothing is remembered between requests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

from server.core.errors import Forbidden, Refusal
from server.organisation.models import Role

EVERYBODY: tuple[Role, ...] = tuple(Role)
"""Any member of staff."""

V = TypeVar("V", bound=Callable[..., Any])

_DECLARED = "declared_access"


class Audience(StrEnum):
    """For whom a view is."""

    ANYBODY = "anybody"
    STAFF = "staff"
    TECHNICIANS = "technicians"
    LINK = "link"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares."""

    audience: Audience
    roles: frozenset[Role] = frozenset()


class Unauthenticated(Refusal):
    """Nobody has proved who he is, or what he showed opens nothing (any more)."""

    code = "auth.unauthenticated"
    status = 401


class NotForThisRole(Forbidden):
    """The caller is known, but this is not for his role."""

    code = "auth.not_for_this_role"


class Undeclared(Forbidden):
    """The address declares nobody whom it is for."""

    code = "auth.undeclared"


def allowed(*roles: Role) -> Callable[[V], V]:
    """Declare that members of staff with one of these roles may call a view."""
    if not roles:
        raise TypeError("name at least one role, or EVERYBODY")
    return _declare(Access(Audience.STAFF, frozenset(roles)))


def public(view: V) -> V:
    """Declare that anybody may call a view."""
    return _declare(Access(Audience.ANYBODY))(view)


def for_technicians(view: V) -> V:
    """Declare that a technician may call a view with the token of his device."""
    return _declare(Access(Audience.TECHNICIANS))(view)


def by_link(view: V) -> V:
    """Declare that a view checks the token of a customer's link itself."""
    return _declare(Access(Audience.LINK))(view)


def by_provider(view: V) -> V:
    """Declare that a view checks a provider's signature itself."""
    return _declare(Access(Audience.PROVIDER))(view)


def _declare(access: Access) -> Callable[[V], V]:
    def declare(view: V) -> V:
        setattr(view, _DECLARED, access)
        # The blueprint's document tells for whom an operation is.
        documented = {**getattr(view, "_apidoc", {}), "access": access}
        setattr(view, "_apidoc", documented)  # noqa: B010 - an attribute that functions do not declare
        return view

    return declare


def declared(view: Callable[..., Any], method: str) -> Access | None:
    """Return what a view declares for a method: on the function, on the method of its class, or on the class."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return cast(Access | None, getattr(view, _DECLARED, None))
    handler = getattr(view_class, method.lower(), None)
    if handler is None and method == "HEAD":
        handler = getattr(view_class, "get", None)
    return cast(Access | None, getattr(handler, _DECLARED, None) or getattr(view_class, _DECLARED, None))
