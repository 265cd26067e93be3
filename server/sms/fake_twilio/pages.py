"""The page of telephones: whoever tries the product out reads and answers here as technician or customer."""

import json
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.core.numbers import is_fiction
from server.sms.fake_twilio.rest import line
from server.sms.fake_twilio.store import Telephone

blueprint = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

_LOCALES = ("en", "zh")
_LONGEST_BODY = 1600


@blueprint.get("/")
def telephones() -> str:
    """Show every telephone, and none of them opened."""
    return _page(None)


@blueprint.get("/telephones/<phone>")
def telephone(phone: str) -> str:
    """Show the conversation of one telephone."""
    if not is_fiction(phone):
        abort(404)
    return _page(phone)


@blueprint.post("/telephones/<phone>")
def answer(phone: str) -> AnyResponse:
    """Send what was typed, as that telephone."""
    body = request.form.get("body", "").strip()[:_LONGEST_BODY]
    if not is_fiction(phone):
        abort(404)
    if body:
        line().send(phone=phone, body=body)
    return redirect(url_for("pages.telephone", phone=phone, lang=request.args.get("lang")), 303)


@blueprint.post("/telephones")
def pick() -> AnyResponse:
    """Open a telephone that has no message yet, by its number."""
    phone = "".join(letter for letter in request.form.get("phone", "") if letter.isdecimal() or letter == "+")
    place = url_for(
        "pages.telephone" if is_fiction(phone) else "pages.telephones", lang=request.args.get("lang"), phone=phone
    )
    return redirect(place, 303)


def _page(phone: str | None) -> str:
    opened = line().store.telephone(phone) if phone is not None else None
    locale = _locale()
    return render_template(
        "telephones.html",
        telephones=_groups(line().store.telephones(), opened),
        opened=opened,
        messages=line().store.after(0, phone=phone, most=10_000)[-200:] if phone is not None else [],
        t=_words(locale),
        locale=locale,
        lang=request.args.get("lang") if request.args.get("lang") in _LOCALES else None,
    )


def _groups(found: list[Telephone], opened: Telephone | None) -> list[Telephone]:
    if opened is not None and all(telephone.phone != opened.phone for telephone in found):
        return [opened, *found]
    return found


def _locale() -> str:
    asked = request.args.get("lang")
    return asked if asked in _LOCALES else request.accept_languages.best_match(_LOCALES, "en")


@cache
def _words(locale: str) -> dict[str, str]:
    content = (files("server.sms.fake_twilio") / "texts" / f"{locale}.json").read_text(encoding="utf-8")
    words: dict[str, str] = json.loads(content)
    return words


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
