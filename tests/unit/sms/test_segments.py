"""What carriers charge for: segments of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sms.segments import is_gsm, plain, segments

# Written anew from 3GPP TS 23.038, as code points, so that a slip in the product's tables is not repeated here.
BASIC = (
    "\u0040\u00a3\u0024\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\u000a\u00d8\u00f8\u000d\u00c5\u00e5"
    "\u0394\u005f\u03a6\u0393\u039b\u03a9\u03a0\u03a8\u03a3\u0398\u039e\u00c6\u00e6\u00df\u00c9"
    "\u00a4\u00a1\u00c4\u00d6\u00d1\u00dc\u00a7\u00bf\u00e4\u00f6\u00f1\u00fc\u00e0"
    + "".join(map(chr, [*range(0x20, 0x24), *range(0x25, 0x40), *range(0x41, 0x5B), *range(0x61, 0x7B)]))
)
EXTENSION = "\u000c\u005e\u007b\u007d\u005c\u005b\u007e\u005d\u007c\u20ac"


def counted(text: str) -> int:
    """Count by filling boxes one character at a time, for the alphabet found by trying to encode."""
    gsm = all(character in BASIC + EXTENSION for character in text)
    units = [
        (2 if character in EXTENSION else 1) if gsm else len(character.encode("utf-16-be")) // 2 for character in text
    ]
    if sum(units) <= (160 if gsm else 70):
        return 1
    boxes = [0]
    for unit in units:
        if boxes[-1] + unit > (153 if gsm else 67):
            boxes.append(0)
        boxes[-1] += unit
    return len(boxes)


def test_the_basic_alphabet_has_all_its_127_characters_besides_the_escape() -> None:
    assert len(set(BASIC)) == 127
    assert is_gsm(BASIC)
    assert is_gsm(EXTENSION)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 10, 2),
        ("€" * 76 + "a" + "€" * 76 + "a", 2),
        ("€" * 153, 3),  # 306 septets, but no escape is torn from its character
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 134, 2),
        ("中" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),  # 134 code units, but no pair is torn apart
        ("`" + "a" * 70, 2),  # one character outside the alphabet halves the room
    ],
)
def test_a_text_is_sent_in_so_many_segments(text: str, expected: int) -> None:
    assert segments(text) == expected


@given(st.text(alphabet=st.one_of(st.sampled_from(BASIC + EXTENSION), st.characters(codec="utf-8")), max_size=400))
def test_every_text_is_counted_as_the_reference_counts_it(text: str) -> None:
    assert segments(text) == counted(text)


@given(st.text(alphabet=BASIC + EXTENSION, max_size=700))
def test_every_text_of_the_gsm_alphabet_is_counted_as_the_reference_counts_it(text: str) -> None:
    assert segments(text) == counted(text)


def test_typographic_marks_do_not_make_a_text_dearer() -> None:
    assert plain("It’s “due” – now…") == 'It\'s "due" - now...'


def test_a_chinese_text_keeps_its_marks() -> None:
    assert plain("回复“1 427”确认…") == "回复“1 427”确认…"
