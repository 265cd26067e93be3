"""Every value of a closed list that a page may show has a word in both languages: nobody reads codes."""

import ast
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

import server
from routing import plan
from server.callbacks.rules import CANCELLED, DECLINED
from server.callbacks.status import CALLBACK, FailReason
from server.console import words
from server.console.frame import why
from server.conversation.barred import CUSTOMER_OPTED_OUT
from server.conversation.customer_answers import WANTS_TO_MOVE, WANTS_TO_REBOOK
from server.conversation.to_technicians import OPTED_OUT
from server.core.events import ActorKind, Via
from server.core.transitions import Machine
from server.customers.models import Zone
from server.dispatch.escalations import Kind
from server.dispatch.status import OFFER, PLAN, DeclineReason
from server.orders.status import CARD, TICKET, VISIT
from server.orders.words import (
    Channel,
    ChargeCategory,
    CheckInOutcome,
    HindranceReason,
    Priority,
    VisitResult,
    WarrantyVerdict,
    WorkType,
)
from server.organisation.models import Role
from server.reports import today
from server.settlement.status import STATEMENT, DeductionKind, LineKind, Reason
from server.sms.status import MESSAGE
from server.travel.matrix import TRAVEL_FINDINGS

_SOURCES = Path(server.__file__).parent
_LISTS: dict[str, Iterable[str]] = {
    "actor": ActorKind,
    "via": Via,
    "role": Role,
    "channel": Channel,
    "work_type": WorkType,
    "charge_category": ChargeCategory,
    "priority": Priority,
    "warranty": WarrantyVerdict,
    "zone": Zone,
    "result": (*VisitResult, DECLINED, CANCELLED),
    "check_in": CheckInOutcome,
    "hindrance": HindranceReason,
    "decline": DeclineReason,
    "fail_reason": FailReason,
    "why": (*Kind, OPTED_OUT, CUSTOMER_OPTED_OUT, WANTS_TO_MOVE, WANTS_TO_REBOOK),
    "travel_finding": TRAVEL_FINDINGS,
    "omission": (*plan.Reason, "no_position", "agreed_time_passed", "agreed_for_later"),
    "skipped": ("ticket_changed", "technician_changed", "too_late", "slot_taken"),
    "line": LineKind,
    "deduction": DeductionKind,
    "reason": Reason,
    "queue": today._QUEUES,
}
"""By the first part of their words."""


@pytest.mark.parametrize("kind", _LISTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_value_of_a_closed_list_has_a_word(kind: str, language: str) -> None:
    known = words.catalogue(language)

    assert [value for value in map(str, _LISTS[kind]) if f"word.{kind}.{value}" not in known] == []


@pytest.mark.parametrize(
    "machine", [TICKET, VISIT, CARD, OFFER, PLAN, MESSAGE, CALLBACK, STATEMENT], ids=lambda machine: machine.name
)
def test_every_event_of_a_machine_has_a_word(machine: Machine) -> None:
    events = {f"word.event.{machine.name}.{event}" for _, event in machine.table}

    assert sorted(key for key in events if not words.knows(key)) == []


def test_every_noted_fact_has_a_word() -> None:
    spoken = {key.rpartition(".")[2] for key in words.catalogue("en") if key.startswith("word.event.")}
    noted = {each for path in _SOURCES.rglob("*.py") for each in _third_words(path, "note")}

    assert len(noted) > 20
    assert sorted(noted - spoken) == []


def test_every_kind_of_escalation_that_is_raised_anywhere_is_among_the_closed_lists() -> None:
    raised = {kind for path in sorted(_SOURCES.rglob("*.py")) for kind in _raised_in(path)}

    assert raised == set(map(str, _LISTS["why"]))


def test_every_suspicion_has_a_word() -> None:
    found = set(_first_words(_SOURCES / "settlement" / "suspicions.py", "Suspicion"))
    found |= {f"contradiction.{code}" for code in _first_words(_SOURCES / "callbacks" / "rules.py", "differs")}

    assert len(found) > 12
    assert sorted(code for code in found if not words.knows(f"word.suspicion.{code}")) == []


def test_a_code_is_said_in_words_and_what_a_person_wrote_stays_as_it_is() -> None:
    assert why("limit_passed", language="en") == "The limit has passed"
    assert why("too_far", language="zh") == "太远"
    assert why("The customer_moves house", language="en") == "The customer_moves house"


def _calls(path: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _strings(node: ast.expr) -> Iterator[str]:
    for part in [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _raised_in(path: Path) -> Iterator[str]:
    """Yield the kinds of the escalations that a module raises, as its own names say them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("escalations.raise_"):
            named = next(keyword.value for keyword in node.keywords if keyword.arg == "kind")
            module = import_module(".".join(path.relative_to(_SOURCES.parent).with_suffix("").parts))
            yield str(eval(ast.unparse(named), vars(module)))


def _third_words(path: Path, name: str) -> Iterator[str]:
    """Yield the third argument of calls where it is written out: `note(session, ticket, "urge")`."""
    for call in _calls(path, name):
        yield from _strings(call.args[2]) if len(call.args) > 2 else ()


def _first_words(path: Path, name: str) -> Iterator[str]:
    for call in _calls(path, name):
        yield from _strings(call.args[0]) if call.args else ()
