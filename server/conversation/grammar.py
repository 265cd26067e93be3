"""From a text to what it may mean: the job code, the command, what follows. Pure; decides nothing that is open.

Written as `231 ok`, `ok 231` or just `ok`; in full-width characters, any case, with or without spaces.
A text that says more than a command is not taken for the command: `ok but only after five` is for a human.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.conversation.commands import COMMANDS, RESERVED, Command, Party, Verb
from server.conversation.spelling import is_slip, tidy

_CODE_FIRST = re.compile(r"[1-9][0-9]{2}(?![0-9])")
_CODE_AFTER_COMMAND = re.compile(r"[1-9][0-9]{2}(?![0-9]|[.,][0-9])")
"""After a command digits with decimals are an amount (`extra 300.50 pump`)."""
_DIGITS = re.compile(r"[0-9]{1,2}(?![0-9]|[.,:][0-9])")
_WORD = re.compile(r"[a-z]+")
_NEGATIONS = ("不", "没", "未", "无法", "吗", "么")
_GAP = re.compile(r"[\s\-.,:;!/#*()\[\]\"']*")
_OPENER = re.compile(r"(?:(?:job|code|please|pls|hi|hello|dear)\b|工单|单号|你好|您好|我已经|我已|我)", re.IGNORECASE)
_CLOSER = re.compile(
    r"(?:\b(?:thanks|thank|you|please|pls|now|job|code|ok|okay)\b|谢谢|好的|工单|现在|了|啦|啊|哈|呢|吧|[\s\-.,:;!~)(\"'/])+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a text says, as far as its letters tell.

    :param code: the three digits it names, or None.
    :param verbs: what its command may mean: several where one word answers several kinds of question, none where
        no command was recognised.
    :param rest: what follows the command, tidy but in its own case.
    :param crowded: a command was recognised, but more is said than it takes.
    """

    code: str | None
    verbs: tuple[Verb, ...]
    rest: str
    crowded: bool = False

    def says(self, verb: Verb) -> bool:
        """Return whether the command may mean this."""
        return verb in self.verbs


NOTHING = Utterance(None, (), "")


def is_reserved(text: str) -> bool:
    """Return whether a text is a word that carriers answer themselves, and nothing else."""
    return tidy(text).strip(" .,!\"'").lower() in RESERVED


def parse(text: str, *, party: Party) -> Utterance:
    """Return what a text says.

    A command whose table allows nothing after it means nothing if something does follow. A reserved word
    is never a command.
    """
    if is_reserved(text):
        return NOTHING
    plain = tidy(text)
    lower = plain.lower()
    code: str | None = None
    found: tuple[tuple[Command, ...], int] | None = None
    at = _skip(lower, 0)
    while code is None or found is None:
        match = None if code else (_CODE_AFTER_COMMAND if found else _CODE_FIRST).match(lower, at)
        if match:
            code, at = match.group(), _skip(lower, match.end())
        elif found is None and (found := _command_at(lower, at, party)):
            at = _skip(lower, found[1])
        else:
            break
    if found is None:
        return Utterance(code, (), plain[at:].strip())
    rest = plain[at:].strip()
    verbs = tuple(entry.verb for entry in found[0] if entry.takes[0] or not _meaningful(rest))
    return Utterance(code, verbs, rest, crowded=not verbs)


def _skip(text: str, at: int) -> int:
    """Return where the next thing that says something begins."""
    while True:
        gap = _GAP.match(text, at)
        after = gap.end() if gap else at
        opener = _OPENER.match(text, after)
        # An opener is a politeness only if something follows it: 我 alone, or 我接, are looked at as they stand.
        if opener and opener.end() < len(text) and not _chinese_at(text, after):
            after = opener.end()
        if after == at:
            return at
        at = after


def _meaningful(rest: str) -> bool:
    """Return whether something is left that is more than politeness."""
    return bool(_CLOSER.sub("", rest).strip())


def _command_at(text: str, at: int, party: Party) -> tuple[tuple[Command, ...], int] | None:
    """Return the commands that the text may say at a place, and where they end; longer phrases win over shorter."""
    if text.startswith("?", at):
        return _of(party, "?"), at + 1
    if digits := _DIGITS.match(text, at):
        named = _of(party, digits.group())
        return (named, digits.end()) if named else None
    return _chinese_command(text, at, party) or _english_command(text, at, party)


def _of(party: Party, digits: str) -> tuple[Command, ...]:
    return tuple(entry for entry in COMMANDS if entry.party is party and entry.digits == digits)


def _chinese_at(text: str, at: int) -> int:
    """Return the length of the longest Chinese command word at a place, of either party."""
    words = (word for entry in COMMANDS for word in entry.chinese if text.startswith(word, at))
    return max(map(len, words), default=0)


def _chinese_command(text: str, at: int, party: Party) -> tuple[tuple[Command, ...], int] | None:
    matches = [
        (len(word), entry)
        for entry in COMMANDS
        for word in entry.chinese
        if entry.party is party and text.startswith(word, at)
    ]
    longest = max((length for length, _ in matches), default=0)
    # 到达不了, 完成不了: what follows turns the word into its opposite, or into a question.
    if not longest or text.startswith(_NEGATIONS, at + longest):
        return None
    return tuple(dict.fromkeys(entry for length, entry in matches if length == longest)), at + longest


def _english_command(text: str, at: int, party: Party) -> tuple[tuple[Command, ...], int] | None:
    phrases = list(_phrases(text, at, party))
    exact = [(length, end, entry) for length, end, slips, entry in phrases if not slips]
    if exact:
        longest = max(length for length, _, _ in exact)
        named = tuple(dict.fromkeys(entry for length, _, entry in exact if length == longest))
        return named, next(end for length, end, _ in exact if length == longest)
    near = {entry.verb: (end, entry) for _, end, _, entry in phrases}
    if len(near) == 1:
        ((end, entry),) = near.values()
        return (entry,), end
    return None  # nothing, or two commands that one letter tells apart: never a guess


def _phrases(text: str, at: int, party: Party) -> Iterator[tuple[int, int, int, Command]]:
    """Yield phrases that the words at a place may be: number of words, end, slips, command."""
    for entry in COMMANDS:
        if entry.party is not party:
            continue
        for phrase in entry.english:
            reached = _follow(text, at, phrase.split())
            if reached is not None:
                yield len(phrase.split()), reached[0], reached[1], entry


def _follow(text: str, at: int, words: list[str]) -> tuple[int, int] | None:
    """Return where a phrase ends and how many slips it has, or None if the text does not say it."""
    slips, end = 0, at
    for word in words:
        written = _WORD.match(text, at)
        if written is None or written.group() in RESERVED:
            return None
        if written.group() != word:
            if not is_slip(written.group(), word):
                return None
            slips += 1
        end = written.end()
        at = end + len(text[end:]) - len(text[end:].lstrip(" -'"))
    return end, slips
