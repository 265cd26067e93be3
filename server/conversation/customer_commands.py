"""What a customer's text does: an answer to the one question it fits, or a text for a human."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from server.conversation import customer_answers, wording
from server.conversation.callers import Caller
from server.conversation.commands import Verb
from server.conversation.job_sheet import job_of
from server.conversation.models import OpenQuestion, QuestionKind
from server.conversation.phrases import say
from server.conversation.replies import Reply, to_customer

VERBS: Mapping[QuestionKind, tuple[Verb, Verb]] = MappingProxyType(
    {
        QuestionKind.CONFIRM_VISIT: (Verb.CONFIRM, Verb.MOVE),
        QuestionKind.AUTHORISE_EXTRA: (Verb.AGREE, Verb.REFUSE),
        QuestionKind.SURVEY: (Verb.WELL, Verb.NOT_WELL),
        QuestionKind.OUTCOME: (Verb.RIGHT, Verb.WRONG),
    }
)
"""The two answers that each kind of question has: what `1` and `2` mean."""


def carry_out(
    session: Session, caller: Caller, question: OpenQuestion, *, yes: bool, words: str, now: datetime
) -> Reply:
    """Take a customer's answer to a question, and return what to tell him.

    :raises Refusal: what the use case refuses; nothing was recorded then.
    """
    match question.kind:
        case QuestionKind.CONFIRM_VISIT:
            return _visit(session, caller, question, yes=yes, words=words, now=now)
        case QuestionKind.AUTHORISE_EXTRA:
            price = customer_answers.answer_extra(
                session, extra_work_id=question.subject_id, authorised=yes, by=caller.actor, now=now
            )
            return _thanks(session, caller, question, yes=yes, price=wording.money(price))
        case _:
            customer_answers.answer_callback(
                session, callback_id=question.subject_id, confirmed=yes, words=words, by=caller.actor, now=now
            )
            return _thanks(session, caller, question, yes=yes)


def _visit(session: Session, caller: Caller, question: OpenQuestion, *, yes: bool, words: str, now: datetime) -> Reply:
    if not yes:
        customer_answers.ask_to_move(session, visit_id=question.subject_id, wish=words, by=caller.actor, now=now)
        return _thanks(session, caller, question, yes=False)
    customer_answers.confirm(session, visit_id=question.subject_id, by=caller.actor, now=now)
    job = job_of(session, visit_id=question.subject_id)
    return _thanks(session, caller, question, yes=True, day=job.day(caller.locale), window=job.window)


_SAYS: Mapping[Verb, str] = MappingProxyType(
    {
        Verb.CONFIRM: "customer.confirmed",
        Verb.MOVE: "customer.move",
        Verb.AGREE: "customer.agreed",
        Verb.REFUSE: "customer.refused",
        Verb.WELL: "customer.well",
        Verb.NOT_WELL: "customer.not_well",
        Verb.RIGHT: "customer.right",
        Verb.WRONG: "customer.wrong",
    }
)


def _thanks(session: Session, caller: Caller, question: OpenQuestion, *, yes: bool, **values: str) -> Reply:
    verb = VERBS[question.kind][0 if yes else 1]
    what = say(_SAYS[verb], caller.locale, **values)
    return to_customer(session, str(verb), what, ticket_id=question.ticket_id)
