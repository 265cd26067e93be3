"""What may happen to a technician and to an absence."""

from enum import StrEnum
from types import MappingProxyType

from server.core.transitions import Machine


class TechnicianStatus(StrEnum):
    """Whether somebody works for us."""

    WORKING = "working"
    LEFT = "left"


class TechnicianEvent(StrEnum):
    """What can happen to him."""

    LEAVE = "leave"
    RETURN = "return"


_T, _TE = TechnicianStatus, TechnicianEvent

TECHNICIAN = Machine(
    "technician",
    _T.WORKING,
    MappingProxyType(
        {
            (_T.WORKING, _TE.LEAVE): _T.LEFT,
            (_T.LEFT, _TE.RETURN): _T.WORKING,
        }
    ),
)


class AbsenceStatus(StrEnum):
    """Whether an absence holds."""

    REPORTED = "reported"
    CANCELLED = "cancelled"


class AbsenceEvent(StrEnum):
    """What can happen to it; the report itself is kept as `absence.report`."""

    REPORT = "report"
    CANCEL = "cancel"


ABSENCE = Machine(
    "absence",
    AbsenceStatus.REPORTED,
    MappingProxyType({(AbsenceStatus.REPORTED, AbsenceEvent.CANCEL): AbsenceStatus.CANCELLED}),
)
