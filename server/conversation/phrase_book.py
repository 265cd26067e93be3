"""The phrase book of text messages, made from the grammar's own tables."""

from collections.abc import Iterable, Iterator

from server.conversation.arguments import DECLINE_REASONS, HINDRANCE_REASONS, R, Reason
from server.conversation.commands import COMMANDS, RESERVED, Command, Party
from server.conversation.essentials import KEYS

_INTRODUCTION = """\
# Text messages: the phrase book

Generated from the grammar by `python -m server.docs sms`; do not edit. Every command here is tested in both languages.

A technician with the cheapest telephone does his whole day with these texts; a customer answers with one digit. A
message of ours carries a **job code** of three digits. Write the code and the command in either order: `231 1`,
`1 231`, `231 ok`, `接单231`. Without a code a command is taken only if exactly one job or question fits; otherwise we
ask which. Full-width characters, case, spaces and punctuation do not matter, nor does one slip of a finger in an
English word of five letters or more, unless it makes two commands possible. A text that says more than its command
takes (`ok but only after five`) is read by a human, and so is everything else that is not here.

我们的短信带有三位数字的**任务码**。任务码和命令的先后不限：`231 1`、`1 231`、`接单231`。不写任务码时，只有恰好一个
任务符合才会执行，否则我们会反问。全角半角、大小写、空格和标点都可以。命令之外多出的话由人工阅读。

Words that carriers answer themselves are never commands of ours: {reserved}.
"""

_DETAILS = """\
Days: `2026-12-01`, `12-01` (month, day), `1.12.` (day, month), `12月1日`, `today` 今天, `tomorrow` 明天. A day without
a year is the next one. `12/01` could be read in two ways and is not taken. Amounts: `300`, `1,250.50`, `¥300`, `300元`;
`12,50` and `1.250` could be read in two ways and are not taken.
"""


def phrase_book() -> str:
    """Return the phrase book as Markdown."""
    sections = [
        _INTRODUCTION.format(reserved=", ".join(f"`{word.upper()}`" for word in sorted(RESERVED))),
        "## Technicians 技术员\n",
        _table(Party.TECHNICIAN),
        "## Reasons for 2 (decline) and 10 (hand back) 拒单、退单原因\n",
        _reasons(DECLINE_REASONS),
        "## Reasons for 7 (not finished) 未完成原因\n",
        _reasons(HINDRANCE_REASONS),
        "## What may follow 6 (done) 完成之后可写\n",
        _keys(),
        "## Days and amounts 日期和金额\n",
        _DETAILS,
        "## Customers 客户\n",
        _table(Party.CUSTOMER),
    ]
    return "\n".join(sections)


def _table(party: Party) -> str:
    head = (
        "| digit | English | 中文 | followed by | means | example |",
        "|---|---|---|---|---|---|",
    )
    return "\n".join([*head, *(_row(entry) for entry in COMMANDS if entry.party is party)]) + "\n"


def _row(entry: Command) -> str:
    takes = " / ".join(_code(part) for part in entry.takes if part)
    cells = (
        _code(entry.digits or ""),
        _codes(entry.english),
        _codes(entry.chinese),
        takes,
        f"{entry.meaning_en} {entry.meaning_zh}",
        " / ".join(dict.fromkeys((_code(entry.example_en), _code(entry.example_zh)))),
    )
    return _cells(cells)


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(_code(text) for text in texts)


def _reasons(reasons: Iterable[Reason[R]]) -> str:
    rows = ["| digit | English | 中文 |", "|---|---|---|"]
    for digit, reason in enumerate(reasons, start=1):
        rows.append(_cells((_code(str(digit)), _codes(reason.english), _codes(reason.chinese))))
    return "\n".join(rows) + "\n"


def _keys() -> str:
    return "\n".join(["| English | 中文 |", "|---|---|", *_key_rows()]) + "\n"


def _key_rows() -> Iterator[str]:
    for _, english, chinese in KEYS:
        yield _cells((_codes(english), _codes(chinese)))
