"""How values are written in messages: days and windows on the site's clock, money, links."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.core.clock import local_day
from server.core.money import Money

WORDING_KEY = "wording"
"""Under which a session's ``info`` carries the installation's wording."""

_NO_MINOR = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "UGX", "PYG"})
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS_ZH = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Wording:
    """What messages and pages of this installation say about it.

    :param public_url: where customers reach it, without a slash at the end.
    :param currency: what an amount in a text message means.
    :param locale: the language for somebody of whom nothing is known.
    """

    company: str = "Truckroll"
    public_url: str = "http://127.0.0.1:8000"
    currency: str = "CNY"
    locale: str = "en"

    def link(self, token: str) -> str:
        """Return the address of a customer's link."""
        return f"{self.public_url}/c/{token}"


def wording(session: Session) -> Wording:
    """Return the installation's wording, as the composition root gave it to the session."""
    given = session.info.get(WORDING_KEY)
    return given if isinstance(given, Wording) else Wording()


def day(when: datetime | date, *, zone: str, locale: str) -> str:
    """Return a day as people write it: `Mon 23 Nov`, `11月23日周一`."""
    on = local_day(when, zone) if isinstance(when, datetime) else when
    if locale == "zh":
        return f"{on.month}月{on.day}日周{_WEEKDAYS_ZH[on.weekday()]}"
    return f"{_WEEKDAYS_EN[on.weekday()]} {on.day} {_MONTHS_EN[on.month - 1]}"


def month(of: date, *, locale: str) -> str:
    """Return a month as people write it: `Nov 2026`, `2026年11月`."""
    return f"{of.year}年{of.month}月" if locale == "zh" else f"{_MONTHS_EN[of.month - 1]} {of.year}"


def clock(when: datetime, *, zone: str) -> str:
    """Return a local time, `14:05`."""
    return f"{when.astimezone(ZoneInfo(zone)):%H:%M}"


def window(begins: datetime, ends: datetime, *, zone: str) -> str:
    """Return a window on the local clock, `09:00-11:00`."""
    return f"{clock(begins, zone=zone)}-{clock(ends, zone=zone)}"


def minor_digits(currency: str) -> int:
    """Return how many decimals amounts of a currency are written with."""
    return 0 if currency in _NO_MINOR else 2


def money(amount: Money) -> str:
    """Return an amount as `300.00 CNY`, without decimals where the currency has none."""
    if minor_digits(amount.currency) == 0:
        return f"{amount.amount} {amount.currency}"
    whole, part = divmod(abs(amount.amount), 100)
    return f"{'-' if amount.amount < 0 else ''}{whole}.{part:02d} {amount.currency}"
