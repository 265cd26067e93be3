"""The solver process seen from outside: started, listened to, limited, ended. It never holds a transaction open."""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from routing.json_values import FormatError
from routing.plan import Plan
from routing.problem import Problem
from routing.reading import plan_value
from routing.writing import problem_json
from server.dispatch.solver_process import SolverProcess, Spare, start

log = structlog.get_logger(__name__)

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the solver process may use beyond the seconds it was asked to search.

    :param starting: seconds within which the process must say that it is ready; only then does its limit begin, so
        that a busy machine, on which an interpreter starts slowly, does not take them off the search.
    :param compiling: the same for the very first process of an installation, which compiles the search.
    :param grace: seconds of real time after the limit; then it is killed.
    :param memory_bytes: of address space; libraries map much that they never touch.
    :param look: seconds between two looks at whether somebody has cancelled.
    """

    starting: float = 30.0
    compiling: float = 600.0
    grace: float = 5.0
    memory_bytes: int = 8 << 30
    look: float = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """What the solver is asked.

    :param iterations: instead of the clock: the same question then has the same answer; ``seconds`` is only the
        limit after which it is killed.
    :param candidates: how many others are named for every visit.
    """

    problem: Problem
    seed: int
    seconds: int
    iterations: int | None
    candidates: int


@dataclass(frozen=True, slots=True)
class Why:
    """What a visit costs where it is, and who else could go, the cheapest first."""

    marginal_cost: int
    candidates: tuple[int, ...]
    alternatives: tuple[Line, ...]


@dataclass(slots=True)
class Answer:
    """What the solver said: a plan that passed the check, and reasons for as many visits as there was time for.

    :param degraded: whether the slower search had to do, because this installation has no compiler.
    """

    plan: Plan
    cost: int
    unserved: int
    degraded: bool
    reasons: dict[str, Why] = field(default_factory=dict)
    complete: bool = False


class SolverFailed(RuntimeError):
    """The solver gave no plan; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Cancelled(RuntimeError):
    """Somebody asked to stop while the solver was at it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the asker does meanwhile.

    :param report: told how far the search is, at most twice a second, or once that it is being compiled first; returns
        False to cancel.
    :param started: told the process, once.
    """

    report: Callable[[Line | None], bool]
    started: Callable[[int], None] = lambda _: None


def ask(question: Question, *, watch: Watch, limits: Limits | None = None, spare: Spare | None = None) -> Answer:
    """Let a process of its own solve a problem, and return its plan.

    Counted from the moment at which the process is ready it ends with the limit plus the grace at the latest, whatever
    the solver does. Reasons that were not given by then are missing; the plan is never.

    :param spare: where a process may be taken from, and where one that has answered waits for the next question.
    :raises SolverFailed: `timed_out`, `killed`, `out_of_memory`, `crashed`, `invalid_problem`, `no_sound_plan`.
    :raises Cancelled: if the watch says so.
    """
    bounds = limits or Limits()
    solver = spare.take() if spare is not None else start()
    answer: Answer | None = None
    try:
        watch.started(solver.running.pid)
        answer = _asked(solver, question, watch, bounds)
    finally:
        if spare is not None and answer is not None and answer.complete:
            spare.give_back(solver)
        else:
            solver.end()
            if spare is not None:
                spare.prepare()
    return answer


def _asked(solver: SolverProcess, question: Question, watch: Watch, bounds: Limits) -> Answer:
    process = solver.running
    ear = _Ear(solver.spoken, watch, look=bounds.look)
    try:
        ear.hear_ready(within=bounds.starting, compiling=bounds.compiling)
        ends_at = time.monotonic() + question.seconds
        _tell(process, question, ends_at=ends_at, memory_bytes=bounds.memory_bytes)
        return _listen(ear, until=ends_at + bounds.grace)
    except SolverFailed as failed:
        process.kill()
        process.wait()
        said = solver.last_words()
        code = _cause(failed, process.returncode, said)
        log.warning("the solver gave no plan", cause=code, status=process.returncode, said=said)
        raise SolverFailed(code) from failed


def _tell(process: subprocess.Popen[bytes], question: Question, *, ends_at: float, memory_bytes: int) -> None:
    """Write the question from a thread of its own: a process that does not read must not hold up the limit."""
    words = {
        "problem": problem_json(question.problem),
        "seed": question.seed,
        "iterations": question.iterations,
        "ends_at": ends_at,
        "memory_bytes": memory_bytes,
        "candidates": question.candidates,
    }
    line = json.dumps(words, separators=(",", ":")).encode() + b"\n"

    def write() -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return  # it has ended, or was ended; the listener finds out

    threading.Thread(target=write, daemon=True).start()


class _Ear:
    """Listens to the process, and looks up now and then whether the answer is still wanted."""

    def __init__(self, lines: "queue.Queue[bytes | None]", watch: Watch, *, look: float) -> None:
        self._lines, self._watch, self._look = lines, watch, look
        self._next_look = time.monotonic() + look

    def hear_ready(self, *, within: float, compiling: float) -> None:
        """Wait until the process is ready to be asked.

        :raises SolverFailed: if it is not so in time, or ends.
        :raises Cancelled: if nobody wants to know.
        """
        said = self.hear(until=time.monotonic() + within)
        if said is not None and "compiling" in said:
            self._ask(said)
            said = self.hear(until=time.monotonic() + compiling)
        if said is None:
            raise SolverFailed("timed_out")

    def hear(self, *, until: float) -> Line | None:
        """Return the next line, None if none has come by then.

        :raises SolverFailed: `silent`, if none will come any more.
        :raises Cancelled: if nobody wants to know.
        """
        while (now := time.monotonic()) < until:
            if now >= self._next_look:
                self._next_look = now + self._look
                self._ask(None)
            try:
                line = self._lines.get(timeout=max(0.0, min(until, self._next_look) - now))
            except queue.Empty:
                continue
            if line is None:
                raise SolverFailed("silent")
            said: Line = json.loads(line)
            if "progress" in said:
                self._ask(said["progress"])
            return said
        return None

    def _ask(self, progress: Line | None) -> None:
        if not self._watch.report(progress):
            raise Cancelled


def _listen(ear: _Ear, *, until: float) -> Answer:
    """Return the plan with the reasons that were given in time."""
    answer: Answer | None = None
    try:
        while (said := ear.hear(until=until)) is not None:
            answer = _hear(said, answer)
            if answer is not None and answer.complete:
                return answer
    except SolverFailed:
        if answer is None:
            raise
    if answer is None:
        raise SolverFailed("timed_out")
    return answer


def _hear(said: Line, answer: Answer | None) -> Answer | None:
    if "failed" in said:
        raise SolverFailed(said["failed"])
    if "plan" in said:
        try:
            return Answer(plan_value(said["plan"]), said["cost"], said["unserved"], said["degraded"])
        except FormatError as wrong:
            raise SolverFailed("crashed") from wrong
    if answer is not None and "why" in said:
        why = said["why"]
        answer.reasons[why["visit"]] = Why(why["marginal_cost"], tuple(why["candidates"]), tuple(why["alternatives"]))
    elif answer is not None and "done" in said:
        answer.complete = True
    return answer


def _cause(failed: SolverFailed, status: int, said: str) -> str:
    """Return why it failed: a process that fell silent was killed by somebody, or has crashed.

    A thread that finds no memory for itself is waited for in vain by the one that starts it.
    """
    if failed.code == "timed_out" and MemoryError.__name__ in said:
        return "out_of_memory"
    if failed.code != "silent":
        return failed.code
    return "killed" if status < 0 else "crashed"
