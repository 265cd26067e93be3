"""What is wrong with a plan, as data."""

from dataclasses import dataclass

from routing.plan import Details


@dataclass(frozen=True, slots=True)
class Violation:
    """Name one broken rule: a code, the place as a path, the facts."""

    code: str
    place: str
    details: Details = ()
