"""Verifying outcomes by text message: a survey where nobody was reached, yes or no where the customer is the reason."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.callbacks.models import CustomerCallback
from server.conversation import questions, wording
from server.conversation.job_sheet import Reader, reader_of
from server.conversation.models import Ended, QuestionKind
from server.conversation.phrases import knows, say
from server.conversation.to_customers import ask, tell
from server.core.db import Json
from server.core.events import DomainEvent
from server.orders import links
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.orders.words import LinkPurpose

_LINK_GOOD = timedelta(days=30)
"""The answer counts as long as the verification is undecided; this is only how long its link can be used."""

_KINDS = (QuestionKind.SURVEY, QuestionKind.OUTCOME)


def _link(session: Session, callback: CustomerCallback, *, now: datetime) -> str:
    token = links.create(
        session,
        ticket_id=callback.ticket_id,
        visit_id=callback.visit_id,
        purpose=LinkPurpose.SURVEY,
        bound=callback_bound(callback),
        expires_at=callback.survey_ends_at or now + _LINK_GOOD,
        now=now,
    )
    return wording.wording(session).link(token)


def callback_bound(callback: CustomerCallback) -> Json:
    """Return what a customer answers with a link: this verification."""
    return {"callback_id": callback.id}


def on_survey(session: Session, event: DomainEvent) -> None:
    """Ask whom no call reached whether all is well (R33). Handles `customer_callback.survey`."""
    callback, ticket, to = _about(session, event)
    if to is None:
        return
    _close(session, callback, Ended.EXPIRED, now=event.at)
    question = ask(session, to, QuestionKind.SURVEY, callback.id, now=event.at)
    parameters = {"ticket": ticket.number, "code": question.code, "link": _link(session, callback, now=event.at)}
    tell(session, to, "customer.survey", parameters, now=event.at, valid_until=callback.survey_ends_at)


def on_ask(session: Session, event: DomainEvent) -> None:
    """Ask yes or no about a report that puts the reason on the customer (R32). Handles `customer_callback.ask`."""
    callback, ticket, to = _about(session, event)
    if to is None:
        return
    question = ask(session, to, QuestionKind.OUTCOME, callback.id, now=event.at)
    parameters = {
        "ticket": ticket.number,
        "question": asked_about(session, callback, to),
        "code": question.code,
        "link": _link(session, callback, now=event.at),
    }
    tell(session, to, "customer.ask", parameters, now=event.at)


def asked_about(session: Session, callback: CustomerCallback, to: Reader) -> str:
    """Return the question about a report, with the day it is about."""
    name = f"ask_outcome.{callback.outcome}"
    visit = session.get(Visit, callback.visit_id) if callback.visit_id is not None else None
    on = (visit.finished_at if visit else None) or callback.created_at
    return say(
        name if knows(name) else "ask_outcome.other",
        to.locale,
        day=wording.day(on, zone=to.zone, locale=to.locale),
    )


def on_decided(session: Session, event: DomainEvent) -> None:
    """Close what was asked once there is a verdict.

    Handles `customer_callback.pass`, `customer_callback.fail`, `customer_callback.reconfirm`,
    `customer_callback.not_confirm`, `customer_callback.lapse`. An unanswered survey stays open: a late
    answer still counts while nobody has decided.
    """
    callback = session.get_one(CustomerCallback, event.subject_id)
    _close(session, callback, Ended.ANSWERED, now=event.at)


def _close(session: Session, callback: CustomerCallback, ended: Ended, *, now: datetime) -> None:
    questions.close(session, kinds=_KINDS, subject_id=callback.id, ended=ended, now=now)
    # Links of a verification are those of its visit; without one they are the only ones of the ticket.
    links.revoke(
        session,
        ticket_id=callback.ticket_id,
        visit_id=callback.visit_id,
        purposes=(LinkPurpose.SURVEY,),
        now=now,
    )


def _about(session: Session, event: DomainEvent) -> tuple[CustomerCallback, Ticket, Reader | None]:
    callback = session.get_one(CustomerCallback, event.subject_id)
    ticket = session.get_one(Ticket, callback.ticket_id)
    to = reader_of(session, ticket, phone=callback.phone) if callback.phone else None
    return callback, ticket, to
