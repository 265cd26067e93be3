"""Reading: what an incoming text means for whoever sent it. Done once, in one transaction with what it causes."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.conversation import customer_commands, grammar, job_list, questions, replies, technician_commands
from server.conversation.callers import Caller, customer_at, language_of_text, technician_at
from server.conversation.commands import Party, Verb
from server.conversation.customer_commands import VERBS
from server.conversation.grammar import Utterance
from server.conversation.job_sheet import job_of
from server.conversation.models import HumanReading, OpenQuestion, QuestionKind
from server.conversation.phrases import say
from server.conversation.replies import Reply
from server.conversation.technician_commands import FITS, Order
from server.core.errors import Refusal, Unavailable
from server.orders.visit_models import Visit
from server.sms.models import InboundMessage

LATE_WITHIN = timedelta(minutes=30)
"""For so long after a question lapsed a bare `1` may still be meant for it."""

_CHOICES = 4


def read(session: Session, *, inbound_id: int, now: datetime) -> str:
    """Find out what a text means, do it, answer it, and return what became of it; read again, nothing happens.

    A command does something only if there is exactly one thing it can mean; otherwise the answer asks. What
    no rule understands waits for a human, and its sender is told so once an hour.
    """
    # Of two who read one text at the same moment, the second waits here and finds it handled.
    inbound = session.get(InboundMessage, inbound_id, with_for_update=True, populate_existing=True)
    if inbound is None or inbound.handled_at is not None:
        return "handled before"
    caller = _caller(session, inbound)
    reply = _understood(session, inbound, caller, now) if caller else _stranger(session, inbound)
    inbound.handled_at, inbound.outcome, inbound.ticket_id = now, reply.outcome, reply.ticket_id
    if reply.human:
        session.add(HumanReading(inbound_id=inbound.id, ticket_id=reply.ticket_id, waits_since=now))
    locale = caller.locale if caller else language_of_text(session, inbound.body)
    replies.send(session, reply, phone=inbound.phone, locale=locale, now=now)
    session.flush()
    return reply.outcome


def _caller(session: Session, inbound: InboundMessage) -> Caller | None:
    """Return who writes: a technician, unless his own open question as a customer is all he can mean."""
    technician = technician_at(session, phone=inbound.phone)
    if technician is None:
        return customer_at(session, phone=inbound.phone)
    said = grammar.parse(inbound.body, party=Party.TECHNICIAN)
    named = (
        questions.named(session, phone=inbound.phone, code=said.code, now=inbound.received_at) if said.code else None
    )
    kinds = {named.kind} if named else {question.kind for question in questions.open_at(session, phone=inbound.phone)}
    private = bool(kinds) and QuestionKind.JOB not in kinds and not said.says(Verb.LIST) and not said.says(Verb.SICK)
    return customer_at(session, phone=inbound.phone) if private else technician


def _stranger(session: Session, inbound: InboundMessage) -> Reply:
    locale = language_of_text(session, inbound.body)
    return replies.for_human(say("answers.customer", locale), ticket_id=None)


def _understood(session: Session, inbound: InboundMessage, caller: Caller, now: datetime) -> Reply:
    said = grammar.parse(inbound.body, party=caller.party)
    if caller.party is Party.TECHNICIAN:
        return _technician(session, inbound, caller, said, now)
    return _customer(session, inbound, caller, said, now)


def _technician(session: Session, inbound: InboundMessage, caller: Caller, said: Utterance, now: datetime) -> Reply:
    if said.crowded:
        return replies.for_human(say("ask.answer_only", caller.locale), ticket_id=None)
    verb = said.verbs[0] if said.verbs else None
    if verb in {Verb.LIST, Verb.HELP, Verb.SICK} and said.code is None:
        return _without_job(session, inbound, caller, said, now)
    if said.code is not None:
        question = questions.named(session, phone=caller.phone, code=said.code, now=now)
        if question is None:
            return replies.plain("unknown_code", say("unknown_code", caller.locale, code=said.code))
    else:
        found = _only_job(session, inbound, caller, verb, now) if verb else None
        if not isinstance(found, OpenQuestion):
            return found or replies.for_human(say("answers.technician", caller.locale), ticket_id=None)
        question = found
    return _about(session, caller, question, verb, said, now)


def _without_job(session: Session, inbound: InboundMessage, caller: Caller, said: Utterance, now: datetime) -> Reply:
    if said.says(Verb.HELP):
        codes = [question.code for question in questions.open_at(session, phone=caller.phone)]
        return replies.plain("help", say("help.technician", caller.locale, code=codes[0] if codes else "231"))
    if said.says(Verb.LIST):
        tomorrow = any(word in inbound.body.lower() for word in ("tomorrow", "明天"))
        return job_list.jobs_of(session, caller, days_ahead=int(tomorrow), now=now)
    try:
        with session.begin_nested():
            return technician_commands.report_sick(session, caller, text=said.rest, now=now)
    except Unavailable:
        raise
    except Refusal:
        return replies.plain("refused:sick", say("ask.sick", caller.locale))


def _about(
    session: Session, caller: Caller, question: OpenQuestion, verb: Verb | None, said: Utterance, now: datetime
) -> Reply:
    """Do what a technician says about one job."""
    if verb not in FITS and said.rest:
        return replies.for_human(say("answers.technician", caller.locale), ticket_id=question.ticket_id)
    if question.ended is not None:
        late = say(f"late.{question.ended}", caller.locale)
        return replies.too_late(question.code, late, ticket_id=question.ticket_id)
    if verb is None or verb not in FITS:
        what = say("ask.command", caller.locale, code=question.code)
        return replies.about_job("asked_back", question.code, what, ticket_id=question.ticket_id)
    order = Order(caller, question, verb, said.rest, now)
    try:
        # What a use case has begun before it refused must not stay.
        with session.begin_nested():
            return technician_commands.carry_out(session, order)
    except Unavailable:
        raise
    except Refusal as refusal:
        return replies.refused(question.code, refusal, locale=caller.locale, ticket_id=question.ticket_id)


def _only_job(
    session: Session, inbound: InboundMessage, caller: Caller, verb: Verb, now: datetime
) -> OpenQuestion | Reply:
    """Return the one job that a command without a code can mean, else what to ask."""
    jobs = _asked_before(session, inbound, {QuestionKind.JOB})
    fitting = [job for job in jobs if _is_his(session, job, caller, verb)]
    lapsed: list[OpenQuestion] = []
    if verb in {Verb.ACCEPT, Verb.DECLINE}:
        lapsed = _lapsed(session, caller.phone, {QuestionKind.JOB}, now)
    if len(fitting) == 1 and not lapsed:
        return fitting[0]
    if fitting:
        return replies.which([_choice(session, caller, job) for job in fitting[:_CHOICES]])
    if len(lapsed) == 1:
        late = say(f"late.{lapsed[0].ended}", caller.locale)
        return replies.too_late(lapsed[0].code, late, ticket_id=lapsed[0].ticket_id)
    return replies.plain("no_job_fits", say("no_job_fits", caller.locale))


def _asked_before(session: Session, inbound: InboundMessage, kinds: set[QuestionKind]) -> list[OpenQuestion]:
    """Return what is open at a telephone and was asked before the text arrived: nothing later can be meant."""
    return [
        question
        for question in questions.open_at(session, phone=inbound.phone)
        if question.kind in kinds and question.opened_at <= inbound.received_at
    ]


def _lapsed(session: Session, phone: str, kinds: set[QuestionKind], now: datetime) -> list[OpenQuestion]:
    recent = questions.lapsed_since(session, phone=phone, since=now - LATE_WITHIN)
    return [question for question in recent if question.kind in kinds]


def _is_his(session: Session, question: OpenQuestion, caller: Caller, verb: Verb) -> bool:
    visit = session.get_one(Visit, question.subject_id, populate_existing=True)
    return visit.technician_id == caller.id and visit.status in FITS[verb]


def _choice(session: Session, caller: Caller, question: OpenQuestion) -> str:
    job = job_of(session, visit_id=question.subject_id)
    return replies.choice(
        caller, code=question.code, work=job.work(caller.locale), day=job.day(caller.locale), window=job.window
    )


def _customer(session: Session, inbound: InboundMessage, caller: Caller, said: Utterance, now: datetime) -> Reply:
    verbs = set(said.verbs)
    if said.code is not None:
        question = questions.named(session, phone=caller.phone, code=said.code, now=now)
        if question is None or question.kind is QuestionKind.JOB:
            return _unclear(caller)
        if question.ended is not None and verbs:
            what = say(f"late.customer.{question.ended}", caller.locale)
            return replies.to_customer(session, "too_late", what, ticket_id=question.ticket_id)
        fitting = [question] if verbs & set(VERBS[question.kind]) else []
    else:
        asked = _asked_before(session, inbound, set(VERBS))
        fitting = [question for question in asked if verbs & set(VERBS[question.kind])]
        lapsed = _lapsed(session, caller.phone, {kind for kind, pair in VERBS.items() if verbs & set(pair)}, now)
        if len(fitting) > 1 or (fitting and lapsed):
            return replies.which([_question(caller, question) for question in fitting[:_CHOICES]])
        if not fitting and len(lapsed) == 1:
            what = say(f"late.customer.{lapsed[0].ended}", caller.locale)
            return replies.to_customer(session, "too_late", what, ticket_id=lapsed[0].ticket_id)
    if not fitting:
        return _unclear(caller)
    return _answer(session, caller, fitting[0], said, now)


def _answer(session: Session, caller: Caller, question: OpenQuestion, said: Utterance, now: datetime) -> Reply:
    yes = VERBS[question.kind][0] in said.verbs
    try:
        with session.begin_nested():
            return customer_commands.carry_out(session, caller, question, yes=yes, words=said.rest, now=now)
    except Unavailable:
        raise
    except Refusal as refusal:
        what = say("customer.too_late", caller.locale)
        return replies.to_customer(session, f"refused:{refusal.code}", what, ticket_id=question.ticket_id)


def _unclear(caller: Caller) -> Reply:
    return replies.for_human(say("answers.customer", caller.locale), ticket_id=caller.ticket_id)


def _question(caller: Caller, question: OpenQuestion) -> str:
    return say(
        "choice.question", caller.locale, code=question.code, what=say(f"question.{question.kind}", caller.locale)
    )
