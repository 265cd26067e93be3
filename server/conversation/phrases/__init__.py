"""The short sentences that answers are made of, in every language; the messages around them are templates of sms."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@cache
def phrases(locale: str) -> Mapping[str, str]:
    """Return every sentence of a language by its name."""
    content = (files("server.conversation.phrases") / f"{locale}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(content)
    return loaded


def say(name: str, locale: str, **values: str | int) -> str:
    """Return a sentence filled in; nothing in a value is read as a placeholder.

    :raises KeyError: if there is no such sentence or a value is missing: a defect of the caller.
    """
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), phrases(locale)[name])


def knows(name: str) -> bool:
    """Return whether there is a sentence of this name."""
    return name in phrases("en")
