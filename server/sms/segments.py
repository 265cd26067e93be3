"""How many segments a text is sent in, which is what carriers charge for (3GPP TS 23.038 and 23.040).

A text of the GSM alphabet has room for 160 septets, or 153 in each segment of a longer one; any other text is
sent in UTF-16 with room for 70 code units, or 67. A character of the extension table takes two septets, one beyond
the basic plane two code units, and neither is torn apart at the border of two segments.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " ", "‑": "-"}
)


def is_gsm(text: str) -> bool:
    """Return whether every character is in the GSM alphabet or its extension table."""
    return all(character in _BASIC or character in _EXTENSION for character in text)


def plain(text: str) -> str:
    """Return the text with typographic marks written plainly if that alone makes it a GSM text, else as it is.

    One curly quotation mark would halve the room for all the rest of the message.
    """
    plainly = text.translate(_TYPOGRAPHY)
    return plainly if is_gsm(plainly) else text


def segments(text: str) -> int:
    """Return how many segments a text is sent in; an empty text is one."""
    if is_gsm(text):
        return _count([2 if character in _EXTENSION else 1 for character in text], alone=160, joined=153)
    return _count([2 if ord(character) > 0xFFFF else 1 for character in text], alone=70, joined=67)


def _count(sizes: list[int], *, alone: int, joined: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > joined:
            count, used = count + 1, 0
        used += size
    return count
