"""Logging in and out of the console, the first page of each role, and the language."""

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from server.console import console
from server.console.frame import NAVIGATION, page
from server.core import clock
from server.core.errors import Refusal
from server.organisation import logins
from server.organisation.models import Role
from server.web import cookies, signing_in, texts
from server.web.auth import allowed, public
from server.web.context import caller, current, database, settings
from server.web.locale import COOKIE, locale
from server.web.texts import LOCALES

_LONGEST = 200
_YEAR_SECONDS = 365 * 24 * 3600

EVERYBODY = tuple(Role)


@console.get("/")
@public
def home() -> Response:
    """Lead each role to its daily step, and somebody unknown to the door."""
    principal = caller()
    if principal is None:
        return redirect(url_for("console.log_in"))
    for _, endpoint, _, seen in NAVIGATION:
        if principal.has(*seen):
            return redirect(url_for(endpoint))
    return redirect(url_for("console.account"))


@console.get("/console/login")
@public
def log_in() -> tuple[str, int]:
    """Show the door."""
    return page("login.html", login="", back=_inside(request.args.get("back", "")), demo=settings().demo)


@console.post("/console/login")
@public
def enter() -> Response | tuple[str, int]:
    """Let in whoever knows the password."""
    login, password = request.form.get("login", "")[:_LONGEST], request.form.get("password", "")[:_LONGEST]
    back = _inside(request.form.get("back", ""))
    try:
        staff_id = signing_in.prove(login=login, password=password, address=request.remote_addr)
    except Refusal as refusal:
        text = texts.of(refusal, locale=locale())
        shown = {"login": login, "back": back, "demo": settings().demo, "problem": text}
        return page("login.html", status=refusal.status, **shown)
    with database().transaction() as session:
        fresh = logins.open_console(session, staff_id=staff_id, now=clock.now())
    answer = redirect(back or url_for("console.home"), code=303)
    cookies.give(answer, token=fresh.text)
    return answer


@console.post("/console/logout")
@allowed(*EVERYBODY)
def log_out() -> Response:
    """End this log-in."""
    token = cookies.session_token()
    if token:
        with database().transaction() as session:
            logins.close_console(session, token=token, now=clock.now())
    answer = redirect(url_for("console.log_in"), code=303)
    cookies.take_away(answer)
    return answer


@console.get("/console/account")
@allowed(*EVERYBODY)
def account() -> tuple[str, int]:
    """Show who is logged in; the first page of a role whose desk is not built yet."""
    return page("account.html", roles=sorted(current().roles))


@console.get("/console/language/<language>")
@public
def language(language: str) -> Response:
    """Remember the language of this browser and go back to the page."""
    answer = redirect(_inside(request.args.get("back", "")) or url_for("console.home"), code=303)
    if language in LOCALES:
        answer.set_cookie(COOKIE, language, max_age=_YEAR_SECONDS, samesite="Lax", secure=cookies.is_secure())
    return answer


def _inside(address: str) -> str:
    """Return an address of ours, or nothing: nobody is led away by a link that only looks like ours."""
    parts = urlsplit(address)
    if not address.startswith("/") or address.startswith(("//", "/\\")) or parts.scheme or parts.netloc:
        return ""
    return address if address.isprintable() else ""
