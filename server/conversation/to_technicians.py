"""What technicians and payees are told by text message when something happens, whoever made it happen."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from server.conversation import questions, wording
from server.conversation.callers import language
from server.conversation.job_sheet import Job, job_of
from server.conversation.models import Ended, OpenQuestion, QuestionKind
from server.conversation.phrases import say
from server.core.db import Json
from server.core.events import SYSTEM, DomainEvent
from server.core.money import Money
from server.dispatch import escalations
from server.dispatch.models import Offer
from server.orders import visits
from server.orders.models import Ticket
from server.orders.status import VisitStatus
from server.orders.visit_models import ExtraWork, Visit
from server.organisation.models import Region, Station
from server.sms import outbox
from server.sms.models import OutboxMessage
from server.sms.status import MessageStatus
from server.technicians.models import Technician

OPTED_OUT = "technician_opted_out"
"""Kind of escalation: his carrier bars our messages, so somebody must telephone (fault 17)."""

_JOB = (QuestionKind.JOB,)


def _tell(
    session: Session, job: Job, template: str, parameters: Json, *, now: datetime, valid_until: datetime | None = None
) -> OutboxMessage:
    return outbox.queue(
        session,
        to=job.technician_phone,
        template=template,
        parameters=parameters,
        locale=job.technician_locale,
        ticket_id=job.ticket_id,
        now=now,
        valid_until=valid_until,
        time_zone=job.technician_zone,
    )


def _job_question(session: Session, job: Job, *, now: datetime) -> OpenQuestion:
    return questions.open_question(
        session,
        phone=job.technician_phone,
        kind=QuestionKind.JOB,
        subject_id=job.visit_id,
        ticket_id=job.ticket_id,
        now=now,
    )


def on_offer_sent(session: Session, event: DomainEvent) -> None:
    """Send the offer with its job code and until when to answer (R11). Handles `offer.sent`."""
    offer = session.get_one(Offer, event.subject_id)
    job = job_of(session, visit_id=offer.visit_id)
    question = _job_question(session, job, now=event.at)
    locale = job.technician_locale
    until = wording.clock(offer.expires_at, zone=job.zone)
    parameters = {
        "code": question.code,
        "work": job.work(locale),
        "day": job.day(locale),
        "window": job.window,
        "place": job.where(locale),
        "until": until,
    }
    message = _tell(session, job, "offer.new", parameters, now=event.at, valid_until=offer.expires_at)
    if message.status is MessageStatus.SUPPRESSED:
        ticket = session.get_one(Ticket, offer.ticket_id)
        details = {"technician_id": offer.technician_id, "offer_id": offer.id}
        escalations.raise_(session, ticket=ticket, kind=OPTED_OUT, by=SYSTEM, now=event.at, details=details)


def on_offer_answered(session: Session, event: DomainEvent) -> None:
    """Close the job code of an offer that was declined or handed back. Handles `offer.decline`, `offer.hand_back`."""
    offer = session.get_one(Offer, event.subject_id)
    questions.close(session, kinds=_JOB, subject_id=offer.visit_id, ended=Ended.ANSWERED, now=event.at)


def on_offer_expired(session: Session, event: DomainEvent) -> None:
    """Tell the technician that he need not answer any more. Handles `offer.expire`."""
    _end_offer(session, event, Ended.EXPIRED)


def on_offer_withdrawn(session: Session, event: DomainEvent) -> None:
    """Tell the technician not to go. Handles `offer.withdraw`."""
    _end_offer(session, event, Ended.WITHDRAWN)


def _end_offer(session: Session, event: DomainEvent, ended: Ended) -> None:
    offer = session.get_one(Offer, event.subject_id)
    technician = session.get_one(Technician, offer.technician_id)
    _say_ended(session, technician, visit_id=offer.visit_id, ended=ended, now=event.at)


def on_visit_withdrawn(session: Session, event: DomainEvent) -> None:
    """Tell the technician not to go, unless the withdrawal of his offer has said so. Handles `visit.withdraw`."""
    visit = session.get_one(Visit, event.subject_id)
    technician = session.get_one(Technician, visit.technician_id)
    _say_ended(session, technician, visit_id=visit.id, ended=Ended.WITHDRAWN, now=event.at)


def _say_ended(session: Session, technician: Technician, *, visit_id: int, ended: Ended, now: datetime) -> None:
    """Close the job code and say why: once, because it is open once."""
    job, locale = job_of(session, visit_id=visit_id), language(technician.locale)
    station = session.get_one(Station, technician.station_id)
    for question in questions.close(session, kinds=_JOB, subject_id=visit_id, ended=ended, now=now):
        parameters: Json = {"code": question.code}
        if ended is Ended.WITHDRAWN:
            parameters |= {"day": job.day(locale), "reason": ""}
        outbox.queue(
            session,
            to=question.phone,
            template=f"offer.{ended}",
            parameters=parameters,
            locale=locale,
            ticket_id=question.ticket_id,
            now=now,
            time_zone=session.get_one(Region, station.region_id).time_zone,
        )


def on_accepted(session: Session, event: DomainEvent) -> None:
    """Send the job sheet. Handles `visit.accept`, and `visit.move` of a visit that was accepted."""
    if session.get_one(Visit, event.subject_id).status is not VisitStatus.ACCEPTED:
        return
    job = job_of(session, visit_id=event.subject_id)
    locale = job.technician_locale
    question = _job_question(session, job, now=event.at)
    remark = "; ".join(part for part in (job.description, job.access) if part)
    parameters = {
        "code": question.code,
        "ticket": job.number,
        "work": job.work(locale),
        "day": job.day(locale),
        "window": f"{job.window} ({wording.clock(job.starts_at, zone=job.zone)})",
        "customer": job.customer,
        "phone": job.phone or say("phone.none", locale),
        "place": job.where(locale),
        "remark": say("remark", locale, text=remark[:160]) if remark else "",
        "answers": say("answers.job", locale, code=question.code),
    }
    _tell(session, job, "job.accepted", parameters, now=event.at)


def on_visit_over(session: Session, event: DomainEvent) -> None:
    """Close the job code of a visit that has ended.

    Handles `visit.finish`, `visit.not_finish`, `visit.find_nobody`, `visit.be_declined`.
    """
    questions.close(session, kinds=_JOB, subject_id=event.subject_id, ended=Ended.OVER, now=event.at)


def on_extra_answered(session: Session, event: DomainEvent) -> None:
    """Tell the technician whether the customer agrees to extra work (R21). Handles `visit.answer_extra`."""
    extra = session.get_one(ExtraWork, int(event.details["extra_work_id"]))
    job = job_of(session, visit_id=extra.visit_id)
    question = _job_question(session, job, now=event.at)
    name = "extra.agreed" if extra.authorised else "extra.refused"
    what = say(name, job.technician_locale, work=extra.description[:80], price=wording.money(extra.price))
    _at_once(session, job, question.code, what, now=event.at)


def on_urge(session: Session, event: DomainEvent) -> None:
    """Tell the technician to phone the customer who asks again (R15). Handles `ticket.urge`."""
    visit = visits.live_visit(session, event.subject_id)
    if visit is None or visit.technician_id != event.details.get("technician_id"):
        return
    job = job_of(session, visit_id=visit.id)
    question = _job_question(session, job, now=event.at)
    what = say("urged", job.technician_locale, phone=job.phone or say("phone.none", job.technician_locale))
    _at_once(session, job, question.code, what, now=event.at)


def _at_once(session: Session, job: Job, code: str, what: str, *, now: datetime) -> None:
    """Answer somebody who is at work: quiet hours do not hold for it."""
    outbox.queue(
        session,
        to=job.technician_phone,
        template="reply.done",
        parameters={"code": code, "what": what},
        locale=job.technician_locale,
        ticket_id=job.ticket_id,
        now=now,
        quiet=False,
    )


def on_statement_published(session: Session, event: DomainEvent) -> None:
    """Tell a payee the sum of his month, how many lines are refused, until when to appeal (R40).

    Handles `statement.publish`, whose details name the payee by id, the month, the sum, the number of
    refused lines and the end of the time to appeal.
    """
    details = event.details
    payee = _payee(session, details)
    if payee is None:
        return
    phone, locale, zone = payee
    refused = int(details.get("refused", 0))
    until = datetime.fromisoformat(details["appeals_until"])
    parameters = {
        "month": wording.month(date.fromisoformat(details["month"]), locale=locale),
        "sum": wording.money(Money(int(details["amount"]), str(details["currency"]))),
        "refused": say("statement.refused", locale, lines=refused) if refused else "",
        "until": wording.day(until, zone=zone, locale=locale),
        "answers": say("statement.answers", locale) if refused else "",
    }
    outbox.queue(
        session,
        to=phone,
        template="statement.published",
        parameters=parameters,
        locale=locale,
        ticket_id=None,
        now=event.at,
        time_zone=zone,
    )


def _payee(session: Session, details: Json) -> tuple[str, str, str] | None:
    """Return telephone, language and time zone of the payee that an event names by id; None if it names none."""
    if details.get("technician_id") is not None:
        technician = session.get_one(Technician, int(details["technician_id"]))
        station = session.get_one(Station, technician.station_id)
        phone, locale = technician.phone, language(technician.locale)
    elif details.get("station_id") is not None:
        station = session.get_one(Station, int(details["station_id"]))
        phone, locale = station.phone, language(wording.wording(session).locale)
    else:
        return None
    return phone, locale, session.get_one(Region, station.region_id).time_zone
