"""The balance of a rehearsal: what was reported, what became of it, what does not add up."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from server.rehearsal.invariants import Violations

LOGS = "logs_without_personal_data"


@dataclass(frozen=True, slots=True)
class Balance:
    """Everything that the report says.

    :param ended: tickets by where they are at the end.
    :param located: reports with a trusted position; `located_completed`: how many of them were completed.
    :param located_wanted: how many of them must have been; 0 where too few people or tickets say nothing.
    :param messages: by fate.
    :param lines: of statements, by verdict.
    :param timings: seconds of real time; the only part that differs between two runs of a seed.
    """

    reported: int
    ended: dict[str, int]
    added_facts: int
    located: int
    located_completed: int
    visits_completed: int
    messages: dict[str, int]
    lines: dict[str, int]
    branches: dict[str, int]
    violations: tuple[Violations, ...]
    absent_branches: tuple[str, ...] = ()
    located_wanted: int = 0
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Return whether nothing was lost or doubled, enough was completed, and all behaviours occurred that had to."""
        enough = self.located_completed >= self.located_wanted
        return enough and not self.absent_branches and not any(each.count for each in self.violations)

    def report(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "tickets": {
                "reported": self.reported,
                "ended": self.ended,
                "added_facts": self.added_facts,
                "located": self.located,
                "located_completed": self.located_completed,
                "located_wanted": self.located_wanted,
            },
            "visits": {"completed": self.visits_completed},
            "messages": self.messages,
            "lines": self.lines,
            "branches": self.branches,
            "absent_branches": list(self.absent_branches),
            "invariants": {
                each.name: {"count": each.count, "violations": list(each.named)} for each in self.violations
            },
            "timings": self.timings,
        }

    def lines_for_people(self) -> list[str]:
        """Return the balance as aligned lines."""
        rows: list[tuple[str, str]] = [("reports", str(self.reported)), ("  added facts", str(self.added_facts))]
        rows += [(f"  tickets {name}", str(count)) for name, count in self.ended.items()]
        rows += [("located, of those completed", f"{self.located}, {self.located_completed}")]
        rows += [("visits completed", str(self.visits_completed)), ("messages", str(sum(self.messages.values())))]
        rows += [(f"  {name}", str(count)) for name, count in self.messages.items()]
        rows += [("statement lines", str(sum(self.lines.values())))]
        rows += [(f"  {name}", str(count)) for name, count in self.lines.items()]
        rows += [("behaviours", "")]
        rows += [(f"  {name.replace('_', ' ')}", str(count)) for name, count in self.branches.items()]
        rows += [("invariants", "")]
        rows += [
            (f"  {each.name.replace('_', ' ')}", "holds" if not each.count else f"{each.count} VIOLATIONS")
            for each in self.violations
        ]
        width = max(len(name) for name, _ in rows) + 2
        table = [f"{name:<{width}}{value:>8}".rstrip() for name, value in rows]
        wrong = [f"    {sentence}" for each in self.violations for sentence in each.named]
        absent = [f"    never occurred: {name.replace('_', ' ')}" for name in self.absent_branches]
        few = [f"    only {self.located_completed} completed, {self.located_wanted} wanted"]
        return table + wrong + absent + (few if self.located_completed < self.located_wanted else [])


def count_by(connection: Connection, query: str) -> dict[str, int]:
    """Return the counts of a query that selects a name and a number."""
    return {str(name): int(number) for name, number in connection.execute(text(query))}


def one(connection: Connection, query: str) -> int:
    """Return the number that a query selects."""
    return int(connection.execute(text(query)).scalar_one())
