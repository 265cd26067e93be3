"""What can go wrong between us and a provider, on demand and from a seed: for tests and rehearsals."""

import random
import threading
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong; every share is between 0 and 1.

    :param errors_after_accept: the text is kept, and the answer is an error of ours (500).
    :param lost_replies: the text is kept, and the connection is cut before an answer.
    :param too_many: the request is not looked at (429).
    :param reply_delay: seconds between keeping a text and answering; notices leave meanwhile.
    :param lost_notices: a notice is never delivered.
    :param doubled_notices: a notice is delivered twice.
    :param late_sent: `sent` is told after `delivered`.
    """

    errors_after_accept: float = 0.0
    lost_replies: float = 0.0
    too_many: float = 0.0
    reply_delay: float = 0.0
    lost_notices: float = 0.0
    doubled_notices: float = 0.0
    late_sent: float = 0.0
    seed: int = 0


class Dice:
    """Decides what goes wrong. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.load(Faults())

    def load(self, faults: Faults) -> None:
        """Begin anew with these faults."""
        with self._lock:
            self.faults = faults
            self._random = random.Random(faults.seed)  # noqa: S311 - replayable on purpose

    def falls(self, name: str) -> bool:
        """Return whether this fault happens now."""
        with self._lock:
            share: float = getattr(self.faults, name)
            return share > 0 and self._random.random() < share


def faults_of(values: object) -> Faults:
    """Return the faults that a control request asks for.

    :raises ValueError: if a name is unknown or a value is not a number.
    """
    if not isinstance(values, dict) or set(values) - {field.name for field in fields(Faults)}:
        raise ValueError("unknown faults")
    if not all(isinstance(value, int | float) and value >= 0 for value in values.values()):
        raise ValueError("a fault is a number")
    return Faults(**values)
