"""Codes of Twilio that mean more than "not this message"."""

BLOCKING = frozenset(
    {
        "20003",  # wrong account or token
        "20005",  # account not active
        "20404",  # no such account
        "21212",  # the sender's number is not valid
        "21408",  # no permission for the region
        "21606",  # the sender's number is not ours or cannot send
        "30002",  # account suspended
        "30034",  # sender not registered with the carriers
    }
)
"""They concern the account: every further message would meet the same, so the queue is parked (fault 16)."""

OPTED_OUT = "21610"
"""The number has told its carrier to stop us."""
