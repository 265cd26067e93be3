"""What follows a command: reasons, days, amounts. Pure; what could be read in two ways is not read."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from server.conversation.spelling import is_slip
from server.conversation.wording import minor_digits
from server.core.money import Money
from server.dispatch.status import DeclineReason
from server.orders.words import HindranceReason, VisitResult

R = TypeVar("R", bound=StrEnum)

_CURRENCY_SIGNS = MappingProxyType(
    {"¥": "CNY", "元": "CNY", "块": "CNY", "rmb": "CNY", "yuan": "CNY", "$": "USD", "€": "EUR", "£": "GBP"}
)

_CURRENCIES = frozenset(
    {"AUD", "BRL", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "INR", "JPY", "KRW", "MXN", "RUB", "SGD", "TWD", "USD"}
)
_SIGN = r"(?P<{}>[¥$€£元块]|(?:rmb|yuan|[a-z]{{3}})(?![a-z0-9]))?"
_AMOUNT = re.compile(
    _SIGN.format("before")
    + r"\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,9})(?P<part>\.\d{1,2})?(?![\d]|[.,]\d)\s*"
    + _SIGN.format("after"),
    re.IGNORECASE,
)
_ISO = re.compile(r"(?P<y>20\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})(?:日|号)?(?!\d)")
_MONTH_DAY = re.compile(r"(?P<m>\d{1,2})(?:-|月)(?P<d>\d{1,2})(?:日|号)?(?![\d\-/])")
_DAY_MONTH = re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?!\d)")
_NAMED = MappingProxyType(
    {"today": 0, "今天": 0, "今日": 0, "tomorrow": 1, "明天": 1, "明日": 1, "day after tomorrow": 2, "后天": 2}
)


@dataclass(frozen=True, slots=True)
class Reason(Generic[R]):
    """A reason from a closed list, with the words in which it may be given."""

    value: R
    english: tuple[str, ...]
    chinese: tuple[str, ...]


_D, _H = DeclineReason, HindranceReason

DECLINE_REASONS: tuple[Reason[DeclineReason], ...] = (
    Reason(_D.TOO_FAR, ("too far", "far", "distance"), ("太远", "路远", "远")),
    Reason(_D.NOT_MY_SKILL, ("skill", "not my skill", "cannot do it"), ("不会", "不会修", "技能不符")),
    Reason(_D.NO_TIME, ("no time", "time", "busy"), ("没时间", "没空", "忙")),
    Reason(_D.NO_PART, ("no part", "part", "parts"), ("没配件", "缺件", "缺配件")),
    Reason(_D.ILL, ("ill", "sick"), ("生病", "病了", "病")),
    Reason(_D.VEHICLE, ("vehicle", "van", "car", "breakdown"), ("车坏了", "车坏", "车辆")),
    Reason(_D.OTHER, ("other",), ("其他", "其它")),
)
"""Why an offer is declined or a job handed back; their place in the list is the digit that names them."""

HINDRANCE_REASONS: tuple[Reason[HindranceReason], ...] = (
    Reason(_H.CUSTOMER_DATE, ("customer date", "customer later", "later"), ("客户改期", "客户要求改期", "改期")),
    Reason(_H.PART_ON_ORDER, ("part", "parts", "part on order", "no part"), ("缺件", "等配件", "配件", "没配件")),
    Reason(_H.SUPERVISOR, ("supervisor",), ("等主管", "主管")),
    Reason(_H.MANUFACTURER, ("manufacturer", "factory"), ("等厂家", "厂家")),
    Reason(_H.TAKE_BACK, ("taken back", "workshop", "take back"), ("拉修", "带回", "拉回")),
    Reason(_H.FAULTY_NEW_UNIT, ("faulty new unit", "new unit faulty", "faulty unit"), ("新机故障", "新机坏")),
    Reason(_H.SITE_NOT_READY, ("site", "site not ready"), ("现场不具备", "现场没准备好", "现场")),
    Reason(_H.OTHER, ("other",), ("其他", "其它")),
)
"""Why a job could not be finished (R17); their place in the list is the digit that names them."""

RESULT_OF = MappingProxyType(
    {
        _H.CUSTOMER_DATE: VisitResult.NOT_POSSIBLE,
        _H.PART_ON_ORDER: VisitResult.PART_MISSING,
        _H.SUPERVISOR: VisitResult.NOT_POSSIBLE,
        _H.MANUFACTURER: VisitResult.NOT_POSSIBLE,
        _H.TAKE_BACK: VisitResult.TAKEN_BACK,
        _H.FAULTY_NEW_UNIT: VisitResult.NOT_POSSIBLE,
        _H.SITE_NOT_READY: VisitResult.SITE_NOT_READY,
        _H.OTHER: VisitResult.NOT_POSSIBLE,
    }
)
"""Which result a visit has that ended for such a reason (R37)."""


def reason_of(text: str, reasons: tuple[Reason[R], ...]) -> tuple[R | None, str]:
    """Return the reason that a text begins with, by its digit or its words, and what follows it.

    None with the whole text if it begins with none of them, or with a slip of two.
    """
    if digit := re.match(r"([1-9])(?!\d)[\s.,:;-]*", text):
        place = int(digit[1]) - 1
        return (reasons[place].value, text[digit.end() :]) if place < len(reasons) else (None, text)
    lower = text.lower()
    exact = [
        (len(word), reason.value)
        for reason in reasons
        for word in (*reason.english, *reason.chinese)
        if lower.startswith(word) and not (word.isascii() and lower[len(word) :][:1].isalpha())
    ]
    if exact:
        length, value = max(exact, key=lambda match: match[0])
        return value, text[length:].lstrip(" .,:;-")
    first = re.match(r"[a-z]+", lower)
    near = {reason.value for reason in reasons for word in reason.english if first and is_slip(first.group(), word)}
    if first and len(near) == 1:
        return near.pop(), text[first.end() :].lstrip(" .,:;-")
    return None, text


def amount_of(text: str, *, currency: str) -> tuple[Money | None, str]:
    """Return the amount that a text begins with and what follows it.

    None with the whole text if there is no amount, if it could be read in two ways (`12,50`, `1.250`), or if
    it names another currency than the company's.
    """
    match = _AMOUNT.match(text)
    if match is None:
        return None, text
    end = match.end()
    for group in ("before", "after"):
        sign = (match[group] or "").lower()
        named = _CURRENCY_SIGNS.get(sign, sign.upper())
        if sign.isalpha() and sign.isascii() and named not in _CURRENCIES | {currency}:
            if group == "before":
                return None, text
            end = match.start("after")  # `300 new compressor`: a word of three letters, not a currency
        elif named and named != currency:
            return None, text
    digits = minor_digits(currency)
    if match["part"] and not digits:
        return None, text
    minor = int(match["whole"].replace(",", "")) * 10**digits
    minor += int((match["part"] or ".0")[1:].ljust(digits, "0")) if digits else 0
    return Money(minor, currency), text[end:].lstrip(" .,:;-")


def day_of(text: str, *, today: date) -> tuple[date | None, str]:
    """Return the day that a text begins with and what follows it.

    A day without a year is the next one with that month and day, today included. None with the whole text if
    there is no day, or none of that date (`02-30`).
    """
    lower = text.lower()
    for word in sorted(_NAMED, key=len, reverse=True):
        if lower.startswith(word):
            return today + timedelta(days=_NAMED[word]), text[len(word) :].lstrip(" .,:;")
    for pattern in (_ISO, _MONTH_DAY, _DAY_MONTH):
        if match := pattern.match(text):
            day = _day(match, today)
            return (day, text[match.end() :].lstrip(" .,:;")) if day else (None, text)
    return None, text


def _day(match: re.Match[str], today: date) -> date | None:
    year = int(match["y"]) if "y" in match.re.groupindex else None
    for candidate in (year,) if year else range(today.year, today.year + 5):
        try:
            day = date(candidate, int(match["m"]), int(match["d"]))
        except ValueError:
            continue  # 29 February of a year that has none
        if year or day >= today:
            return day
    return None


_UNTIL = re.compile(r"\s*(?:\b(?:until|till|to|by)\b|到|至|until:|-)\s*", re.IGNORECASE)
_FROM = re.compile(r"\s*(?:\bfrom\b|从|自)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Why a visit ended without finishing the work, until when, in whose words."""

    reason: HindranceReason
    until: date | None
    text: str


def unfinished_of(text: str, *, today: date) -> Unfinished | None:
    """Return what `reason [until day] [remark]` says, or None if no reason is named.

    A day that is named but cannot be read leaves the whole unread: a wrong date would stop a clock (R17).
    """
    reason, rest = reason_of(text, HINDRANCE_REASONS)
    if reason is None:
        return None
    until = None
    marker = _UNTIL.match(rest)
    if marker and rest.strip():
        until, rest = day_of(rest[marker.end() :], today=today)
        if until is None:
            return None
    else:
        until, rest = day_of(rest, today=today)
    return Unfinished(reason, until, rest.strip())


LONGEST_ABSENCE = timedelta(days=92)
"""A text that says more has a slip in it; a longer absence is entered by the desk."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of an absence, both included."""

    first: date
    last: date


def span_of(text: str, *, today: date) -> Span | None:
    """Return what `[from day] [to day]` says; nothing at all means today.

    None if a day cannot be read, if the days run backwards or go beyond `LONGEST_ABSENCE`, or if words are left over.
    """
    start = _FROM.match(text)
    rest = text[start.end() :] if start else text
    if not rest.strip(" .,!"):
        return Span(today, today)
    first, rest = (today, rest) if _UNTIL.match(rest) else day_of(rest, today=today)
    if first is None:
        return None
    last = first
    if marker := _UNTIL.match(rest):
        found, rest = day_of(rest[marker.end() :], today=today)
        if found is None:
            return None
        last = found
    if rest.strip(" .,!") or last < first or last - first > LONGEST_ABSENCE:
        return None
    return Span(first, last)
