"""The canary: nothing that belongs to a person stands in any log of the processes."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from server.rehearsal.balance import LOGS
from server.rehearsal.invariants import MOST_NAMED, Violations

_PHONE = re.compile(rb"\+?1?[2-9]\d{2}55501\d{2}")
_LINK = re.compile(r"/c/([A-Za-z0-9_-]{16,})")
_SHORTEST_ADDRESS = 8


def look(logs: Iterable[Path], *, connection: Connection, secrets: Iterable[str], texts: Iterable[str]) -> Violations:
    """Return every line of a log that holds a telephone, an address, a token or a link.

    The line is named by its file and number; what it holds is not repeated.
    """
    addresses = connection.execute(text("select distinct address from site")).scalars()
    needles = {each.encode() for each in addresses if len(each) >= _SHORTEST_ADDRESS}
    needles |= {each.encode() for each in secrets if each}
    needles |= {found.encode() for body in texts for found in _LINK.findall(body)}
    pattern = re.compile(b"|".join([_PHONE.pattern, *(re.escape(needle) for needle in sorted(needles))]))
    found = [sentence for file in sorted(logs) for sentence in _lines(file, pattern)]
    return Violations(LOGS, len(found), tuple(found[:MOST_NAMED]))


def _lines(file: Path, pattern: re.Pattern[bytes]) -> Iterator[str]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if pattern.search(line):
                yield f"{file.name}, line {number}"


def of(folder: Path) -> list[Path]:
    """Return the logs of a rehearsal's folder."""
    return [file for file in (*(folder / "log").glob("*.log"), folder / "postgres.log") if file.is_file()]
