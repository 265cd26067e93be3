"""Where nothing can be compiled the slower search plans, and whoever reads the plan is told."""

import io
import json

import pytest

from routing.engine.compiled import jit
from routing.problem import Location, Problem, Shift, Technician, TimeWindow, Visit
from routing.travel import from_matrix
from routing.writing import problem_json
from server.dispatch import engine, solver
from server.dispatch.engine import Answer

PROBLEM = Problem(
    name="one visit",
    locations=(Location("home"), Location("house")),
    technicians=(Technician("1", 0, 0, shifts=(Shift(0, 10_000),)),),
    visits=(Visit("t1", 1, 600, (TimeWindow(0, 9_000),), drop_cost=10_000),),
    travel=from_matrix([[0, 300], [300, 0]]),
    horizon=10_000,
)


def answered() -> Answer:
    """What the asker hears of what the solver process says."""
    said = io.StringIO()
    question = {"problem": problem_json(PROBLEM), "seed": 1, "iterations": 20, "ends_at": 0.0, "candidates": 3}
    solver._answer(question, solver._Mouth(said))
    answer: Answer | None = None
    for line in said.getvalue().splitlines():
        answer = engine._hear(json.loads(line), answer)
    assert answer is not None
    return answer


def test_a_compiled_search_says_nothing_special() -> None:
    assert not answered().degraded


def test_an_answer_of_the_slower_search_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "AVAILABLE", False)

    answer = answered()

    assert answer.degraded
    assert (answer.unserved, answer.complete, answer.plan.bound) == (0, True, None)
