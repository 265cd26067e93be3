"""Opaque tokens: 256 random bits that somebody holds, of which the database knows only the hash."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """What a token opens. It stands in front of the token, so that a leaked one can be recognised."""

    CONSOLE = "trc"
    API = "tra"
    APP = "trm"


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token at the only moment at which its text is known to us."""

    text: str
    hash: bytes

    def __repr__(self) -> str:
        return "FreshToken(…)"


def fresh(audience: Audience) -> FreshToken:
    """Return a new token."""
    text = f"{audience}_{secrets.token_urlsafe(32)}"
    return FreshToken(text, digest(text))


def digest(text: str) -> bytes:
    """Return what is stored of a token: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
