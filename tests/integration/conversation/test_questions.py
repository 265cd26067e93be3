"""Job codes."""

from datetime import datetime, timedelta

import pytest

from server.conversation import questions
from server.conversation.models import Ended, OpenQuestion, QuestionKind
from server.conversation.questions import NoCodeLeft
from tests.integration.conversation.world import EIGHT, World, at

PHONE = "+16175550150"
JOB = (QuestionKind.JOB,)


def asked(world: World, subject_id: int, *, phone: str = PHONE, ticket_id: int, now: datetime = EIGHT) -> OpenQuestion:
    return questions.open_question(
        world.session, phone=phone, kind=QuestionKind.JOB, subject_id=subject_id, ticket_id=ticket_id, now=now
    )


def test_a_question_asked_again_keeps_its_code(world: World) -> None:
    ticket = world.ticket()

    assert asked(world, 1, ticket_id=ticket.id).code == asked(world, 1, ticket_id=ticket.id).code


def test_codes_of_one_telephone_differ_in_two_digits(world: World) -> None:
    ticket = world.ticket()

    codes = [asked(world, subject, ticket_id=ticket.id).code for subject in range(40)]

    pairs = [(a, b) for a in codes for b in codes if a < b]
    assert all(sum(x != y for x, y in zip(a, b, strict=True)) >= 2 for a, b in pairs)
    assert all(len(code) == 3 and code[0] != "0" for code in codes)


def test_two_telephones_may_have_one_code(world: World) -> None:
    ticket = world.ticket()

    first = asked(world, 1, ticket_id=ticket.id)
    second = asked(world, 1, phone="+16175550151", ticket_id=ticket.id)

    assert first.code == second.code


@pytest.mark.parametrize(
    ("later", "again"), [(timedelta(days=7) - timedelta(seconds=1), False), (timedelta(days=7), True)]
)
def test_a_code_rests_for_seven_days(world: World, later: timedelta, again: bool) -> None:
    ticket = world.ticket()
    first = asked(world, 1, ticket_id=ticket.id)
    questions.close(world.session, kinds=JOB, subject_id=1, ended=Ended.OVER, now=at(9))

    second = asked(world, 2, ticket_id=ticket.id, now=at(9) + later)

    assert (second.code == first.code) is again


def test_a_closed_question_is_still_known_by_its_code_for_seven_days(world: World) -> None:
    ticket = world.ticket()
    code = asked(world, 1, ticket_id=ticket.id).code
    questions.close(world.session, kinds=JOB, subject_id=1, ended=Ended.EXPIRED, now=at(9))

    late = questions.named(world.session, phone=PHONE, code=code, now=at(10))

    assert late is not None
    assert late.ended is Ended.EXPIRED
    assert questions.named(world.session, phone=PHONE, code=code, now=at(9) + timedelta(days=7)) is None


def test_the_nine_hundred_and_first_question_of_a_week_is_refused(world: World) -> None:
    ticket = world.ticket()
    world.session.add_all(
        OpenQuestion(
            phone=PHONE,
            code=str(code),
            kind=QuestionKind.JOB,
            subject_id=code,
            ticket_id=ticket.id,
            opened_at=at(8),
        )
        for code in range(100, 1000)
    )

    with pytest.raises(NoCodeLeft):
        asked(world, 1000, ticket_id=ticket.id)
