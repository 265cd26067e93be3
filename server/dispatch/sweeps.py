"""Everything of dispatch that falls due."""

from server.core.due import Sweep
from server.dispatch import limits, offers, plans

SWEEPS: tuple[Sweep, ...] = (offers.SWEEP, limits.SWEEP, plans.SWEEP)
