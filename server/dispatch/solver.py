"""The solver process: questions in, progress and plans out. Run as `python -m server.dispatch.solver`.

It knows no database. It says when it is ready; a line of its input is a question; when the input ends, so does the
process: a worker that is killed leaves no solver behind. Every line of its output is one JSON object: `{"compiling":
true}` once after an installation, `{"ready": true}`, `{"progress": …}`, `{"plan": …}`, `{"why": …}` for a served visit,
`{"done": true}` and `{"ready": true}` again, or `{"failed": code}`, after which it ends.
"""

import json
import os
import queue
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

from routing.check import check
from routing.costs import costs_of
from routing.engine.compiled import jit
from routing.engine.model import Net
from routing.engine.routes import Book
from routing.engine.solve import NoSoundPlan, solve_certified
from routing.engine.warm import warm
from routing.explain import WhyHere, why_here
from routing.findings import InvalidProblem
from routing.json_values import FormatError
from routing.plan import Plan
from routing.problem import Problem
from routing.reading import problem_value
from routing.stop import IterationLimit, Progress, Stop, TimeLimit
from routing.writing import plan_json

Json = dict[str, object]

_BETWEEN_REPORTS = 0.5
"""Seconds: progress is reported at most twice a second."""
_LEAST_SECONDS = 0.1
"""However late it is, so much is left to make the first plan."""


class _Mouth:
    """Writes one JSON object a line, from whichever thread."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last_report: float | None = None

    def say(self, value: Json) -> None:
        """Write a line."""
        self._out.write(json.dumps(value, separators=(",", ":")) + "\n")
        self._out.flush()

    def progress(self, progress: Progress) -> None:
        """Report how far the search is, unless it has just been reported."""
        now = time.monotonic()
        if self._last_report is not None and now - self._last_report < _BETWEEN_REPORTS:
            return
        self._last_report = now
        values = {"cost": progress.best_cost, "unserved": progress.unserved, "seconds": round(progress.seconds, 1)}
        self.say({"progress": values})


def main() -> int:
    """Answer the questions on standard input, until one of them failed or the input ends."""
    mouth = _Mouth(sys.stdout)
    questions: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    if jit.AVAILABLE and not jit.is_kept():
        mouth.say({"compiling": True})
    warm()
    while True:
        mouth.say({"ready": True})
        if not _answers(json.loads(questions.get()), mouth):
            return 1


def _answers(question: Json, mouth: _Mouth) -> bool:
    """Answer a question; return whether another one may follow."""
    _limit_memory(_whole(question["memory_bytes"]))
    try:
        _answer(question, mouth)
    except (InvalidProblem, FormatError) as wrong:
        mouth.say({"failed": "invalid_problem", "text": str(wrong)[:300]})
    except NoSoundPlan:
        mouth.say({"failed": "no_sound_plan"})
    except MemoryError:
        mouth.say({"failed": "out_of_memory"})
    else:
        return True
    return False


def _limit_memory(most: int) -> None:
    """Let the process have no more than so many bytes of address space: it fails, the machine does not."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):  # some systems know the limit and refuse to set it
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _listen(questions: "queue.Queue[bytes]") -> None:
    """Hand on every line of the input, and end when the other side of it is gone, even in the middle of a search."""
    heard = bytearray()
    while piece := os.read(0, 1 << 16):  # past Python's buffer: its lock must be free when the interpreter ends
        heard += piece
        if b"\n" in piece:
            *lines, rest = bytes(heard).split(b"\n")
            heard = bytearray(rest)
            for line in lines:
                questions.put(line)
    os._exit(3)


def _answer(question: Json, mouth: _Mouth) -> None:
    problem = problem_value(question["problem"])
    solution = solve_certified(problem, seed=_whole(question["seed"]), stop=_stop(question), progress=mouth.progress)
    plan = solution.plan
    # The engine has checked it; nothing leaves this process that was not checked here, whatever the engine says.
    if check(problem, plan=plan):
        raise NoSoundPlan(problem.name)
    costs = costs_of(problem, plan=plan)
    mouth.say({"plan": plan_json(plan), "cost": costs.total, "unserved": costs.unserved, "degraded": solution.degraded})
    for why in _reasons(problem, plan, others=_whole(question["candidates"])):
        mouth.say({"why": why})
    mouth.say({"done": True})


def _stop(question: Json) -> Stop:
    """Return the limit: iterations where they are given (then no clock is looked at), else the asker's deadline."""
    iterations = question["iterations"]
    if iterations is not None:
        return IterationLimit(_whole(iterations))
    ends_at = question["ends_at"]
    assert isinstance(ends_at, float)
    return TimeLimit(max(_LEAST_SECONDS, ends_at - time.monotonic()))


def _whole(value: object) -> int:
    if type(value) is not int:
        raise FormatError("not_an_integer", "question")
    return value


def _reasons(problem: Problem, plan: Plan, *, others: int) -> Iterator[Json]:
    """Yield, for every visit that is served and not pinned, what it costs here and who else could go."""
    book = Book(Net(problem))
    pinned = {v.id for v in problem.visits if v.pinned_technician is not None}
    for route in plan.routes:
        for stop in route.stops:
            if stop.visit not in pinned:
                yield _reason(why_here(problem, plan=plan, visit=stop.visit, book=book), others=others)


def _reason(why: WhyHere, *, others: int) -> Json:
    rivals = [c for c in why.alternatives if c.technician != why.technician]
    shown = rivals[:others]
    return {
        "visit": why.visit,
        "marginal_cost": why.marginal_cost,
        "candidates": [int(c.technician) for c in shown if c.rule is None],
        "alternatives": [
            {"technician": int(c.technician), "rule": c.rule, "extra_cost": c.extra_cost, "start": c.start}
            for c in shown
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
