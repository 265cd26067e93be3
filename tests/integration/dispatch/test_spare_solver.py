"""A solver process that is loaded before it is asked: taken once, replaced, and gone with its keeper."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from routing.problem import Location, Problem, Shift, Technician, TimeWindow, Visit
from routing.travel import from_matrix
from server.dispatch import engine
from server.dispatch.solver_process import SolverProcess, Spare


@pytest.fixture
def spare() -> Iterator[Spare]:
    kept = Spare()
    yield kept
    kept.close()


def _question() -> engine.Question:
    problem = Problem(
        name="one visit",
        locations=(Location("home"), Location("house")),
        technicians=(Technician("1", 0, 0, shifts=(Shift(0, 10_000),)),),
        visits=(Visit("v", 1, 600, (TimeWindow(0, 9_000),), drop_cost=10_000),),
        travel=from_matrix([[0, 300], [300, 0]]),
        horizon=10_000,
    )
    return engine.Question(problem, seed=1, seconds=20, iterations=10, candidates=3)


def _asked(spare: Spare, pids: list[int]) -> engine.Answer:
    watch = engine.Watch(lambda _: True, pids.append)
    return engine.ask(_question(), watch=watch, limits=engine.Limits(starting=60), spare=spare)


def test_the_process_that_waited_answers_one_question_after_the_other(spare: Spare) -> None:
    pids: list[int] = []
    spare.prepare()

    answers = [_asked(spare, pids) for _ in range(3)]

    assert [answer.unserved for answer in answers] == [0, 0, 0]
    assert len(set(pids)) == 1


def test_a_process_whose_search_was_cancelled_is_replaced(spare: Spare) -> None:
    pids: list[int] = []
    spare.prepare()
    unwanted = engine.Watch(lambda _: False, pids.append)

    with pytest.raises(engine.Cancelled):
        engine.ask(_question(), watch=unwanted, limits=engine.Limits(starting=60), spare=spare)

    assert _asked(spare, pids).unserved == 0
    assert len(set(pids)) == 2


def test_a_process_that_was_given_an_impossible_problem_is_replaced(spare: Spare) -> None:
    pids: list[int] = []
    spare.prepare()
    wrong = replace(_question(), problem=replace(_question().problem, horizon=-1))

    with pytest.raises(engine.SolverFailed) as told:
        engine.ask(wrong, watch=engine.Watch(lambda _: True, pids.append), spare=spare)

    assert told.value.code == "invalid_problem"
    assert _asked(spare, pids).unserved == 0
    assert len(set(pids)) == 2


def test_of_two_that_have_answered_only_one_waits(spare: Spare) -> None:
    first, second = spare.take(), spare.take()

    spare.give_back(first)
    spare.give_back(second)

    assert first.running.poll() is None
    assert second.running.poll() is not None


def test_only_one_process_waits_however_often_it_is_prepared(spare: Spare) -> None:
    spare.prepare()
    spare.prepare()
    first, second = spare.take(), spare.take()
    pids = (first.running.pid, second.running.pid)
    _end(first, second)

    assert len(set(pids)) == 2


def test_a_process_that_has_died_while_it_waited_is_not_asked(spare: Spare) -> None:
    spare.prepare()
    dead = spare.take()
    dead.running.kill()
    dead.running.wait()
    spare._waiting = dead

    assert _asked(spare, []).unserved == 0


def test_nothing_is_started_after_the_end(spare: Spare) -> None:
    spare.prepare()
    spare.close()
    spare.prepare()

    assert spare._waiting is None


def _end(*processes: SolverProcess) -> None:
    for process in processes:
        process.end()
