"""What the solver answered, written down: stops with candidates and reasons, omissions with reasons."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from routing.check import check
from routing.findings import Finding, Severity
from routing.plan import Plan as RoutingPlan
from routing.plan import Route
from routing.problem import Problem
from server.core.db import Json
from server.dispatch.engine import Answer, Why
from server.dispatch.modelling import Model, ticket_of
from server.dispatch.models import Plan, PlanOmission, PlanStop
from server.travel.matrix import TravelFinding

SLOWER_SEARCH = "slower_search"
"""The finding that this installation has no compiler for the search."""
MOST_FINDINGS = 500
"""So many findings are kept; one bad column of data would otherwise fill a page nobody reads."""


class UnsoundPlan(RuntimeError):
    """A plan breaks a rule: a defect of the solver. It is shown to nobody."""


def write(session: Session, *, plan: Plan, model: Model, answer: Answer) -> None:
    """Write what a plan proposes and what it leaves out, in place of what an earlier try had written.

    :raises UnsoundPlan: if the plan breaks a rule of the problem.
    """
    broken = check(model.problem, plan=answer.plan)
    if broken:
        raise UnsoundPlan(", ".join(f"{v.place}: {v.code}" for v in broken[:5]))
    for table in (PlanStop, PlanOmission):
        session.execute(delete(table).where(table.plan_id == plan.id))
    session.add_all(_stops(plan, model.problem, answer))
    session.add_all(_omissions(plan, model, answer.plan))
    plan.cost, plan.bound = answer.cost, answer.plan.bound
    plan.progress = {"cost": answer.cost, "unserved": answer.unserved, "seconds": plan.progress.get("seconds")}


def findings_json(
    model: Model, *, travel: tuple[TravelFinding, ...], problem: tuple[Finding, ...], answer: Answer | None
) -> Json:
    """Return everything that people should know about what a plan rests on, the gravest first."""
    items: list[Json] = [
        {"code": f.code, "place": f.place, "error": f.severity is Severity.ERROR, **_named(dict(f.details))}
        for f in problem
    ]
    items += [{"code": left.reason, "error": False, "ticket_id": left.ticket_id} for left in model.left]
    items += [
        {"code": r.code, "error": False, "ticket_id": r.ticket_id, "technician_id": r.technician_id}
        for r in model.remarks
    ]
    items += [{"code": f.code, "error": False, "source": f.source, "legs": f.legs, "cause": f.cause} for f in travel]
    if answer is not None:
        late = [u for u in answer.plan.unassigned if u.visit.startswith("v")]
        items += [{"code": "visit_not_in_plan", "error": False, **_named({"visit": u.visit})} for u in late]
        items += [{"code": SLOWER_SEARCH, "error": False}] if answer.degraded else []
    return {"items": items[:MOST_FINDINGS], "count": len(items)}


def _named(facts: Json) -> Json:
    """Return facts with tickets and technicians by their ids instead of the names they have in a problem."""
    named = dict(facts)
    visit = named.pop("visit", None)
    if isinstance(visit, str):
        ticket = ticket_of(visit)
        named |= {"ticket_id": ticket} if ticket is not None else {"visit_id": int(visit[1:])}
    return named


def _stops(plan: Plan, problem: Problem, answer: Answer) -> Iterator[PlanStop]:
    visits = {v.id: v for v in problem.visits}
    for route in answer.plan.routes:
        legs = _legs(problem, route)
        for stop, leg in zip(route.stops, legs, strict=True):
            ticket_id = ticket_of(stop.visit)
            if ticket_id is None:
                continue
            why = answer.reasons.get(stop.visit)
            yield PlanStop(
                plan_id=plan.id,
                ticket_id=ticket_id,
                technician_id=int(route.technician),
                starts_at=instant(problem, stop.start),
                ends_at=instant(problem, stop.start + visits[stop.visit].duration),
                travel_seconds=leg,
                candidates=list(why.candidates) if why else [],
                why=_why(problem, why) if why else {},
            )


def instant(problem: Problem, seconds: int) -> datetime:
    """Return the instant of a second of a problem."""
    assert problem.origin is not None, "problems of the server always say when second 0 is"
    return problem.origin + timedelta(seconds=seconds)


def _legs(problem: Problem, route: Route) -> list[int]:
    """Return the seconds of the way to each stop."""
    technician = next(t for t in problem.technicians if t.id == route.technician)
    first, _ = technician.places(technician.shifts[route.shift])
    location = {v.id: v.location for v in problem.visits}
    places = [first, *(location[s.visit] for s in route.stops)]
    return [problem.travel.seconds(a, to=b) or 0 for a, b in itertools.pairwise(places)]


def _why(problem: Problem, why: Why) -> Json:
    others = [
        {
            "technician_id": other["technician"],
            "rule": other["rule"],
            "extra_cost": other["extra_cost"],
            "starts_at": None if other["start"] is None else instant(problem, other["start"]).isoformat(),
        }
        for other in why.alternatives
    ]
    return {"marginal_cost": why.marginal_cost, "others": others}


def _omissions(plan: Plan, model: Model, found: RoutingPlan) -> Iterator[PlanOmission]:
    for left in model.left:
        yield PlanOmission(plan_id=plan.id, ticket_id=left.ticket_id, reason=left.reason)
    for out in found.unassigned:
        ticket_id = ticket_of(out.visit)
        if ticket_id is not None:
            details = _told(model.problem, dict(out.details))
            yield PlanOmission(plan_id=plan.id, ticket_id=ticket_id, reason=str(out.reason), details=details)


def _told(problem: Problem, facts: Json) -> Json:
    """Return the facts behind a reason with ids and instants instead of the names and seconds of a problem."""
    told: Json = {}
    for name, value in facts.items():
        if name in {"technician", "change_technician", "change_moved_to", "pinned_technician"}:
            told[f"{name}_id"] = int(value) if str(value).isdecimal() else None
        elif name == "change_visit":
            told["change_ticket_id"] = ticket_of(str(value))
        elif name in {"shift_start", "shift_end", "change_start"}:
            told[name] = instant(problem, int(value)).isoformat()
        elif name not in {"shift", "change_shift"}:  # the number of a piece of a shift says nothing to anybody
            told[name] = value
    return told
