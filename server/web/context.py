"""What a request has at hand: the database, the settings, the instant, and who asks.

Views call `database()`, `settings()`, `current()`; nothing below the views does.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

from server.config import Settings
from server.core import clock
from server.core.clock import Clock
from server.core.db import Database
from server.core.policies import Terms
from server.organisation.access import Principal

KEY = "truckroll"
"""Under which the application's extensions hold the state."""

HASHES_AT_ONCE = 2
"""Each password hash takes 19 MiB and a core for a while; more at once would starve everything else (fault 47)."""

V = TypeVar("V", bound=Callable[..., Any])

_TIMELESS = "asks_no_time"


@dataclass(frozen=True, slots=True)
class AppState:
    """What the composition root hands to the edges, one for each process.

    :param terms: every policy of the product, which an administrator may change.
    :param hashes: taken, without waiting, around every password hash.
    """

    settings: Settings
    database: Database
    clock: Clock
    terms: tuple[type[Terms], ...] = ()
    hashes: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(HASHES_AT_ONCE))


class NobodyAsks(LookupError):
    """A view that is open to everybody asked who the caller is."""


def state() -> AppState:
    """Return what the composition root handed over."""
    return cast(AppState, current_app.extensions[KEY])


def database() -> Database:
    """Return the database of this process."""
    return state().database


def settings() -> Settings:
    """Return the settings of this process."""
    return state().settings


def current() -> Principal:
    """Return who asks.

    :raises NobodyAsks: in a view that is open to everybody: a bug of the view.
    """
    principal = caller()
    if principal is None:
        raise NobodyAsks
    return principal


def caller() -> Principal | None:
    """Return who asks, or None for somebody unknown."""
    return cast(Principal | None, g.get("principal"))


def identify(principal: Principal) -> None:
    """Hold who asks, for the rest of this request."""
    g.principal = principal


def request_id() -> str:
    """Return the name of this request, as the logs and the caller know it."""
    return cast(str, g.get("request_id", ""))


def install(app: Flask, given: AppState) -> None:
    """Give an application its state, and bind one instant for the whole of every request."""
    app.extensions[KEY] = given
    app.before_request(_bind_instant)
    app.teardown_request(_release_instant)


def timeless(view: V) -> V:
    """Declare that a view does not ask for the time: it answers even where a rehearsal's clock cannot be read."""
    setattr(view, _TIMELESS, True)
    return view


def is_timeless() -> bool:
    """Return whether the view of this request asks for no time, and so cannot know who asks either."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), _TIMELESS, False)


def _bind_instant() -> None:
    if is_timeless():
        return
    holding: AbstractContextManager[object] = clock.holding(state().clock.read())
    holding.__enter__()
    g.release_instant = lambda: holding.__exit__(None, None, None)


def _release_instant(_: BaseException | None) -> None:
    release: Callable[[], None] | None = g.pop("release_instant", None)
    if release is not None:
        release()
