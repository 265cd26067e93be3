"""`python -m routing`: solve, check and explain files without a server."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from routing.check import check
from routing.costs import costs_of
from routing.engine.solve import solve
from routing.explain import UnknownVisit, why_here, why_not
from routing.files import read_plan, read_problem, write_plan
from routing.findings import Finding, InvalidProblem
from routing.json_values import FormatError
from routing.plan import Plan
from routing.problem import Problem
from routing.stop import FirstOf, IterationLimit, Progress, Stop, TimeLimit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when all is well, 1 for a wrong plan or problem, 2 for a file that cannot be read."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "solve":
            return _solve(given)
        if given.command == "check":
            return _check(given)
        return _explain(given)
    except FormatError as wrong:
        _say({"error": wrong.code, "place": wrong.place, **dict(wrong.details)})
    except OSError as wrong:
        _say({"error": "cannot_read_or_write", "file": str(wrong.filename), "message": str(wrong.strerror)})
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m routing", description="Plan field service from files.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("solve", help="plan a problem file")
    one.add_argument("problem", type=Path)
    one.add_argument("--seconds", type=float, help="time limit (30, unless iterations are limited)")
    one.add_argument("--iterations", type=int, help="iteration limit; alone: the same seed gives the same plan")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--out", type=Path, help="write the plan there")
    one.add_argument("--progress", action="store_true", help="one JSON line per better plan on standard error")
    two = commands.add_parser("check", help="check a plan against its problem")
    three = commands.add_parser("explain", help="explain the unserved visits of a plan, or one visit")
    for command in (two, three):
        command.add_argument("problem", type=Path)
        command.add_argument("plan", type=Path)
    three.add_argument("--visit", help="only this one, served or not")
    return parser


def _stop(given: argparse.Namespace) -> Stop:
    """Return the limits that were given, the first of which counts; half a minute where none was."""
    limits: list[Stop] = []
    if given.iterations is not None:
        limits.append(IterationLimit(given.iterations))
    if given.seconds is not None or not limits:
        limits.append(TimeLimit(30.0 if given.seconds is None else given.seconds))
    return limits[0] if len(limits) == 1 else FirstOf(*limits)


def _solve(given: argparse.Namespace) -> int:
    problem = read_problem(given.problem)
    for finding in problem.findings()[:20]:
        print(json.dumps(_finding(finding)), file=sys.stderr)
    try:
        plan = solve(problem, seed=given.seed, stop=_stop(given), progress=_print_progress if given.progress else None)
    except InvalidProblem:
        _say({"error": "invalid_problem", "problem": problem.name})
        return 1
    if given.out is not None:
        write_plan(plan, path=given.out)
    _say(_summary(problem, plan))
    return 0


def _check(given: argparse.Namespace) -> int:
    problem, plan = read_problem(given.problem), read_plan(given.plan)
    violations = check(problem, plan=plan)
    shown = [{"code": v.code, "place": v.place, **dict(v.details)} for v in violations]
    _say({**(_summary(problem, plan) if not violations else {"problem": problem.name}), "violations": shown})
    return 1 if violations else 0


def _explain(given: argparse.Namespace) -> int:
    problem, plan = read_problem(given.problem), read_plan(given.plan)
    if check(problem, plan=plan):
        _say({"error": "wrong_plan", "problem": problem.name})
        return 1
    served = {s.visit for r in plan.routes for s in r.stops}
    asked = [u.visit for u in plan.unassigned] if given.visit is None else [given.visit]
    try:
        for visit in asked:
            _say(_here(problem, plan, visit) if visit in served else _not(problem, plan, visit))
    except UnknownVisit as wrong:
        _say({"error": "unknown_visit", "visit": str(wrong)})
        return 1
    return 0


def _here(problem: Problem, plan: Plan, visit: str) -> dict[str, object]:
    why = why_here(problem, plan=plan, visit=visit)
    others = [
        {"technician": c.technician, "shift": c.shift, "rule": c.rule, "extra_cost": c.extra_cost, "start": c.start}
        for c in why.alternatives
    ]
    place = {"technician": why.technician, "shift": why.shift, "start": why.start}
    return {"visit": visit, **place, "marginal_cost": why.marginal_cost, "alternatives": others}


def _not(problem: Problem, plan: Plan, visit: str) -> dict[str, object]:
    why = why_not(problem, plan=plan, visit=visit)
    change = {} if why.change is None else dict(why.change.as_details())
    candidates = [{"technician": c.technician, "shift": c.shift, "rule": c.rule} for c in why.candidates]
    return {"visit": visit, "reason": why.reason, **dict(why.details), **change, "candidates": candidates}


def _summary(problem: Problem, plan: Plan) -> dict[str, object]:
    costs = costs_of(problem, plan=plan)
    parts = {"travel": costs.travel, "wishes": costs.wishes, "lateness": costs.lateness, "dropped": costs.dropped}
    return {"problem": problem.name, "cost": costs.total, **parts, "served": costs.served, "unserved": costs.unserved}


def _finding(finding: Finding) -> dict[str, object]:
    return {"finding": finding.code, "place": finding.place, "severity": finding.severity, **dict(finding.details)}


def _print_progress(progress: Progress) -> None:
    line = {"seconds": round(progress.seconds, 2), "cost": progress.best_cost, "unserved": progress.unserved}
    print(json.dumps({**line, "iterations": progress.iterations, "phase": progress.phase}), file=sys.stderr)


def _say(value: dict[str, object]) -> None:
    print(json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
