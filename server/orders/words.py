"""The closed lists of the handbook that tickets, visits and cards use."""

from enum import StrEnum


class Channel(StrEnum):
    """By which way a report reached us (R1)."""

    PHONE = "phone"
    WALK_IN = "walk_in"
    EMAIL = "email"
    WEB = "web"
    QR = "qr"
    SELLER = "seller"
    STATION = "station"
    MANUFACTURER = "manufacturer"
    SALES = "sales"
    ALERT = "alert"
    COMPLAINT = "complaint"
    PUBLIC_WORK = "public_work"
    """Imported from a public administration."""


class WorkType(StrEnum):
    """What is to be done (R3)."""

    INSTALLATION = "installation"
    REPAIR = "repair"
    UPGRADE = "upgrade"
    PATROL = "patrol"
    MAINTENANCE = "maintenance"
    TESTING = "testing"
    TRAINING = "training"
    COMPLAINT = "complaint"


class ChargeCategory(StrEnum):
    """Who pays (R5)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Priority(StrEnum):
    """How urgent a ticket is."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class WarrantyVerdict(StrEnum):
    """Whether the warranty covers the unit (R6)."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not_applicable"
    """Work that concerns no sold product (imported public work, training …)."""


class VisitResult(StrEnum):
    """What came of a visit (R37)."""

    DONE_WITHOUT_PART = "done_without_part"
    DONE_COMPANY_PART = "done_company_part"
    DONE_SELF_BOUGHT_PART = "done_self_bought_part"
    NO_FAULT = "no_fault"
    TAKEN_BACK = "taken_back"
    EXCHANGED = "exchanged"
    PART_MISSING = "part_missing"
    CUSTOMER_ABSENT = "customer_absent"
    CUSTOMER_DECLINED = "customer_declined"
    SITE_NOT_READY = "site_not_ready"
    NOT_POSSIBLE = "not_possible"


FINISHED = frozenset(
    {
        VisitResult.DONE_WITHOUT_PART,
        VisitResult.DONE_COMPANY_PART,
        VisitResult.DONE_SELF_BOUGHT_PART,
        VisitResult.NO_FAULT,
        VisitResult.EXCHANGED,
    }
)
"""Results that finish the ticket's work."""

NOT_FINISHED = frozenset(
    {
        VisitResult.TAKEN_BACK,
        VisitResult.PART_MISSING,
        VisitResult.SITE_NOT_READY,
        VisitResult.NOT_POSSIBLE,
    }
)
"""Results after which the ticket waits for its next visit (R27)."""


class CheckInOutcome(StrEnum):
    """What a check-in proves (R20)."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    CODE = "code"
    NO_POSITION = "no_position"
    NO_SITE_POSITION = "no_site_position"


class HindranceReason(StrEnum):
    """Why a visit cannot be finished within the limit (R17)."""

    CUSTOMER_DATE = "customer_date"
    PART_ON_ORDER = "part_on_order"
    SUPERVISOR = "supervisor"
    MANUFACTURER = "manufacturer"
    TAKE_BACK = "take_back"
    FAULTY_NEW_UNIT = "faulty_new_unit"
    SITE_NOT_READY = "site_not_ready"
    OTHER = "other"


STOPPING = frozenset(HindranceReason) - {HindranceReason.OTHER}
"""Reasons that stop the clocks once the desk has accepted them (R17)."""


class PartSource(StrEnum):
    """Where a fitted part came from."""

    COMPANY = "company"
    SELF_BOUGHT = "self_bought"
    CUSTOMER = "customer"


class ChargeKind(StrEnum):
    """What a charge is for."""

    LABOUR = "labour"
    PART = "part"
    CALL_OUT = "call_out"
    OTHER = "other"


class LinkPurpose(StrEnum):
    """The one thing a customer's link is for."""

    CONFIRM_VISIT = "confirm_visit"
    AUTHORISE_EXTRA = "authorise_extra"
    FOLLOW = "follow"
    REBOOK = "rebook"
    """Say when somebody is at home, after nobody was (R27a)."""
    SURVEY = "survey"
    """Say whether all is well, or whether a report is right (R32, R33)."""
