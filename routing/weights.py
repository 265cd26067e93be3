"""What one unit of each goal is worth, in seconds of travel."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """Hold the price of every soft goal, in seconds of travel, the currency of all costs here.

    `travel` is per second driven; `preferred_rank` per place further down a visit's list of preferred
    technicians; `not_preferred` for a technician who is not on a list that is not empty (and the most
    that a rank can cost). What a late or an unserved visit costs is said by the visit itself.
    """

    travel: int = 1
    preferred_rank: int = 300
    not_preferred: int = 1_200


@dataclass(frozen=True, slots=True)
class WeightNote:
    """Say in what unit a weight is given and why it has its value."""

    name: str
    unit: str
    reason: str


WEIGHT_NOTES = (
    WeightNote(
        "travel", "cost per second driven", "The unit of account: every other cost is said in seconds of travel."
    ),
    WeightNote(
        "preferred_rank",
        "cost per place in the visit's list",
        "Five minutes of driving: enough to decide between neighbours, too little to send somebody across the town.",
    ),
    WeightNote(
        "not_preferred",
        "cost per visit served by somebody not on its list",
        "Twenty minutes: a wish of the customer is worth a detour, never an unserved visit.",
    ),
    WeightNote(
        "late_cost_per_hour", "cost per hour started after `due`, rounded up", "Given by the visit: its SLA differs."
    ),
    WeightNote(
        "drop_cost",
        "cost of a visit left out",
        "Given by the visit: serving outranks saving travel, urgent outranks routine.",
    ),
)
