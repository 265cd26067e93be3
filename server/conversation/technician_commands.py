"""What a technician's text does: each command calls the use case and says in his language what was recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation import arguments, replies, wording
from server.conversation.callers import Caller
from server.conversation.cards import card_of, summary
from server.conversation.commands import Verb, command
from server.conversation.essentials import Unread, essentials_of
from server.conversation.job_sheet import job_of
from server.conversation.models import OpenQuestion
from server.conversation.phrases import say
from server.conversation.replies import Reply
from server.core.clock import local_day, local_instant
from server.core.errors import NotFound
from server.dispatch import offers
from server.dispatch.models import Offer
from server.dispatch.status import DeclineReason
from server.orders import visits
from server.orders.status import VisitStatus
from server.orders.visit_models import Visit
from server.technicians import people

_UNDER_WAY = frozenset({VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY, VisitStatus.ON_SITE})

FITS: Mapping[Verb, frozenset[VisitStatus]] = MappingProxyType(
    {
        Verb.ACCEPT: frozenset({VisitStatus.OFFERED}),
        Verb.DECLINE: frozenset({VisitStatus.OFFERED}),
        Verb.HAND_BACK: frozenset({VisitStatus.ACCEPTED}),
        Verb.CONTACT: _UNDER_WAY,
        Verb.LEAVE: frozenset({VisitStatus.ACCEPTED}),
        Verb.ARRIVE: frozenset({VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY}),
        Verb.EXTRA: _UNDER_WAY,
        Verb.FINISH: _UNDER_WAY,
        Verb.NOT_FINISH: _UNDER_WAY,
        Verb.ABSENT: _UNDER_WAY,
        Verb.DECLINED: _UNDER_WAY,
    }
)
"""In which states of a visit a command without a job code may mean it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command about one job.

    :param rest: what follows the command in the text.
    """

    caller: Caller
    question: OpenQuestion
    verb: Verb
    rest: str
    now: datetime

    @property
    def visit_id(self) -> int:
        """Return the visit it is about."""
        return self.question.subject_id

    def says(self, name: str, **values: str | int) -> Reply:
        """Return an answer about this job in the technician's language."""
        what = say(name, self.caller.locale, code=self.question.code, **values)
        return replies.about_job(str(self.verb), self.question.code, what, ticket_id=self.question.ticket_id)

    def asks(self, name: str, **values: str | int) -> Reply:
        """Return that something is missing and nothing was recorded."""
        what = say(name, self.caller.locale, code=self.question.code, **values)
        outcome = f"asked_back:{self.verb}"
        return replies.about_job(outcome, self.question.code, what, ticket_id=self.question.ticket_id)


def carry_out(session: Session, order: Order) -> Reply:
    """Do what a technician asks for one job, and return what to tell him.

    :raises Refusal: what the use case refuses; nothing was recorded then.
    """
    return _ABOUT_A_JOB[order.verb](session, order)


class NoOffer(NotFound):
    """The technician was never offered this visit, or not since it went to somebody else."""

    code = "offer.none"


def _offer_id(session: Session, order: Order) -> int:
    found = session.scalar(
        select(Offer.id)
        .where(Offer.visit_id == order.visit_id, Offer.technician_id == order.caller.id)
        .order_by(Offer.id.desc())
        .limit(1)
    )
    if found is None:
        raise NoOffer
    return found


def _accept(session: Session, order: Order) -> Reply:
    offers.accept(
        session,
        offer_id=_offer_id(session, order),
        technician_id=order.caller.id,
        by=order.caller.actor,
        now=order.now,
    )
    # The job sheet, which acceptance by any way sends, is the answer.
    return replies.silent(str(order.verb), ticket_id=order.question.ticket_id)


def _decline(session: Session, order: Order) -> Reply:
    reason, remark = arguments.reason_of(order.rest, arguments.DECLINE_REASONS)
    if reason is None:
        if not order.rest:
            return order.asks("ask.decline", digits=command(order.verb).digits or "")
        reason = DeclineReason.OTHER
    answer = offers.decline if order.verb is Verb.DECLINE else offers.hand_back
    answer(
        session,
        offer_id=_offer_id(session, order),
        technician_id=order.caller.id,
        reason=reason,
        remark=remark or None,
        by=order.caller.actor,
        now=order.now,
    )
    return order.says(f"done.{order.verb}")


def _contact(session: Session, order: Order) -> Reply:
    visits.report_contact(
        session, visit_id=order.visit_id, technician_id=order.caller.id, by=order.caller.actor, now=order.now
    )
    return order.says("done.contact")


def _leave(session: Session, order: Order) -> Reply:
    visits.leave(session, visit_id=order.visit_id, technician_id=order.caller.id, by=order.caller.actor, now=order.now)
    return order.says("done.leave")


def _arrive(session: Session, order: Order) -> Reply:
    visits.check_in(
        session,
        visit_id=order.visit_id,
        technician_id=order.caller.id,
        claim=None,
        code_proof=False,
        by=order.caller.actor,
        now=order.now,
    )
    return order.says("done.arrive")


def _extra(session: Session, order: Order) -> Reply:
    price, work = arguments.amount_of(order.rest, currency=wording.wording(session).currency)
    if price is None or not price or not work:
        return order.asks("ask.extra")
    visits.ask_extra(
        session,
        visit_id=order.visit_id,
        technician_id=order.caller.id,
        description=work,
        price=price,
        by=order.caller.actor,
        now=order.now,
    )
    asked = job_of(session, visit_id=order.visit_id).phone is not None
    return order.says("done.extra" if asked else "done.extra_unasked", price=wording.money(price))


def _finish(session: Session, order: Order) -> Reply:
    said = essentials_of(order.rest, currency=wording.wording(session).currency)
    if isinstance(said, Unread):
        if said.clause in {"", order.rest}:
            return order.asks("ask.finish")
        return order.asks("ask.clause", clause=said.clause[:60])
    visit = session.get_one(Visit, order.visit_id)
    card = card_of(session, visit, said, now=order.now)
    row = visits.finish(
        session,
        visit_id=order.visit_id,
        technician_id=order.caller.id,
        card=card,
        by=order.caller.actor,
        now=order.now,
    )
    locale, due = order.caller.locale, ""
    if row.card_due_at is not None:
        zone = job_of(session, visit_id=order.visit_id).zone
        until = f"{wording.day(row.card_due_at, zone=zone, locale=locale)} {wording.clock(row.card_due_at, zone=zone)}"
        due = f" {say('summary.card', locale, until=until)}"
    return order.says("done.finish", summary=summary(card, locale=locale), card=due)


def _not_finish(session: Session, order: Order) -> Reply:
    zone = job_of(session, visit_id=order.visit_id).zone
    said = arguments.unfinished_of(order.rest, today=local_day(order.now, zone))
    if said is None:
        return order.asks("ask.unfinished")
    locale = order.caller.locale
    reason = say(f"hindrance.{said.reason}", locale)
    visits.not_finish(
        session,
        visit_id=order.visit_id,
        technician_id=order.caller.id,
        result=arguments.RESULT_OF[said.reason],
        reason=said.reason,
        text=said.text or reason,
        until=said.until,
        by=order.caller.actor,
        now=order.now,
    )
    until = say("until", locale, day=wording.day(said.until, zone=zone, locale=locale)) if said.until else ""
    return order.says("done.not_finish", reason=reason, until=until)


def _absent(session: Session, order: Order) -> Reply:
    visits.find_nobody(
        session,
        visit_id=order.visit_id,
        technician_id=order.caller.id,
        text=order.rest or None,
        by=order.caller.actor,
        now=order.now,
    )
    return order.says("done.absent")


def _declined(session: Session, order: Order) -> Reply:
    visits.be_declined(
        session,
        visit_id=order.visit_id,
        technician_id=order.caller.id,
        reason=order.rest or "customer_declined",
        by=order.caller.actor,
        now=order.now,
    )
    return order.says("done.declined")


_ABOUT_A_JOB: Mapping[Verb, Callable[[Session, Order], Reply]] = MappingProxyType(
    {
        Verb.ACCEPT: _accept,
        Verb.DECLINE: _decline,
        Verb.HAND_BACK: _decline,
        Verb.CONTACT: _contact,
        Verb.LEAVE: _leave,
        Verb.ARRIVE: _arrive,
        Verb.EXTRA: _extra,
        Verb.FINISH: _finish,
        Verb.NOT_FINISH: _not_finish,
        Verb.ABSENT: _absent,
        Verb.DECLINED: _declined,
    }
)


def report_sick(session: Session, caller: Caller, *, text: str, now: datetime) -> Reply:
    """Keep that a technician is ill from and to a day of his region, or ask for the days.

    Today counts from now: what he has done of it stays done.

    :raises Refusal: what the use case refuses.
    """
    today = local_day(now, caller.zone)
    span = arguments.span_of(text, today=today)
    if span is None or span.last < today:
        return replies.plain("asked_back:sick", say("ask.sick", caller.locale))
    begins = local_instant(span.first, 0, 0, caller.zone)
    people.report_absence(
        session,
        technician_id=caller.id,
        starts_at=max(begins, now),
        ends_at=local_instant(span.last + timedelta(days=1), 0, 0, caller.zone),
        kind="ill",
        by=caller.actor,
        now=now,
    )
    first, last = (wording.day(on, zone=caller.zone, locale=caller.locale) for on in (span.first, span.last))
    days = first if first == last else f"{first} - {last}"
    return replies.plain("sick", say("done.sick", caller.locale, days=days))
