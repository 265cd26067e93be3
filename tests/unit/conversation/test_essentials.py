"""The completion card's essentials in one text."""

import pytest

from server.conversation.essentials import KEYS, Charge, Essentials, Key, Unread, UsedPart, essentials_of
from server.conversation.spelling import tidy
from server.core.money import Money
from server.orders.words import PartSource


def cny(amount: int) -> Money:
    return Money(amount, "CNY")


def read(text: str) -> Essentials | Unread:
    return essentials_of(tidy(text), currency="CNY")


FULL = Essentials(
    work="refilled gas",
    diagnosis="leak at joint",
    parts=(
        UsedPart("R410a", 2, cny(8000), PartSource.COMPANY),
        UsedPart("hose", 1, cny(1250), PartSource.SELF_BOUGHT),
    ),
    charges=(Charge(cny(120_000), "labour"),),
    removed_serial="AB123",
    fitted_serial="AB124",
    signed_by="Li Wei",
)


IN_ONE_LINE = (
    "refilled gas; part R410a x2 80; bought hose x1 12.50; charge 1,200.00 labour; old sn AB123; new sn ab124; "
    "signed Li Wei; fault leak at joint"
)
IN_LINES = (
    "refilled gas\npart R410a x2 80\nbought hose 12.50\ncharge 1200 labour\nold AB123\nnew AB124\n"
    "signed by Li Wei\nfault leak at joint"
)
IN_CHINESE = (
    "refilled gas，配件 R410a x2 80元，自购 hose 12.50，收费 1200 labour，旧机号 AB123，新机号 AB124，"
    "签字 Li Wei，故障 leak at joint"
)


@pytest.mark.parametrize("text", [IN_ONE_LINE, IN_LINES, IN_CHINESE])
def test_everything_can_be_said_in_one_text(text: str) -> None:
    assert read(text) == FULL


def test_a_cheap_telephone_needs_no_commas() -> None:
    assert read("换压缩机配件CMP-12收费300元") == Essentials(
        work="换压缩机",
        diagnosis="",
        parts=(UsedPart("CMP-12", 1, cny(0), PartSource.COMPANY),),
        charges=(Charge(cny(30_000), ""),),
    )


@pytest.mark.parametrize("text", ["new pump fitted", "part of the pipe replaced", "换了风扇，没有收费"])
def test_ordinary_sentences_are_the_work(text: str) -> None:
    said = read(text)

    assert isinstance(said, Essentials)
    assert (said.parts, said.charges, said.fitted_serial) == ((), (), None)


def test_no_fault_and_exchanged_say_the_result() -> None:
    nothing = read("no fault found, fault switched off at the wall")
    exchange = read("换机，旧机号 A123，新机号 A124")

    assert isinstance(nothing, Essentials)
    assert (nothing.no_fault, nothing.diagnosis) == (True, "switched off at the wall")
    assert isinstance(exchange, Essentials)
    assert (exchange.exchanged, exchange.removed_serial, exchange.fitted_serial) == (True, "A123", "A124")


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("did it, charge lots", "charge lots"),
        ("did it, charge 12,50", "50"),
        ("did it, charge 0", "charge 0"),
        ("did it, charge $20", "charge $20"),
        ("did it, new serial not readable", "new serial not readable"),
        ("did it, old sn A123, old sn B123", "old sn B123"),
        ("did it, part", "part"),
    ],
)
def test_a_clause_that_is_not_clear_is_named(text: str, clause: str) -> None:
    assert read(text) == Unread(clause)


@pytest.mark.parametrize("text", ["", "part X", "no fault, part X", "charge 50"])
def test_without_work_nothing_is_read(text: str) -> None:
    assert isinstance(read(text), Unread)


def test_every_key_has_words_in_both_languages() -> None:
    assert [key for key, _, _ in KEYS] == list(dict.fromkeys(key for key, _, _ in KEYS))
    assert {key for key, _, _ in KEYS} == set(Key)
    assert all(english and chinese for _, english, chinese in KEYS)
