"""Numbers that people read: ticket numbers, and telephone numbers in international form."""

import re
from datetime import datetime
from functools import lru_cache

import phonenumbers

_NUMBER = re.compile(r"\s*([A-Z])-(\d{4})-(\d{1,18})\s*", re.IGNORECASE)
_PRIVACY = re.compile(r"\+86700\d{12}")
"""China's privacy numbers: 15 digits with the prefix 700, which phonenumbers does not know."""


def ticket_number(ticket_id: int, opened_at: datetime) -> str:
    """Return the number people know a ticket by, `T-2026-000123`: the UTC year it was opened in and its id."""
    return f"T-{opened_at.year}-{ticket_id:06d}"


def ticket_id_of(number: str) -> int | None:
    """Return the id behind a ticket number as somebody types it, or None if it is not one."""
    match = _NUMBER.fullmatch(number)
    return int(match[3]) if match and match[1].upper() == "T" else None


class BadPhone(ValueError):
    """The text is not a telephone number that could be called."""


@lru_cache(maxsize=20_000)
def e164(text: str, *, country: str = "CN") -> str:
    """Return a telephone number in international form (`+8613800138000`).

    :param country: ISO 3166 letters of the country that a number without prefix is dialled in.
    :raises BadPhone: if no such number can exist.
    """
    squeezed = re.sub(r"[\s\-()./]", "", text)
    if _PRIVACY.fullmatch(squeezed if squeezed.startswith("+") else "+86" + squeezed):
        return squeezed if squeezed.startswith("+") else "+86" + squeezed
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise BadPhone("not a telephone number") from error
    written = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if is_fiction(written) or phonenumbers.is_possible_number(number):
        return written
    raise BadPhone("no telephone number has this form")


def is_fiction(phone: str) -> bool:
    """Return whether a number lies in a range reserved for drama and tests, which no gateway may ever dial.

    North America keeps 555-0100 to 555-0199 of every area code for fiction (NANPA); the United Kingdom
    keeps +44 7700 900000 to 900999 (Ofcom).
    """
    return re.fullmatch(r"\+1\d{3}55501\d\d|\+447700900\d{3}", phone) is not None


def is_privacy_number(phone: str) -> bool:
    """Return whether a number is one of China's privacy numbers: lent by a platform, bound to one order for a while."""
    return _PRIVACY.fullmatch(phone) is not None


def masked(phone: str) -> str:
    """Return a telephone number as lists show it: country and last three digits."""
    return f"{phone[:3]}…{phone[-3:]}" if len(phone) > 6 else "…"
