"""The pages behind customers' links: GET shows and never acts, POST acts once."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TypeVar

from flask import Blueprint, Response, abort, redirect, render_template, request, send_from_directory, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.core import clock
from server.core.errors import Refusal, Unavailable
from server.orders import links
from server.orders.links import UnknownLink
from server.portal import deeds, sights
from server.portal.deeds import NoSuchAnswer
from server.portal.sights import Sight
from server.portal.words import words
from server.web import texts
from server.web.auth import by_link, public
from server.web.context import database, settings, timeless
from server.web.http import longest_body
from server.web.locale import locale
from server.web.rates import TooManyRequests

LONGEST_WISH = 500
"""Characters of a customer's own words."""
_LONGEST_FORM = 8 * 1024

blueprint = Blueprint("portal", __name__, url_prefix="/c", template_folder="templates")

R = TypeVar("R", bound=BaseResponse)

_BUILT = files("server") / "console" / "static" / "built"
_ENTRY, _ICONS = "src/console.ts", "src/favicon.svg"


@cache
def _built() -> dict[str, str]:
    """Return the built files that pages refer to: the stylesheet and the icon, as the build named them."""
    manifest = json.loads((_BUILT / "manifest.json").read_text(encoding="utf-8"))
    return {"style": manifest[_ENTRY]["css"][0], "icon": manifest[_ICONS]["file"]}


@blueprint.get("/look/<path:built>")
@public
@timeless
def look(built: str) -> Response:
    """Serve the stylesheet and the icon of these pages, and nothing else."""
    if built not in _built().values():
        abort(404)
    return send_from_directory(str(_BUILT), built, max_age=31_536_000)


@blueprint.get("/<token>")
@by_link
def show(token: str) -> Response:
    """Show what a link asks, or what became of it."""
    return _page(_seen(token))


@blueprint.post("/<token>")
@by_link
@longest_body(_LONGEST_FORM)
def act(token: str) -> BaseResponse:
    """Take an answer, once."""
    given = request.form.get("answer", "")[:20]
    wish = request.form.get("wish", "").replace("\0", "")[:LONGEST_WISH]
    now = clock.now()
    try:
        database().attempt(lambda session: deeds.answer(session, token=token, given=given, wish=wish, now=now))
    except NoSuchAnswer:
        seen = _seen(token)
        return _page(seen, alert=words(seen.locale)["lead.missing"], status=422)
    except UnknownLink:
        return _page(_seen(token))
    except Unavailable:
        raise
    except Refusal:
        # Somebody, another tap, or the clock was faster: say so, with where it stands now.
        seen = _seen(token)
        return _page(seen, alert=words(seen.locale)["lead.over"], status=409)
    # A page that is loaded again must not send the answer again.
    return _guarded(redirect(url_for("portal.show", token=token), code=303))


@blueprint.errorhandler(TooManyRequests)
def too_many(refusal: TooManyRequests) -> Response:
    """Ask for patience on a page like the others: here people look, no machines."""
    text = texts.of(refusal, locale=locale())
    answer = _page(Sight(locale(), text.title, text.detail, "", status=refusal.status))
    answer.headers["Retry-After"] = str(refusal.details["retry_after"])
    return answer


def _seen(token: str) -> Sight:
    with database().transaction() as session:
        try:
            link = links.find(session, token=token)
        except UnknownLink:
            return sights.unknown(session, locale=locale())
        return sights.sight_of(session, link, now=clock.now())


def _page(seen: Sight, *, alert: str = "", status: int | None = None) -> Response:
    text = words(seen.locale)
    built = {kind: url_for("portal.look", built=name) for kind, name in _built().items()}
    label: Callable[[str], str] = lambda name: text[name]  # noqa: E731 - the page's way to the words
    body = render_template(
        "portal/page.html", seen=seen, alert=alert, built=built, word=label, company=settings().company
    )
    return _guarded(Response(body, status=status or seen.status, content_type="text/html; charset=utf-8"))


def _guarded(answer: R) -> R:
    """Keep a page with somebody's token in its address out of caches, referrers and search engines (fault 49)."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
