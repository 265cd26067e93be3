"""Whether a request comes from Twilio: its signature over our address and every field, under a token of ours."""

import hmac
from collections.abc import Sequence
from typing import Protocol

from twilio.request_validator import RequestValidator

_LONGEST = 64
"""Characters; a signature is 28."""


class Fields(Protocol):
    """The fields of a form: a name may occur several times."""

    def getlist(self, key: str) -> list[str]:
        """Return every value of a name."""
        ...

    def __iter__(self) -> object:
        """Iterate over the names."""
        ...


def is_signed(*, url: str, fields: Fields, signature: str | None, tokens: Sequence[str]) -> bool:
    """Return whether one of our tokens has signed exactly these fields for exactly this address.

    :param url: the address as we have told it to Twilio, never as the request claims it (fault 9).
    :param tokens: while a token is rotated both are good; without any token nothing is (fault 10).
    """
    if not signature or len(signature) > _LONGEST:
        return False
    given = signature.encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(url=url, fields=fields, token=token).encode(), given) for token in tokens)


def sign(*, url: str, fields: Fields, token: str) -> str:
    """Return the signature of a form sent to an address."""
    return str(RequestValidator(token).compute_signature(url, fields))
