"""What customers are told and asked by text message when something happens, whoever made it happen."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation import questions, wording
from server.conversation.customer_answers import WANTS_TO_MOVE
from server.conversation.job_sheet import Job, Reader, job_of, reader_of
from server.conversation.models import Ended, OpenQuestion, QuestionKind
from server.conversation.phrases import knows, say
from server.core.db import Json
from server.core.events import DomainEvent
from server.orders import links
from server.orders.models import Ticket
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import ExtraWork, Visit
from server.orders.words import LinkPurpose
from server.sms import outbox
from server.sms.models import OutboxMessage

REBOOK_WITHIN = timedelta(days=14)
"""How long the link to name another time stays good."""

_OF_A_VISIT = (LinkPurpose.CONFIRM_VISIT, LinkPurpose.AUTHORISE_EXTRA, LinkPurpose.FOLLOW)
_STILL_PROMISED = frozenset({TicketStatus.READY, TicketStatus.PLANNED})
"""A ticket that somebody at the desk has ended or put off: he has spoken with the customer."""


def tell(
    session: Session,
    to: Reader,
    template: str,
    parameters: Json,
    *,
    now: datetime,
    quiet: bool = True,
    once: str | None = None,
    valid_until: datetime | None = None,
) -> None:
    """Queue a message to a customer in his language, outside the quiet hours at his site unless it is exempt."""
    outbox.queue(
        session,
        to=to.phone,
        template=template,
        parameters=parameters,
        locale=to.locale,
        ticket_id=to.ticket_id,
        now=now,
        quiet=quiet,
        once=once,
        valid_until=valid_until,
        time_zone=to.zone,
    )


def _link(session: Session, job: Job, purpose: LinkPurpose, bound: Json, *, until: datetime, now: datetime) -> str:
    token = links.create(
        session,
        ticket_id=job.ticket_id,
        visit_id=job.visit_id,
        purpose=purpose,
        bound=bound,
        expires_at=until,
        now=now,
    )
    return wording.wording(session).link(token)


def _told_key(job: Job) -> str:
    """Return the key under which a customer is told one window of one visit once."""
    return f"window/{job.visit_id}/{job.window_from.isoformat()}/{job.window_to.isoformat()}"


def _was_told(session: Session, job: Job) -> bool:
    return session.scalar(select(OutboxMessage.id).where(OutboxMessage.once == _told_key(job))) is not None


def window_bound(job: Job) -> Json:
    """Return what a customer confirms: this window of this visit, and no other."""
    return {"visit_id": job.visit_id, "from": job.window_from.isoformat(), "to": job.window_to.isoformat()}


def on_window_firm(session: Session, event: DomainEvent) -> None:
    """Tell the customer the window once it is firm, and ask him to confirm it (R12).

    Handles `visit.accept`, and `visit.move` of a visit that was accepted. A window that he was told before,
    by another technician's acceptance, is not told again; a changed one revokes what was asked about the old.
    """
    visit = session.get_one(Visit, event.subject_id)
    job = job_of(session, visit_id=visit.id)
    if visit.status is not VisitStatus.ACCEPTED or visit.window_to <= event.at or _was_told(session, job):
        return
    _forget_window(session, job.ticket_id, visit.id, ended=Ended.WITHDRAWN, now=event.at)
    to = job.reader
    if to is None:
        return
    question = ask(session, to, QuestionKind.CONFIRM_VISIT, visit.id, now=event.at)
    name = f"ready.{job.work_type}"
    parameters = {
        "ticket": job.number,
        "day": job.day(to.locale),
        "window": job.window,
        "ready": say(name if knows(name) else "ready.other", to.locale),
        "code": question.code,
        "link": _link(session, job, LinkPurpose.CONFIRM_VISIT, window_bound(job), until=visit.window_to, now=event.at),
    }
    tell(session, to, "customer.window", parameters, now=event.at, once=_told_key(job), valid_until=visit.window_to)


def ask(session: Session, to: Reader, kind: QuestionKind, subject_id: int, *, now: datetime) -> OpenQuestion:
    """Open a question at a customer's telephone."""
    return questions.open_question(
        session, phone=to.phone, kind=kind, subject_id=subject_id, ticket_id=to.ticket_id, now=now
    )


def _forget_window(session: Session, ticket_id: int, visit_id: int, *, ended: Ended, now: datetime) -> None:
    questions.close(session, kinds=(QuestionKind.CONFIRM_VISIT,), subject_id=visit_id, ended=ended, now=now)
    links.revoke(session, ticket_id=ticket_id, visit_id=visit_id, purposes=(LinkPurpose.CONFIRM_VISIT,), now=now)


def on_confirmed(session: Session, event: DomainEvent) -> None:
    """Close the question about the window. Handles `visit.confirm`."""
    visit = session.get_one(Visit, event.subject_id)
    _forget_window(session, visit.ticket_id, visit.id, ended=Ended.ANSWERED, now=event.at)


def on_escalated(session: Session, event: DomainEvent) -> None:
    """Close the question about a window that the customer wants moved. Handles `ticket.escalate`."""
    visit_id = event.details.get("visit_id")
    if event.reason == WANTS_TO_MOVE and visit_id is not None:
        _forget_window(session, event.subject_id, int(visit_id), ended=Ended.ANSWERED, now=event.at)


def on_left(session: Session, event: DomainEvent) -> None:
    """Tell the customer who is on the way and about when he comes (R12). Handles `visit.leave`."""
    visit = session.get_one(Visit, event.subject_id)
    job = job_of(session, visit_id=visit.id)
    to = job.reader
    if to is None:
        return
    # Service never starts before the window opens (R13).
    arrives = max(event.at + timedelta(seconds=visit.travel_seconds), visit.window_from)
    parameters = {
        "ticket": job.number,
        "technician": job.technician,
        "time": wording.clock(arrives, zone=job.zone),
    }
    tell(session, to, "customer.on_the_way", parameters, now=event.at, quiet=False, valid_until=visit.window_to)


def on_extra_asked(session: Session, event: DomainEvent) -> None:
    """Ask the customer whether he agrees to extra work at its price (R21). Handles `visit.ask_extra`."""
    extra = session.get_one(ExtraWork, int(event.details["extra_work_id"]))
    job = job_of(session, visit_id=extra.visit_id)
    to = job.reader
    if to is None:
        return
    question = ask(session, to, QuestionKind.AUTHORISE_EXTRA, extra.id, now=event.at)
    parameters = {
        "ticket": job.number,
        "work": extra.description[:160],
        "price": wording.money(extra.price),
        "code": question.code,
        "link": _link(
            session,
            job,
            LinkPurpose.AUTHORISE_EXTRA,
            extra_bound(extra),
            until=event.at + timedelta(days=1),
            now=event.at,
        ),
    }
    tell(session, to, "customer.extra_work", parameters, now=event.at, quiet=False)


def extra_bound(extra: ExtraWork) -> Json:
    """Return what a customer authorises: this work at this sum, and no other (fault 50)."""
    return {"extra_work_id": extra.id, "amount": extra.price.amount, "currency": extra.price.currency}


def on_extra_answered(session: Session, event: DomainEvent) -> None:
    """Close the question about extra work. Handles `visit.answer_extra`."""
    questions.close(
        session,
        kinds=(QuestionKind.AUTHORISE_EXTRA,),
        subject_id=int(event.details["extra_work_id"]),
        ended=Ended.ANSWERED,
        now=event.at,
    )


def on_visit_over(session: Session, event: DomainEvent) -> None:
    """Close every question about a visit that has ended and revoke its links.

    Handles `visit.finish`, `visit.not_finish`, `visit.find_nobody`, `visit.be_declined`.
    """
    _end_visit(session, session.get_one(Visit, event.subject_id), ended=Ended.OVER, now=event.at)


def _end_visit(session: Session, visit: Visit, *, ended: Ended, now: datetime) -> None:
    questions.close(session, kinds=(QuestionKind.CONFIRM_VISIT,), subject_id=visit.id, ended=ended, now=now)
    for extra_id in session.scalars(select(ExtraWork.id).where(ExtraWork.visit_id == visit.id)):
        questions.close(session, kinds=(QuestionKind.AUTHORISE_EXTRA,), subject_id=extra_id, ended=ended, now=now)
    links.revoke(session, ticket_id=visit.ticket_id, visit_id=visit.id, purposes=_OF_A_VISIT, now=now)


def on_nobody_there(session: Session, event: DomainEvent) -> None:
    """Send the customer who was absent a link to name another time (R27a). Handles `visit.find_nobody`."""
    job = job_of(session, visit_id=event.subject_id)
    to = job.reader
    if to is None:
        return
    until = event.at + REBOOK_WITHIN
    link = _link(session, job, LinkPurpose.REBOOK, {"ticket_id": job.ticket_id}, until=until, now=event.at)
    parameters = {
        "ticket": job.number,
        "day": wording.day(event.at, zone=job.zone, locale=to.locale),
        "time": wording.clock(event.at, zone=job.zone),
        "link": link,
        "phone": job.station_phone,
    }
    tell(session, to, "customer.absent", parameters, now=event.at)


def on_visit_withdrawn(session: Session, event: DomainEvent) -> None:
    """Tell a customer who was told a window that nobody will come then. Handles `visit.withdraw`.

    When the ticket itself ends, its own message says so.
    """
    visit = session.get_one(Visit, event.subject_id)
    job = job_of(session, visit_id=visit.id)
    _end_visit(session, visit, ended=Ended.WITHDRAWN, now=event.at)
    to = job.reader
    if to is None or not _was_told(session, job) or visit.window_to <= event.at:
        return
    if session.get_one(Ticket, visit.ticket_id).status in _STILL_PROMISED:
        parameters = {"ticket": job.number, "day": job.day(to.locale), "window": job.window}
        tell(session, to, "customer.withdrawn", parameters, now=event.at)


def on_ticket_ended(session: Session, event: DomainEvent) -> None:
    """Revoke the links of a ticket that ends, and tell the customer if it was cancelled.

    Handles `ticket.cancel`, `ticket.decline`, `ticket.not_accept`, `ticket.verify`, `ticket.end_unverified`.
    A survey may still be asked about a ticket that was cancelled or declined.
    """
    ticket = session.get_one(Ticket, event.subject_id)
    over = ticket.status is TicketStatus.CLOSED
    purposes = tuple(LinkPurpose) if over else tuple(set(LinkPurpose) - {LinkPurpose.SURVEY})
    links.revoke(session, ticket_id=ticket.id, purposes=purposes, now=event.at)
    if ticket.status is TicketStatus.CANCELLED:
        to = reader_of(session, ticket)
        if to is not None:
            tell(session, to, "customer.cancelled", {"ticket": ticket.number}, now=event.at)
