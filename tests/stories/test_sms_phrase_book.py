"""A walk through the phrase book: two technicians and two customers do every command, in English and in Chinese."""

import pytest

from server.conversation.commands import COMMANDS, Command, Party, Verb
from server.conversation.models import QuestionKind
from server.orders.visit_models import ExtraWork
from tests.integration.conversation.world import Job, World, at

TECHNICIANS = [command for command in COMMANDS if command.party is Party.TECHNICIAN]
CUSTOMERS = [command for command in COMMANDS if command.party is Party.CUSTOMER]


def spoken(command: Command) -> list[tuple[Command, str, str]]:
    """The first word of each language and the digits; that all others say the same is a matter of the grammar."""
    words = [("en", command.english[0]), ("zh", command.chinese[0]), ("en", command.digits)]
    return [(command, locale, word) for locale, word in words if word is not None]


WORDS = [entry for command in TECHNICIANS for entry in spoken(command)]

FOLLOWS = {
    Verb.DECLINE: {"en": "too far", "zh": "太远"},
    Verb.HAND_BACK: {"en": "vehicle", "zh": "车坏了"},
    Verb.EXTRA: {"en": "300 new pump", "zh": "300 换水泵"},
    Verb.FINISH: {"en": "changed pump, part PU-7", "zh": "换水泵，配件 PU-7"},
    Verb.NOT_FINISH: {"en": "part until tomorrow", "zh": "缺件 到 明天"},
    Verb.ABSENT: {"en": "rang twice", "zh": "打了两次电话"},
    Verb.DECLINED: {"en": "too expensive", "zh": "嫌贵"},
    Verb.SICK: {"en": "from tomorrow to 2026-03-13", "zh": "从明天到3月13日"},
}

EVENTS = {
    Verb.ACCEPT: "offer.accept",
    Verb.DECLINE: "offer.decline",
    Verb.HAND_BACK: "offer.hand_back",
    Verb.CONTACT: "visit.contact",
    Verb.LEAVE: "visit.leave",
    Verb.ARRIVE: "visit.check_in",
    Verb.EXTRA: "visit.ask_extra",
    Verb.FINISH: "visit.finish",
    Verb.NOT_FINISH: "visit.not_finish",
    Verb.ABSENT: "visit.find_nobody",
    Verb.DECLINED: "visit.be_declined",
    Verb.SICK: "absence.report",
}


@pytest.mark.parametrize(
    ("command", "locale", "word"), WORDS, ids=[f"{command.verb}-{word}" for command, _, word in WORDS]
)
def test_a_technician_gets_through_with_every_command(world: World, command: Command, locale: str, word: str) -> None:
    technician = world.technician(locale)
    customer = world.customer(locale)
    job = _job_for(world, command.verb, technician, customer)
    code = f"{job.code} " if command.job else ""

    outcome = world.text(technician.phone, f"{code}{word} {FOLLOWS.get(command.verb, {}).get(locale, '')}", now=at(9))

    assert outcome == str(command.verb)
    if command.verb in EVENTS:
        assert len(world.events(EVENTS[command.verb])) == 1
    answer = world.sent(technician.phone)[-1]
    assert ("【" in answer) is (locale == "zh")


def _job_for(world: World, verb: Verb, technician, customer) -> Job:
    if verb in {Verb.ACCEPT, Verb.DECLINE}:
        return world.job(technician, customer=customer, now=at(8, 50))
    return world.accepted(technician, customer=customer)


ANSWERS = [entry for command in CUSTOMERS for entry in spoken(command)]


@pytest.mark.parametrize(
    ("command", "locale", "word"), ANSWERS, ids=[f"{command.verb}-{word}" for command, _, word in ANSWERS]
)
def test_a_customer_gets_through_with_every_answer(world: World, command: Command, locale: str, word: str) -> None:
    customer = world.customer(locale)
    phone = world.phone_of(customer)
    code = _ask(world, command.verb, customer)

    outcome = world.text(phone, f"{code} {word}" if locale == "zh" else word, now=at(11))

    assert outcome == str(command.verb)
    answer = world.sent(phone)[-1]
    assert ("【" in answer) is (locale == "zh")


def _ask(world: World, verb: Verb, customer) -> str:
    """Ask the customer the one question that the command answers, and return its code."""
    phone, technician = world.phone_of(customer), world.technician()
    job = world.accepted(technician, customer=customer)
    if verb in {Verb.CONFIRM, Verb.MOVE}:
        return world.code(phone, QuestionKind.CONFIRM_VISIT, job.visit.id)
    if verb in {Verb.AGREE, Verb.REFUSE}:
        world.text(phone, "1", now=at(8, 20))
        world.text(technician.phone, f"{job.code} 11 300 pump", now=at(10))
        extra = world.session.query(ExtraWork).filter_by(visit_id=job.visit.id).one()
        return world.code(phone, QuestionKind.AUTHORISE_EXTRA, extra.id)
    if verb in {Verb.RIGHT, Verb.WRONG}:
        world.text(technician.phone, f"{job.code} 8", now=at(10))
        return world.code(phone, QuestionKind.OUTCOME, world.callback(job).id)
    world.text(technician.phone, f"{job.code} 6 changed pump", now=at(10))
    world.survey(job, now=at(10, 30))
    return world.code(phone, QuestionKind.SURVEY, world.callback(job).id)
