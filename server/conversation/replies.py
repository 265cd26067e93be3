"""What is answered to a text, and what becomes of the text."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation.callers import Caller
from server.conversation.phrases import knows, say
from server.core.errors import Refusal
from server.orders.models import Ticket
from server.sms import outbox
from server.sms.models import OutboxMessage

NOT_UNDERSTOOD = "reply.not_understood"
POLITE_EVERY = timedelta(hours=1)
"""Somebody whose texts nobody but a human understands is told so once in this time, not every time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a text: the outcome that the message keeps, and the answer, if any.

    :param template: of sms, or None where another message says all (the job sheet after accepting).
    :param values: the template's parameters.
    :param human: whether somebody at the desk must read the text.
    """

    outcome: str
    template: str | None = None
    values: tuple[tuple[str, str | int], ...] = ()
    ticket_id: int | None = None
    human: bool = False


def silent(outcome: str, *, ticket_id: int | None) -> Reply:
    """Return that the text was understood and another message answers it."""
    return Reply(outcome, ticket_id=ticket_id)


def about_job(outcome: str, code: str, what: str, *, ticket_id: int | None) -> Reply:
    """Return an answer about one job."""
    return Reply(outcome, "reply.done", (("code", code), ("what", what)), ticket_id)


def too_late(code: str, what: str, *, ticket_id: int | None) -> Reply:
    """Return that an answer came after its question was over."""
    return Reply("too_late", "reply.too_late", (("code", code), ("what", what)), ticket_id)


def plain(outcome: str, text: str) -> Reply:
    """Return an answer that is about no job."""
    return Reply(outcome, "reply.help", (("answers", text),))


def which(choices: list[str]) -> Reply:
    """Return the question which of several jobs was meant."""
    return Reply("asked_which", "reply.which_job", (("choices", "; ".join(choices)),))


def for_human(answers: str, *, ticket_id: int | None) -> Reply:
    """Return that somebody at the desk will read it."""
    return Reply("human", NOT_UNDERSTOOD, (("answers", answers),), ticket_id, human=True)


def to_customer(session: Session, outcome: str, what: str, *, ticket_id: int, human: bool = False) -> Reply:
    """Return an answer to a customer about his ticket."""
    number = session.get_one(Ticket, ticket_id).number
    return Reply(outcome, "customer.reply", (("ticket", number), ("what", what)), ticket_id, human)


def refused(code: str, refusal: Refusal, *, locale: str, ticket_id: int | None) -> Reply:
    """Return why what was asked for was not recorded, in words that a text message has room for."""
    names = (f"why.{refusal.code}.{refusal.details.get('status')}", f"why.{refusal.code}", "why.other")
    reason = say(next(name for name in names if knows(name)), locale)
    return about_job(f"refused:{refusal.code}", code, say("refused", locale, why=reason), ticket_id=ticket_id)


def send(session: Session, reply: Reply, *, phone: str, locale: str, now: datetime) -> None:
    """Queue the answer; the politeness to unread texts at most once in `POLITE_EVERY` to a telephone."""
    if reply.template is None or (reply.template == NOT_UNDERSTOOD and _was_polite(session, phone, now)):
        return
    outbox.queue(
        session,
        to=phone,
        template=reply.template,
        parameters=dict(reply.values),
        locale=locale,
        ticket_id=reply.ticket_id,
        now=now,
        quiet=False,  # an answer to what somebody has just written
    )


def _was_polite(session: Session, phone: str, now: datetime) -> bool:
    return (
        session.scalar(
            select(OutboxMessage.id)
            .where(
                OutboxMessage.phone == phone,
                OutboxMessage.template == NOT_UNDERSTOOD,
                OutboxMessage.created_at > now - POLITE_EVERY,
            )
            .limit(1)
        )
        is not None
    )


def choice(caller: Caller, *, code: str, work: str, day: str, window: str) -> str:
    """Return one of the jobs between which somebody is asked to choose."""
    return say("choice", caller.locale, code=code, work=work, day=day, window=window)
