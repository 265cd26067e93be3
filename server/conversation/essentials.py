"""What a technician says about finished work: the completion card's essentials in one text. Pure.

Clauses stand between commas, semicolons or line breaks; each begins with a key word, or is part of what was
done. A key word that is followed by what it needs begins a clause without a comma too. Nothing that looks
like money or a part is left inside the free text: then the whole is unread and the technician is asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from server.conversation.arguments import amount_of
from server.core.money import Money
from server.orders.words import PartSource


class Key(StrEnum):
    """What a clause is about."""

    PART = "part"
    BOUGHT = "bought"
    CHARGE = "charge"
    OLD = "old"
    NEW = "new"
    FAULT = "fault"
    SIGNED = "signed"
    NO_FAULT = "no_fault"
    EXCHANGED = "exchanged"


KEYS: tuple[tuple[Key, tuple[str, ...], tuple[str, ...]], ...] = (
    (Key.NO_FAULT, ("no fault found", "no fault"), ("无故障", "没有故障")),
    (Key.EXCHANGED, ("exchanged", "unit exchanged"), ("换机", "已换机")),
    (Key.PART, ("part used", "part"), ("用配件", "配件")),
    (Key.BOUGHT, ("self-bought", "self bought", "bought"), ("自购配件", "自购")),
    (Key.CHARGE, ("charged", "charge", "collected"), ("收费", "收款", "收取")),
    (Key.OLD, ("old serial", "old sn", "old"), ("旧机号", "旧序列号", "旧号")),
    (Key.NEW, ("new serial", "new sn", "serial", "sn", "new"), ("新机号", "新序列号", "序列号", "新号")),
    (Key.FAULT, ("fault", "cause"), ("故障", "原因")),
    (Key.SIGNED, ("signed by", "signed"), ("签字人", "签字", "签名")),
)
"""The key words of the clauses, in English and Chinese."""

_BETWEEN = re.compile(r"(?:;|,(?!\d{3}(?!\d))|(?<!\d),)\s*|\.\s+(?=\S)|\.$")
_TIMES = re.compile(r"(?:\s+|(?<=[^\x00-\x7f]))[x*×](\d{1,3})(?!\w)", re.IGNORECASE)
_PRICE = re.compile(r"(?:^|\s|@)([¥$€£]?\d[\d,]*(?:\.\d+)?\s*(?:元|块|rmb|yuan)?)\s*$", re.IGNORECASE)
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_/]{2,39}")
_NUMBER = re.compile(r"[\d.,\s]+")
_BARE = frozenset({"old", "new", "part"})
"""Key words that also begin ordinary sentences: `new pump fitted`, `part of the pipe`."""
_WITHOUT_COMMA = re.compile(
    r"(?<=\S)\s*(?=(?:\bcharged?\b|\bcollected\b|收费|收款|收取)\s*:?\s*[¥$€£]?\d"
    r"|(?:\b(?:part|bought)\b|配件|自购)\s*:?\s*[A-Za-z]*[\-]?\d"
    r"|(?:\b(?:old|new) (?:sn|serial)\b|旧机号|新机号)\s*:?\s*[A-Za-z0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class UsedPart:
    """A part as the technician names it: by number or by name.

    :param price: what the customer was charged for one; zero where it was free.
    """

    name: str
    quantity: int
    price: Money
    source: PartSource


@dataclass(frozen=True, slots=True)
class Charge:
    """Something the customer was charged besides parts with a price of their own."""

    price: Money
    text: str


@dataclass(frozen=True, slots=True)
class Essentials:
    """What was done, with what, for how much."""

    work: str
    diagnosis: str
    parts: tuple[UsedPart, ...] = ()
    charges: tuple[Charge, ...] = ()
    removed_serial: str | None = None
    fitted_serial: str | None = None
    signed_by: str | None = None
    no_fault: bool = False
    exchanged: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A clause that could not be read, so that the technician can be asked about just this one."""

    clause: str


@dataclass(slots=True)
class _Draft:
    work: list[str] = field(default_factory=list)
    parts: list[UsedPart] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    texts: dict[Key, str] = field(default_factory=dict)


def essentials_of(text: str, *, currency: str) -> Essentials | Unread:
    """Return what a text says about finished work, or the first clause that cannot be read.

    Nothing said about the work itself is unread too, unless `no fault` or `exchanged` says it.
    """
    draft = _Draft()
    for clause in _clauses(text):
        if not _add(draft, clause, currency):
            return Unread(clause)
    no_fault, exchanged = Key.NO_FAULT in draft.texts, Key.EXCHANGED in draft.texts
    work = "; ".join(draft.work) or draft.texts.get(Key.EXCHANGED, "") or draft.texts.get(Key.NO_FAULT, "")
    if not work or (no_fault and (exchanged or draft.parts)):
        return Unread(text)
    return Essentials(
        work=work,
        diagnosis=draft.texts.get(Key.FAULT, draft.texts.get(Key.NO_FAULT, "")),
        parts=tuple(draft.parts),
        charges=tuple(draft.charges),
        removed_serial=draft.texts.get(Key.OLD),
        fitted_serial=draft.texts.get(Key.NEW),
        signed_by=draft.texts.get(Key.SIGNED),
        no_fault=no_fault,
        exchanged=exchanged,
    )


def _clauses(text: str) -> Iterator[str]:
    for clause in _BETWEEN.split(text):
        for piece in _WITHOUT_COMMA.split(clause):
            if piece.strip(" .,;"):
                yield piece.strip(" .,;")


def _add(draft: _Draft, clause: str, currency: str) -> bool:
    """Put a clause where it belongs; False if its key word asks for something that is not there."""
    key, rest = _key(clause)
    match key:
        case None:
            if _NUMBER.fullmatch(clause):
                return False  # what a comma cut off an amount
            draft.work.append(clause)
        case Key.PART | Key.BOUGHT:
            part = _part(rest, PartSource.COMPANY if key is Key.PART else PartSource.SELF_BOUGHT, currency)
            if part is None:
                return False
            draft.parts.append(part)
        case Key.CHARGE:
            price, what = amount_of(rest, currency=currency)
            if price is None or not price:
                return False
            draft.charges.append(Charge(price, what))
        case Key.OLD | Key.NEW:
            if key in draft.texts or not _SERIAL.fullmatch(rest):
                return False
            draft.texts[key] = rest.upper()
        case Key.NO_FAULT | Key.EXCHANGED:
            draft.texts[key] = clause
        case _:
            if key in draft.texts or not rest:
                return False
            draft.texts[key] = rest
    return True


def _key(clause: str) -> tuple[Key | None, str]:
    lower = clause.lower()
    best: tuple[int, Key] | None = None
    for key, english, chinese in KEYS:
        for word in (*english, *chinese):
            ends = not word.isascii() or not lower[len(word) :][:1].isalnum()
            if lower.startswith(word) and ends and (best is None or len(word) > best[0]):
                best = len(word), key
    if best is None:
        return None, clause
    rest = clause[best[0] :].lstrip(" :=.-#")
    if lower[: best[0]] in _BARE and not _is_value(best[1], rest):
        return None, clause
    return best[1], rest


def _is_value(key: Key, rest: str) -> bool:
    """Return whether what follows a word that also begins sentences is what the key word asks for."""
    if key is Key.PART:
        return not rest.lower().startswith(("of ", "was ", "is "))
    return bool(_SERIAL.fullmatch(rest)) and any(letter.isdigit() for letter in rest)


def _part(text: str, source: PartSource, currency: str) -> UsedPart | None:
    quantity, price = 1, Money(0, currency)
    if times := _TIMES.search(text):
        quantity = int(times[1])
        text = (text[: times.start()] + " " + text[times.end() :]).strip()
    if cost := _PRICE.search(text):
        found, left = amount_of(cost[1].strip(), currency=currency)
        if found is None or left:
            return None
        price, text = found, text[: cost.start()].strip()
    if not text or quantity < 1:
        return None
    return UsedPart(text, quantity, price, source)
