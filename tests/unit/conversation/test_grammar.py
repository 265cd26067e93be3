"""What texts say: every command in both languages, slips, and what must never be taken for a command."""

import pytest

from server.conversation.commands import COMMANDS, RESERVED, Command, Party, Verb
from server.conversation.grammar import parse
from server.conversation.spelling import LEAST_LETTERS, is_slip, tidy

T, C = Party.TECHNICIAN, Party.CUSTOMER


def words_of(command: Command) -> tuple[str, ...]:
    return (*((command.digits,) if command.digits else ()), *command.english, *command.chinese)


ALL = [(command, word) for command in COMMANDS for word in words_of(command)]
IDS = [f"{command.verb}-{word}" for command, word in ALL]
ABOUT_A_JOB = [(command, word) for command, word in ALL if command.job]


@pytest.mark.parametrize(("command", "word"), ALL, ids=IDS)
def test_every_word_of_the_table_says_its_command(command: Command, word: str) -> None:
    said = parse(word, party=command.party)

    assert command.verb in said.verbs
    assert (said.code, said.rest) == (None, "")


@pytest.mark.parametrize(("command", "word"), ABOUT_A_JOB, ids=[f"{c.verb}-{w}" for c, w in ABOUT_A_JOB])
@pytest.mark.parametrize("shape", ["{code} {word}", "{word} {code}", "{code}  {word} !", "{code}，{word}。"])
def test_code_and_command_stand_in_either_order(command: Command, word: str, shape: str) -> None:
    said = parse(shape.format(code=231, word=word), party=command.party)

    assert command.verb in said.verbs
    assert said.code == "231"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.verb}")
def test_the_examples_of_the_phrase_book_are_understood(command: Command) -> None:
    for example in (command.example_en, command.example_zh):
        assert command.verb in parse(example, party=command.party).verbs, example


@pytest.mark.parametrize(
    "text",
    [
        "２３１　１",
        "231 1",
        "1 231",
        "231-1",
        "231: OK",
        "OK231",
        "接单231",
        "231接单。",
        "我接231",
        "ok, job 231, thanks",
        "①  231",
    ],
)
def test_people_write_as_they_like(text: str) -> None:
    said = parse(text, party=T)

    assert (said.code, said.verbs) == ("231", (Verb.ACCEPT,))


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("accpet 231", Verb.ACCEPT),
        ("acept", Verb.ACCEPT),
        ("acceptt", Verb.ACCEPT),
        ("arived 231", Verb.ARRIVE),
        ("finishd 231 pump changed", Verb.FINISH),
        ("nobdy 231", Verb.ABSENT),
        ("custmer refusd", Verb.DECLINED),
    ],
)
def test_one_slip_in_a_long_word_is_forgiven(text: str, verb: Verb) -> None:
    assert parse(text, party=T).verbs == (verb,)


@pytest.mark.parametrize(
    "text",
    [
        "declind",  # decline or declined: never a guess
        "axxept",  # two slips
        "dnoe",  # short words have no slips
        "leaking 231",
        "xaccept",
    ],
)
def test_what_could_be_two_words_or_another_one_is_not_guessed(text: str) -> None:
    assert parse(text, party=T).verbs == ()


@pytest.mark.parametrize(
    "text",
    [
        "ok but only after five",
        "ok I take 231",
        "231 1 232 1",
        "arrived not",
        "到达不了",
        "接受不了",
        "完成不了",
        "出发了吗",
        "接单231和232",
        "2311",
        "23 1",
        "1 2",
        "on the way home, car broke down",
    ],
)
def test_a_text_that_says_more_or_less_than_a_command_is_none(text: str) -> None:
    assert parse(text, party=T).verbs == ()


@pytest.mark.parametrize("word", sorted(RESERVED))
@pytest.mark.parametrize("party", Party)
def test_no_carriers_word_is_a_command(word: str, party: Party) -> None:
    taken = {spelt for command, spelt in ALL if command.party is party}

    assert word not in taken
    for text in (word, word.upper(), f" {word}. ", f"231 {word}"):
        assert parse(text, party=party).verbs == ()


def test_the_carriers_words_of_both_countries_are_reserved() -> None:
    western = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "start", "yes", "unstop", "help", "info"}

    assert western | {"t", "td", "r", "n", "退订"} <= RESERVED


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("1", {Verb.CONFIRM, Verb.AGREE, Verb.WELL, Verb.RIGHT}),
        ("2", {Verb.MOVE, Verb.REFUSE, Verb.NOT_WELL, Verb.WRONG}),
        ("好的", {Verb.CONFIRM, Verb.AGREE, Verb.WELL}),
        ("同意", {Verb.AGREE}),
        ("不同意", {Verb.REFUSE}),
        ("no problem", {Verb.CONFIRM, Verb.AGREE, Verb.WELL}),
        ("2 still leaks", {Verb.MOVE, Verb.NOT_WELL, Verb.WRONG}),
        ("好像不行", set()),
        ("可以改期吗", set()),
        ("ok but after three", set()),
    ],
)
def test_a_customers_word_may_answer_several_kinds_of_question(text: str, verbs: set[Verb]) -> None:
    assert set(parse(text, party=C).verbs) == verbs


def test_what_follows_keeps_its_case() -> None:
    assert parse("231 DONE new SN88a", party=T).rest == "new SN88a"


@pytest.mark.parametrize("text", ["", " ", "?!", "231", "231?", "\u200b", "0123", "🙂", "1" * 1600])
def test_no_text_is_too_odd(text: str) -> None:
    for party in Party:
        said = parse(text, party=party)
        assert said.verbs in {(), (Verb.HELP,)}


@pytest.mark.parametrize(
    ("written", "word", "slip"),
    [
        ("acept", "accept", True),
        ("accpet", "accept", True),
        ("accepts", "accept", True),
        ("accept", "accept", False),
        ("eccept", "accept", False),
        ("acet", "accept", False),
        ("don", "done", False),
    ],
)
def test_a_slip_is_one_letter_inside_a_word(written: str, word: str, slip: bool) -> None:
    assert is_slip(written, word) is slip
    assert LEAST_LETTERS == 5


def test_a_line_break_separates() -> None:
    assert tidy("６　换水泵\n收费 １２０") == "6 换水泵; 收费 120"


def test_every_digit_means_one_command_of_a_technician() -> None:
    digits = [command.digits for command in COMMANDS if command.party is T and command.digits]

    assert len(digits) == len(set(digits))
