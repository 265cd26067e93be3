"""Documents that are made from the code: `python -m server.docs statuses > docs/statuses.md`, and `sms`."""

import pkgutil
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib import import_module
from types import ModuleType

import server
from server.conversation.phrase_book import phrase_book
from server.core.transitions import Machine

_HEAD = """\
# Statuses

What can happen to everything that has a status. Made from the transition tables of the code by
`python -m server.docs statuses`; a test compares. Only `record()` changes a status, and every change is a
row of the history with who, when and why.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a document to standard output; return 0, or 2 if there is no such document."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    documents = {"statuses": statuses, "sms": phrase_book}
    if len(given) != 1 or given[0] not in documents:
        sys.stderr.write(f"usage: python -m server.docs {'|'.join(documents)}\n")
        return 2
    sys.stdout.write(documents[given[0]]())
    return 0


def statuses() -> str:
    """Return the page about every machine of every package, as Markdown with mermaid diagrams."""
    sections = [_section(machine) for machine in machines()]
    return "\n".join([_HEAD, *sections])


def machines() -> Iterator[Machine]:
    """Yield every transition table that a package declares in its `status` module, by package and name."""
    for module in _status_modules():
        found = {id(value): value for value in vars(module).values() if isinstance(value, Machine)}
        yield from sorted(found.values(), key=lambda machine: machine.name)


def _status_modules() -> Iterator[ModuleType]:
    for package in sorted(info.name for info in pkgutil.iter_modules(server.__path__) if info.ispkg):
        inside = import_module(f"server.{package}")
        if any(info.name == "status" for info in pkgutil.iter_modules(inside.__path__)):
            yield import_module(f"server.{package}.status")


def _section(machine: Machine) -> str:
    return "\n".join([f"## {_words(machine.name)}", "", *_diagram(machine), "", *_table(machine), ""])


def _diagram(machine: Machine) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.start}"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in machine.table.items():
        arrows.setdefault((str(before), str(after)), []).append(_words(str(event)))
    lines += [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]
    lines += [f"    {status} --> [*]" for status in _ends(machine)]
    return [*lines, "```"]


def _ends(machine: Machine) -> list[StrEnum]:
    """Return the statuses that nothing leads out of, in the order of their enum."""
    left = {before for before, _ in machine.table}
    return [status for status in type(machine.start) if status not in left]


def _table(machine: Machine) -> list[str]:
    rows = [f"| {before} | `{machine.name}.{event}` | {after} |" for (before, event), after in machine.table.items()]
    return ["| from | event | to |", "|---|---|---|", *rows]


def _words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
