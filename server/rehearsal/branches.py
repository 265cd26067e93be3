"""How often each behaviour occurred, told by the product's own rows where they tell it."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from server.rehearsal.tally import Tally


@dataclass(frozen=True, slots=True)
class Branch:
    """A behaviour that a rehearsal of some size must show.

    :param query: counts it.
    """

    name: str
    query: str


BRANCHES = (
    Branch("added_fact", "select count(*) from domain_event where kind = 'ticket.fact_added'"),
    Branch("incomplete_report", "select count(distinct ticket_id) from correction"),
    Branch("located_by_desk", "select count(*) from domain_event where kind = 'ticket.locate' and via = 'api'"),
    Branch("place_not_found_or_cancelled", "select count(*) from ticket where status = 'cancelled'"),
    Branch("urge", "select count(*) from urge"),
    Branch("placed_by_hand", "select count(*) from visit where by_hand"),
    Branch("decline", "select count(*) from offer where status = 'declined'"),
    Branch("no_answer", "select count(*) from offer where status = 'expired'"),
    Branch("next_round", "select count(*) from offer where round > 1"),
    Branch("hand_back", "select count(*) from offer where status = 'handed_back'"),
    Branch("illness", "select count(*) from absence where kind in ('sick', 'ill', 'illness')"),
    Branch("confirmed", "select count(*) from visit where confirmed_at is not null"),
    Branch("wants_other_time", "select count(*) from escalation where kind in ('customer_moves', 'customer_rebooks')"),
    Branch("opted_out", "select count(*) from suppression"),
    Branch("suppressed_message", "select count(*) from outbox_message where status = 'suppressed'"),
    Branch("read_by_human", "select count(*) from human_reading"),
    Branch("absent", "select count(*) from visit where status = 'customer_absent'"),
    Branch("declined_on_site", "select count(*) from visit where status = 'customer_declined'"),
    Branch("not_finished", "select count(*) from visit where status = 'not_finished'"),
    Branch("hindrance_accepted", "select count(*) from hindrance where accepted_at is not null"),
    Branch("extra_work_agreed", "select count(*) from extra_work where authorised"),
    Branch("extra_work_refused", "select count(*) from extra_work where not authorised"),
    Branch("no_fault_found", "select count(*) from visit where result = 'no_fault'"),
    Branch("card_sent_back", "select count(*) from completion_card where sent_back_at is not null"),
    Branch("late_card", "select count(*) from completion_card where received_at > card_due_at"),
    Branch("callback_not_reached", "select count(*) from callback_attempt where not reached"),
    Branch("failed_callback", "select count(*) from domain_event where kind = 'customer_callback.fail'"),
    Branch("surveyed", "select count(*) from domain_event where kind = 'customer_callback.survey'"),
    Branch("reconfirmed", "select count(*) from customer_callback where status = 'reconfirmed'"),
    Branch("not_reconfirmed", "select count(*) from customer_callback where status = 'not_confirmed'"),
    Branch("complaint", "select count(*) from complaint"),
    Branch("return_visit", "select count(*) from domain_event where kind = 'ticket.reopen'"),
    Branch("deduction", "select count(*) from deduction"),
)
TOLD = ("late_answer", "answered_by_link")
"""What only the people themselves can tell."""


def count(connection: Connection, tally: Tally) -> dict[str, int]:
    """Return how often each behaviour occurred."""
    counted = {branch.name: int(connection.execute(text(branch.query)).scalar_one()) for branch in BRANCHES}
    return counted | {name: tally.of(name) for name in TOLD}
