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
    told = text.strip()
    for form in _forms():
        # A pattern with many gaps takes long to find out that it does not fit; its own words tell at once.
        if all(words in told for words in form.own):
            match = form.pattern.fullmatch(told)
            if match:
                said = {gap: (value or "").strip() for gap, value in match.groupdict().items()}
                return Reading(form.name, MappingProxyType(said))
    return NOTHING


@dataclass(frozen=True, slots=True)
class _Form:
    """A text of the product with gaps.

    :param own: every word of its own.
    """

    name: str
    pattern: re.Pattern[str]
    own: tuple[str, ...]


@cache
def _forms() -> tuple[_Form, ...]:
    """Return every text, those that say most in their own words first."""
    found = []
    for locale in templates.LOCALES:
        for name, written in templates.texts(locale).items():
            text = plain(written)
            own = tuple(_GAP.sub(" ", text).split())
            found.append((len(_GAP.sub("", text)), _Form(name, re.compile(_pattern(text), re.DOTALL), own)))
    found.sort(key=lambda pair: -pair[0])
    return tuple(form for _, form in found)


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
