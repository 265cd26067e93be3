"""The frame of every page of the console: navigation by role, language, built assets, values as people read them."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_currency_precision
from flask import render_template, request, url_for
from markupsafe import Markup

from server.console import words
from server.console.looks import look
from server.core import clock
from server.core.money import Money
from server.organisation.models import Role
from server.web import csrf
from server.web.context import caller, settings
from server.web.locale import locale

NAVIGATION: tuple[tuple[str, str, str, frozenset[Role]], ...] = (
    ("today", "console.today", "g h", frozenset({Role.DISPATCHER, Role.SUPERVISOR})),
    ("tickets", "console.tickets", "g t", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.STATION})),
    ("plan", "console.plan", "g p", frozenset({Role.DISPATCHER, Role.SUPERVISOR})),
    ("cards", "console.cards", "g d", frozenset({Role.STATION_CLERK, Role.DISPATCHER})),
    ("callbacks", "console.callbacks", "g c", frozenset({Role.CALLBACK_AGENT, Role.SUPERVISOR})),
    ("statements", "console.statements", "g s", frozenset({Role.AUDITOR, Role.FINANCE, Role.STATION})),
    ("people", "console.people", "g u", frozenset({Role.ADMINISTRATOR})),
    ("customers", "console.customers", "g m", frozenset({Role.ADMINISTRATOR})),
)
"""Word, endpoint, keys, and who sees it in the main navigation."""

_SEARCHES = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.STATION})
_BABEL = {"en": "en_GB", "zh": "zh_Hans_CN"}
THEMES = frozenset({"light", "dark"})


def page(template: str, *, status: int = 200, **values: Any) -> tuple[str, int]:
    """Render a page in the frame, in the caller's language."""
    return render_template(f"console/{template}", **frame(), **values), status


def frame() -> Mapping[str, Any]:
    """Return what every template has at hand."""
    language = locale()
    principal = caller()
    roles = principal.roles if principal else frozenset()
    theme = request.cookies.get("theme", "")
    return {
        "say": partial(words.say, locale=language),
        "language": language,
        "other_language": _in_language,
        "me": principal,
        "company": settings().company,
        "theme": theme if theme in THEMES else "",
        "navigation": [
            (word, url_for(endpoint), keys, endpoint) for word, endpoint, keys, seen in NAVIGATION if roles & seen
        ],
        "searches": bool(roles & _SEARCHES),
        "knows": words.knows,
        "csrf_token": csrf.token(),
        "csrf_field": csrf.FIELD,
        "asset": asset,
        "styles": styles(),
        "look": look,
        "when": partial(when, language=language),
        "day": partial(day, language=language),
        "hour": partial(hour, language=language),
        "money": partial(money, language=language),
        "word_of": partial(word_of, language=language),
        "why": partial(why, language=language),
        "now": clock.now(),
    }


def _in_language(language: str) -> str:
    return url_for("console.language", language=language, back=request.full_path)


@cache
def _manifest() -> Mapping[str, Any]:
    file = files("server.console") / "static" / "built" / "manifest.json"
    manifest: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return manifest


def asset(source: str) -> str:
    """Return the address of a built file by its source (`src/console.ts`)."""
    return url_for("console.static", filename=_manifest()[source]["file"])


def styles() -> list[str]:
    """Return the addresses of the style sheets."""
    return [url_for("console.static", filename=file) for file in _manifest()["src/console.ts"]["css"]]


def when(instant: datetime | None, zone: str, *, language: str) -> Markup:
    """Return an instant on a site's clock: the time alone for today, day and time otherwise; a dash for none."""
    if instant is None:
        return Markup("–")
    local = instant.astimezone(ZoneInfo(zone))
    today = clock.local_day(clock.now(), zone)
    spoken = _BABEL[language]
    if local.date() == today:
        shown = format_time(local, "HH:mm", locale=spoken)
    elif abs((local.date() - today).days) < 180:
        shown = format_datetime(local, "M月d日 HH:mm" if language == "zh" else "d MMM HH:mm", locale=spoken)
    else:
        shown = f"{local:%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(timespec="seconds"), shown)


def hour(instant: datetime, zone: str, *, language: str) -> str:
    """Return the time of day on a site's clock."""
    return format_time(instant.astimezone(ZoneInfo(zone)), "HH:mm", locale=_BABEL[language])


def day(value: date | None, *, language: str) -> str:
    """Return a day with its weekday, a dash for none."""
    if value is None:
        return "–"
    if language == "zh":
        return format_date(value, "y年M月d日 EEE", locale=_BABEL[language])
    return format_date(value, "EEE d MMM yyyy", locale=_BABEL[language])


def money(amount: Money | None, *, language: str, currency: bool = False) -> str:
    """Return an amount in major units, with its currency's letters if asked for; a dash for none."""
    if amount is None:
        return "–"
    places = get_currency_precision(amount.currency)
    major = amount.amount / 10**places
    text = format_decimal(major, format=f"#,##0.{'0' * places}" if places else "#,##0", locale=_BABEL[language])
    return f"{amount.currency} {text}" if currency else text


def word_of(kind: str, value: object, *, language: str) -> str:
    """Return the word for a value of a closed list (`word.work_type.repair`); the value itself where there is none."""
    key = f"word.{kind}.{value}"
    return words.say(key, locale=language) if words.knows(key) else str(value).replace("_", " ")


_REASONS = ("why", "decline", "fail_reason", "result", "event")


def why(reason: str, *, language: str) -> str:
    """Return the reason of an event in words: ours are codes, a person's are his own."""
    keys = (f"word.{kind}.{reason}" for kind in _REASONS)
    return next((words.say(key, locale=language) for key in keys if words.knows(key)), reason)
