"""What people read on their telephones: which text it is, and what stands in it.

People understand what they read; here the product's own texts, with their gaps, stand in for that.
"""

import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from server.sms import templates
from server.sms.segments import plain

_GAP = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as it was understood.

    :param name: of the text; empty if it is none that we know.
    :param says: what stands in its gaps.
    """

    name: str
    says: MappingProxyType[str, str]


NOTHING = Reading("", MappingProxyType({}))


def read(text: str) -> Reading:
    """Return what a text is: of several that fit, the one that says most in its own words."""
    best, weight = NOTHING, -1
    for name, pattern, own_words in _patterns():
        if own_words <= weight:
            continue
        match = pattern.fullmatch(text.strip())
        if match:
            said = {gap: (value or "").strip() for gap, value in match.groupdict().items()}
            best, weight = Reading(name, MappingProxyType(said)), own_words
    return best


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], int], ...]:
    found = []
    for locale in templates.LOCALES:
        for name, text in templates.texts(locale).items():
            own_words = len(_GAP.sub("", text))
            found.append((name, re.compile(_pattern(plain(text)), re.DOTALL), own_words))
    return tuple(found)


def _pattern(text: str) -> str:
    """Return a pattern of a text: a gap may be empty, and around an empty one the spaces have been tidied."""
    pieces: list[str] = []
    seen: set[str] = set()
    at = 0
    for gap in _GAP.finditer(text):
        pieces.append(_words(text[at : gap.start()]))
        name = gap[1]
        pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
        seen.add(name)
        at = gap.end()
    pieces.append(_words(text[at:]))
    return "".join(pieces)


def _words(text: str) -> str:
    return r"\s*".join(re.escape(word) for word in re.split(r"\s+", text))
