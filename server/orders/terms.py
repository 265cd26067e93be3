"""The policies of intake, clocks and visits, with the handbook's defaults."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

_SOLD_PRODUCT = ("customer_name", "address", "contact_phone", "model", "purchased_on", "description", "wish")
_PLACE_AND_TASK = ("address", "contact_name", "description")


@dataclass(frozen=True, slots=True)
class IntakeTerms:
    """Which facts a ticket needs (R2), by `work_type` or `work_type/charge_category`; the more exact key wins.

    ``public_work`` is the profile of imported public work: place, responsible contact and task.
    """

    policy_name: ClassVar[str] = "intake"

    required: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "installation": _SOLD_PRODUCT,
            "repair": _SOLD_PRODUCT,
            "upgrade": _SOLD_PRODUCT,
            "maintenance": _PLACE_AND_TASK,
            "patrol": _PLACE_AND_TASK,
            "testing": _PLACE_AND_TASK,
            "training": _PLACE_AND_TASK,
            "complaint": _PLACE_AND_TASK,
            "repair/D": _PLACE_AND_TASK,
            "installation/D": _PLACE_AND_TASK,
            "public_work": _PLACE_AND_TASK,
        }
    )
    repair_guarantee: timedelta = timedelta(days=90)
    """A repair's own guarantee on labour and fitted part (R6a)."""
    labour_warranty: timedelta = timedelta(days=365)
    parts_warranty: timedelta = timedelta(days=730)
    expenses_warranty: timedelta = timedelta(days=365)
    """From the day of purchase, for a unit whose own ends of warranty are not known (R6)."""
    default_durations: dict[str, timedelta] = field(
        default_factory=lambda: {
            "installation": timedelta(minutes=90),
            "repair": timedelta(minutes=60),
            "upgrade": timedelta(minutes=60),
            "patrol": timedelta(minutes=30),
            "maintenance": timedelta(minutes=60),
            "testing": timedelta(minutes=45),
            "training": timedelta(minutes=120),
            "complaint": timedelta(minutes=30),
        }
    )


@dataclass(frozen=True, slots=True)
class ClockTerms:
    """Limits of the customer's and the technician's clock (R16), by `work_type/zone`; elapsed time."""

    policy_name: ClassVar[str] = "clocks"

    limits: dict[str, timedelta] = field(
        default_factory=lambda: {
            "installation/urban": timedelta(hours=24),
            "installation/out_of_town": timedelta(hours=48),
            "repair/urban": timedelta(days=3),
            "repair/out_of_town": timedelta(days=7),
        }
    )
    other_limit: timedelta = timedelta(days=7)
    """For work types the table does not name."""
    hindrance_not_before: timedelta = timedelta(hours=6)
    """A report that the limit cannot be kept counts from this long after dispatch (R17)."""
    urge_contact_within: timedelta = timedelta(hours=1)
    """The technician phones the customer within this time after an urge (R15)."""
    calling_from_hour: int = 8
    calling_to_hour: int = 20
    """Customers are phoned from the first full hour until the second begins, on the site's clock (R15, R9a)."""
    rest_from_hour: int = 12
    rest_to_hour: int = 14
    """And not in these hours between."""


@dataclass(frozen=True, slots=True)
class VisitTerms:
    """What holds on site."""

    policy_name: ClassVar[str] = "visits"

    fence_metres: int = 300
    """Added to the reported accuracy (R20)."""
    trusted_accuracy_metres: int = 200
    """A position less exact than this proves nothing."""
    card_work_types: tuple[str, ...] = ("installation",)
    """Work types whose card must be handed in within the grace (R19)."""
    card_grace: timedelta = timedelta(hours=24)
    card_corrected_within: timedelta = timedelta(hours=24)
    """A card sent back counts from its first receipt if it comes back corrected within this time (R19)."""
    contact_within: timedelta = timedelta(hours=2)
    """The technician contacts the customer within this time of job receipt, in working hours (R9a)."""
    charge_tolerance_percent: int = 10
    """By how much a charge may exceed the sum that the customer authorised (R21)."""
    absences_before_call: int = 2
    """After the customer was absent this often the desk calls before another trip is planned (R27a)."""
