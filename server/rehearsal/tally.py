"""How often simulated people did something that the product's rows alone do not tell."""

from collections import Counter


class Tally:
    """Counts by name."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._counts: Counter[str] = Counter()

    def count(self, what: str) -> None:
        """Count one."""
        self._counts[what] += 1

    def of(self, what: str) -> int:
        """Return how often."""
        return self._counts[what]
