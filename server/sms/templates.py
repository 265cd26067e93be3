"""Texts with named parameters, in every language, filled in when a message leaves.

A placeholder is ``{name}`` and nothing else: values are put in as they are, in one pass, and nothing in a value is
ever read as a placeholder or evaluated (fault 21). What a message is called and which parameters it has is the
contract between this package and those who send: `parameters_of()`.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from server.sms.segments import plain

LOCALES = ("en", "zh")
COMPANY = "company"
"""The one parameter that the sender fills in: it is the installation's name."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST_VALUE = 400
_LONGEST_TEXT = 1200
"""Characters; providers refuse texts of more than 1,600, and a text that long is a defect of whoever sends it."""


_SECRETS = frozenset({"link"})
"""Whoever holds it may act for the customer."""
_SECRETS_OF = {"login.code": frozenset({"code"})}
"""In every other text a code is a job code, which is worth nothing without the telephone."""


class NoTemplate(LookupError):
    """There is no such text: a defect of whoever sends, found where the message is queued."""


class WrongParameters(ValueError):
    """Parameters are missing, or some are not in the text: a defect of whoever sends."""


@cache
def texts(locale: str) -> Mapping[str, str]:
    """Return every text of a language by its name."""
    content = (files("server.sms") / "texts" / f"{locale}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(content)
    return loaded


def language(locale: str) -> str:
    """Return the language of ours that a locale is served in: `zh-CN` in `zh`, an unknown one in `en`."""
    wanted = locale.replace("_", "-").split("-")[0].lower()
    return wanted if wanted in LOCALES else LOCALES[0]


def parameters_of(template: str) -> frozenset[str]:
    """Return the names that a sender gives values for; the company's name is not one of them.

    :raises NoTemplate: if there is no such text.
    """
    return frozenset(_PLACEHOLDER.findall(_text(template, LOCALES[0]))) - {COMPANY}


def secrets_of(template: str) -> frozenset[str]:
    """Return which parameters of a text are secrets: kept no longer than until the text has left."""
    return _SECRETS | _SECRETS_OF.get(template, frozenset())


def check(template: str, parameters: Mapping[str, object]) -> None:
    """Find out whether a text can be filled in with these parameters, exactly.

    :raises NoTemplate: if there is no such text.
    :raises WrongParameters: naming what is missing, unknown, or neither text nor a whole number.
    """
    names = parameters_of(template)
    missing, unknown = sorted(names - set(parameters)), sorted(set(parameters) - names)
    if missing or unknown:
        raise WrongParameters(f"{template}: missing {missing}, unknown {unknown}")
    odd = sorted(name for name, value in parameters.items() if not isinstance(value, str | int))
    if odd:
        raise WrongParameters(f"{template}: {odd} must be text or whole numbers")


def render(template: str, parameters: Mapping[str, object], *, locale: str, company: str) -> str:
    """Return the text as it leaves: filled in, tidied, at most 1,200 characters long.

    :raises NoTemplate: if there is no such text.
    :raises WrongParameters: if the parameters are not exactly those of the text.
    """
    check(template, parameters)
    values = {name: _tidy(str(value)) for name, value in {**parameters, COMPANY: company}.items()}
    filled = _PLACEHOLDER.sub(lambda match: values[match[1]], _text(template, language(locale)))
    lines = (re.sub(r" {2,}", " ", line).strip() for line in filled.splitlines())
    return plain("\n".join(lines).strip()[:_LONGEST_TEXT])


def _text(template: str, locale: str) -> str:
    try:
        return texts(locale)[template]
    except KeyError:
        raise NoTemplate(template) from None


def _tidy(value: str) -> str:
    """Return a value without control characters, torn surrogates and marks that reverse the direction of writing."""
    clean = _UNPRINTABLE.sub(" ", value.replace("\r\n", "\n"))
    return clean if len(clean) <= _LONGEST_VALUE else f"{clean[: _LONGEST_VALUE - 2]}.."
