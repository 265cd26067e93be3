"""How people really type: full-width characters, odd punctuation, stuck spaces, slips of a finger. Pure."""

import re
import unicodedata

LEAST_LETTERS = 5
"""Shorter words are taken as they are written: one slip turns too many of them into another word."""

NO_SLIPS = frozenset({"leaking", "charge", "charged", "conform", "rejects"})
"""Words that people mean as they stand although one letter makes them a command."""

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_PUNCTUATION = str.maketrans(
    {"。": ".", "、": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-", "−": "-"}
)


def tidy(text: str) -> str:
    """Return a text with half-width characters, plain punctuation and single spaces; a line break becomes `;`.

    Letters keep their case, because serial numbers and names have one.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_PUNCTUATION)
    plain = _INVISIBLE.sub("", plain)
    plain = re.sub(r"\s*[\r\n]+\s*", "; ", plain.strip())
    return re.sub(r"\s+", " ", plain)


def is_slip(written: str, word: str) -> bool:
    """Return whether a word differs from a known one by one letter: wrong, missing, doubled or swapped.

    Only words of at least `LEAST_LETTERS` letters are given that grace, and the first letter must stand:
    people slip inside words.
    """
    if len(word) < LEAST_LETTERS or abs(len(written) - len(word)) > 1 or written[:1] != word[:1]:
        return False
    if written == word or written in NO_SLIPS:
        return False
    at = next((i for i, (a, b) in enumerate(zip(written, word, strict=False)) if a != b), min(len(written), len(word)))
    if len(written) == len(word):
        swapped = word[at : at + 2] == written[at : at + 2][::-1] and written[at + 2 :] == word[at + 2 :]
        return swapped or written[at + 1 :] == word[at + 1 :]
    longer, shorter = (written, word) if len(written) > len(word) else (word, written)
    return longer[at + 1 :] == shorter[at:]
