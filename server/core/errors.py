"""Refusals: the ways the product says no, each with a dotted code that the edges translate."""

from typing import ClassVar

Detail = str | int | float | bool | None | list[str] | list[int] | list[dict[str, str | int | None]]
"""What a refusal may carry besides its code: plain JSON values, never a telephone number or an address."""


class Refusal(Exception):
    """Say no to a request, with a code for machines and details for the sentence shown to people.

    A subclass stands directly above the function that raises it and names what went wrong
    (`OfferClosed`). Its ``code`` is dotted (`offer.closed`) and is the key of the translated text;
    ``details`` are the values that the text may mention.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400

    def __init__(self, **details: Detail) -> None:
        super().__init__(self.code)
        self.details = details

    def __str__(self) -> str:
        return f"{self.code} {self.details}" if self.details else self.code


class NotFound(Refusal):
    """There is no such thing, or it is not for the caller to know that there is."""

    code = "not_found"
    status = 404


class Conflict(Refusal):
    """The request is well formed, but the record has moved on or another rule stands against it."""

    code = "conflict"
    status = 409


class Invalid(Refusal):
    """The request itself is wrong: a value, a combination, something missing."""

    code = "invalid"
    status = 422


class Forbidden(Refusal):
    """The caller is known, but this is not for his role."""

    code = "forbidden"
    status = 403


class Unavailable(Refusal):
    """The product cannot answer now; trying again later is right."""

    code = "unavailable"
    status = 503
