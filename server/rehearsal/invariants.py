"""What must hold at the end of a rehearsal, each as one query that finds what violates it.

The queries know the tables and nothing of the code that fills them: they are a second opinion. Two temporary tables
hold what witnesses outside the product saw: `reported` (what people reported) and `provider_message` (what the
provider was given and what it brought). A violation names rows by their ids, never a telephone or an address.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from server import schema  # noqa: F401 - the tables of every package stand in the metadata once it is imported
from server.core.db import Base

MOST_NAMED = 20
"""So many violations of one invariant are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that must always hold.

    :param query: selects one column, a sentence for each violation.
    :param needs_witness: whether it compares the product with what was seen outside it.
    """

    name: str
    query: str
    needs_witness: bool = False


@dataclass(frozen=True, slots=True)
class Violations:
    """What was found against one invariant."""

    name: str
    count: int
    named: tuple[str, ...]


_ENDED_VISIT = "('done', 'not_finished', 'customer_absent', 'customer_declined')"
_TAKEN_VISIT = "('accepted', 'on_the_way', 'on_site', 'done', 'not_finished', 'customer_absent', 'customer_declined')"
_LIVE_VISIT = "('planned', 'offered', 'accepted', 'on_the_way', 'on_site')"
_FATES = "('delivered', 'failed', 'suppressed', 'unknown')"
_LOCAL_MONTH = "date_trunc('month', v.finished_at at time zone coalesce(s.time_zone, r.time_zone))::date"
_VISIT_PLACE = """
    visit v join ticket t on t.id = v.ticket_id
      join region r on r.id = t.region_id left join site s on s.id = t.site_id"""

REPORTS_ONCE = Invariant(
    "every_report_is_one_ticket_or_one_added_fact",
    """
    select format('report %s/%s is there %s times', x.source, x.key, x.times) from (
        select r.source, r.key, count(tr.id) as times
          from reported r left join ticket_report tr on tr.source = r.source and tr.external_id = r.key
         group by r.source, r.key) x
     where x.times <> 1
    union all
    select format('ticket report %s was reported by nobody', tr.id) from ticket_report tr
     where not exists (select 1 from reported r where r.source = tr.source and r.key = tr.external_id)
    """,
    needs_witness=True,
)
TICKETS_REPORTED = Invariant(
    "every_ticket_has_its_report",
    """
    select format('ticket %s has %s first reports', t.id, count(tr.id)) from ticket t
      left join ticket_report tr
        on tr.ticket_id = t.id and tr.source is not distinct from t.source
       and tr.external_id is not distinct from t.external_id
     group by t.id having count(tr.id) <> 1
    """,
)
TICKETS_EXPLAINED = Invariant(
    "every_ticket_is_somewhere_and_explained",
    f"""
    select format('ticket %s is %s and nobody knows why', t.id, t.status) from ticket t
     where not case t.status
        when 'incomplete' then cardinality(t.missing) > 0
        when 'waiting' then t.waits_until is not null
        when 'planned' then exists (select 1 from visit v where v.ticket_id = t.id and v.status in {_LIVE_VISIT})
        when 'ready' then exists (select 1 from plan_omission o where o.ticket_id = t.id)
          or exists (select 1 from escalation e where e.ticket_id = t.id)
          or exists (select 1 from visit v where v.ticket_id = t.id)
          or not exists (select 1 from plan p where p.region_id = t.region_id and p.requested_at >= t.facts_complete_at)
        when 'done' then exists (
          select 1 from customer_callback c where c.ticket_id = t.id
             and c.status in ('waiting', 'surveyed', 'failed', 'unreachable', 'not_confirmed', 'lapsed'))
        when 'closed' then t.closed_at is not null and exists (
          select 1 from visit v where v.ticket_id = t.id and v.status = 'done')
        else exists (
          select 1 from domain_event e where e.subject = 'ticket' and e.subject_id = t.id
             and e.after = t.status and e.before <> e.after and (e.reason is not null or exists (
               select 1 from visit v where v.ticket_id = t.id and v.status = 'customer_declined')))
        end
    union all
    select format('ticket %s is %s and still has a visit ahead', t.id, t.status) from ticket t
     where t.status not in ('planned') and exists (
        select 1 from visit v where v.ticket_id = t.id and v.status in {_LIVE_VISIT})
    """,
)
MESSAGES_ONE_FATE = Invariant(
    "every_message_has_one_fate",
    f"""
    select format('message %s is %s', m.id, m.status) from outbox_message m
     where m.status not in {_FATES}
       and not (m.status = 'waiting' and m.due_at > (select at from simulation))
    union all
    select format('message %s has ended %s times', m.id, count(e.id)) from outbox_message m
      left join domain_event e on e.subject = 'message' and e.subject_id = m.id
       and e.before <> e.after and e.after in ('delivered', 'failed', 'suppressed')
     where m.status in ('delivered', 'failed', 'suppressed')
     group by m.id having count(e.id) <> 1
    """,
)
MESSAGES_AT_PROVIDER = Invariant(
    "the_provider_has_every_message_once",
    """
    select format('message %s (%s) is at the provider %s times', m.id, m.status, count(p.sid)) from outbox_message m
      left join provider_message p on p.direction = 'out' and p.outbox_id = m.id
     group by m.id, m.status, m.provider_id
    having count(p.sid) <> case when m.provider_id is null then 0 else 1 end
        or (m.provider_id is not null and min(p.sid) <> m.provider_id)
        or (m.status in ('delivered', 'sent', 'unknown') and m.provider_id is null)
    union all
    select format('the provider brought %s, of which the product knows nothing', p.sid) from provider_message p
     where p.direction = 'out' and not exists (select 1 from outbox_message m where m.id = p.outbox_id)
    """,
    needs_witness=True,
)
TEXTS_ONCE = Invariant(
    "every_text_is_kept_and_handled_once",
    """
    select format('text %s is there %s times', p.sid, count(i.id)) from provider_message p
      left join inbound_message i on i.provider_id = p.sid
     where p.direction = 'in' group by p.sid having count(i.id) <> 1
    union all
    select format('text %s was sent by nobody', i.id) from inbound_message i
     where not exists (select 1 from provider_message p where p.direction = 'in' and p.sid = i.provider_id)
    """,
    needs_witness=True,
)
TEXTS_HANDLED = Invariant(
    "no_text_is_left_unread",
    """
    select format('text %s was not handled', i.id) from inbound_message i
     where i.handled_at is null or i.outcome is null
    """,
)
OFFER_ACCEPTED = Invariant(
    "a_taken_visit_has_one_accepted_offer",
    f"""
    select format('visit %s is %s with %s accepted offers', v.id, v.status, count(o.id)) from visit v
      left join offer o on o.visit_id = v.id and o.status = 'accepted'
     group by v.id, v.status
    having count(o.id) > 1 or (v.status in {_TAKEN_VISIT} and count(o.id) = 0)
        or (v.status not in {_TAKEN_VISIT} and count(o.id) > 0)
    """,
)
OFFERS_CLOSED = Invariant(
    "no_offer_is_open_beyond_its_time",
    """
    select format('offer %s is still open', o.id) from offer o
     where o.status = 'open' and o.expires_at <= (select at from simulation)
    """,
)
NO_OVERLAP = Invariant(
    "no_technician_is_in_two_places",
    """
    select format('visits %s and %s overlap', a.id, b.id) from visit a
      join visit b on b.technician_id = a.technician_id and b.id > a.id
       and a.busy_from < b.ends_at and b.busy_from < a.ends_at
     where a.status <> 'withdrawn' and b.status <> 'withdrawn'
    """,
)
VISITS_CALLED_BACK = Invariant(
    "every_ended_visit_has_one_customer_callback",
    f"""
    select format('visit %s has %s customer callbacks', v.id, count(c.id)) from visit v
      left join customer_callback c on c.visit_id = v.id
     group by v.id, v.status having count(c.id) <> case when v.status in {_ENDED_VISIT} then 1 else 0 end
    """,
)
VISITS_HAVE_CARDS = Invariant(
    "every_finished_visit_has_one_card",
    """
    select format('visit %s has %s completion cards', v.id, count(c.id)) from visit v
      left join completion_card c on c.visit_id = v.id
     group by v.id, v.status having count(c.id) <> case when v.status = 'done' then 1 else 0 end
    """,
)
VISITS_ON_LINES = Invariant(
    "every_ended_visit_is_on_one_line_of_its_month",
    f"""
    select format('visit %s is on %s lines', v.id, count(l.id)) from {_VISIT_PLACE}
      left join (statement_line l join statement st on st.id = l.statement_id)
        on l.visit_id = v.id and l.kind in ('labour', 'visit') and l.previous_id is null
       and st.month = {_LOCAL_MONTH}
     where v.status in {_ENDED_VISIT}
       and {_LOCAL_MONTH} <= (select max(month) from statement)
     group by v.id having count(l.id) <> 1
    union all
    select format('line %s is about visit %s, which has not ended', l.id, v.id) from statement_line l
      join visit v on v.id = l.visit_id where v.status not in {_ENDED_VISIT}
    """,
)
LINES_SAY_WHY = Invariant(
    "every_unpaid_line_says_why",
    """
    select format('line %s is %s without a reason', l.id, l.verdict) from statement_line l
     where l.verdict not in ('pay') and cardinality(l.reasons) = 0
    """,
)
PAID_IS_VERIFIED = Invariant(
    "nothing_is_paid_unverified",
    """
    select format('line %s is paid on a customer callback that is %s', l.id, coalesce(c.status, 'absent'))
      from statement_line l left join customer_callback c on c.visit_id = l.visit_id
     where l.kind in ('labour', 'visit') and l.verdict in ('pay', 'reduced')
       and coalesce(c.status, 'absent') not in ('passed', 'reconfirmed')
    """,
)
LABOUR_ONCE = Invariant(
    "labour_is_paid_once_for_a_ticket",
    """
    select format('labour of ticket %s is paid %s times', l.ticket_id, count(*)) from statement_line l
     where l.kind = 'labour' and l.verdict in ('pay', 'reduced') group by l.ticket_id having count(*) > 1
    """,
)
LINES_ADD_UP = Invariant(
    "every_line_is_its_price_less_its_deductions",
    """
    select format('line %s is %s, not %s less %s', l.id, l.net_amount, l.price_amount, coalesce(d.taken, 0))
      from statement_line l
      left join (select line_id, sum(amount_amount) as taken from deduction where waived_at is null group by line_id) d
        on d.line_id = l.id
      left join statement_line rest on rest.rest_of_id = l.id
     where l.kind in ('labour', 'visit', 'extra', 'later') and l.verdict in ('pay', 'reduced')
       and l.net_amount + coalesce(rest.net_amount, 0) <> l.price_amount - coalesce(d.taken, 0)
    """,
)
PAYMENTS_ADD_UP = Invariant(
    "every_payment_is_the_sum_of_its_lines",
    """
    select format('statement %s is %s with %s payments of %s for %s', x.id, x.status, x.times, x.paid, x.lines) from (
      select st.id, st.status, (select count(*) from payment p where p.statement_id = st.id) as times,
             (select coalesce(sum(p.sum_amount), 0) from payment p where p.statement_id = st.id) as paid,
             (select coalesce(sum(l.net_amount), 0) from statement_line l
               where l.statement_id = st.id and l.verdict in ('pay', 'reduced')) as lines
        from statement st) x
     where x.times <> case when x.status = 'paid' then 1 else 0 end
        or (x.status = 'paid' and x.paid <> greatest(x.lines, 0))
    """,
)
NO_JOB_LEFT = Invariant(
    "no_job_failed_or_is_left",
    "select format('job %s (%s) is %s', j.id, j.task_name, j.status) from procrastinate_jobs j"
    " where j.status not in ('succeeded', 'cancelled')",
)


def history() -> Invariant:
    """Return the invariant that every history is without gaps: each step begins where the one before ended.

    It is made from the tables that have a status: the last step of each of their rows leads to the row's status.
    """
    statuses = " union all ".join(
        f"select '{table.machine.name}', x.id, x.status from {table.__tablename__} x"  # type: ignore[attr-defined]
        for table in _machines()
    )
    return Invariant(
        "every_history_is_without_gaps",
        f"""
        with step as (
          select subject, subject_id, id, before, after,
                 lag(after) over (partition by subject, subject_id order by id) as earlier,
                 row_number() over (partition by subject, subject_id order by id desc) as back
            from domain_event),
        present(subject, subject_id, status) as ({statuses})
        select format('%s %s: event %s begins at %s after %s', subject, subject_id, id, before, earlier)
          from step where earlier is not null and before is distinct from earlier
        union all
        select format('%s %s is %s, its history says %s', p.subject, p.subject_id, p.status,
                      coalesce(s.after, 'nothing'))
          from present p left join step s on s.subject = p.subject and s.subject_id = p.subject_id and s.back = 1
         where s.after is distinct from p.status and not (s.after is null and p.subject in ('technician', 'message'))
        union all
        select format('event %s is about %s %s, which is not there', s.id, s.subject, s.subject_id) from step s
          left join present p on p.subject = s.subject and p.subject_id = s.subject_id
         where p.subject_id is null and s.subject in (select distinct subject from present)
        """,
    )


def _machines() -> list[type]:
    mapped = (mapper.class_ for mapper in Base.registry.mappers)
    return sorted((each for each in mapped if hasattr(each, "machine")), key=lambda each: each.__name__)


def all_invariants() -> tuple[Invariant, ...]:
    """Return every invariant, in the order in which a ticket lives."""
    return (
        REPORTS_ONCE,
        TICKETS_REPORTED,
        TICKETS_EXPLAINED,
        history(),
        NO_OVERLAP,
        OFFER_ACCEPTED,
        OFFERS_CLOSED,
        MESSAGES_ONE_FATE,
        MESSAGES_AT_PROVIDER,
        TEXTS_ONCE,
        TEXTS_HANDLED,
        VISITS_HAVE_CARDS,
        VISITS_CALLED_BACK,
        VISITS_ON_LINES,
        LINES_SAY_WHY,
        PAID_IS_VERIFIED,
        LABOUR_ONCE,
        LINES_ADD_UP,
        PAYMENTS_ADD_UP,
        NO_JOB_LEFT,
    )


def check(connection: Connection, *, witnessed: bool) -> list[Violations]:
    """Return what violates each invariant; those that need a witness are left out where there is none."""
    found = []
    for invariant in all_invariants():
        if witnessed or not invariant.needs_witness:
            sentences = sorted(str(row[0]) for row in connection.execute(text(invariant.query)))
            found.append(Violations(invariant.name, len(sentences), tuple(sentences[:MOST_NAMED])))
    return found
