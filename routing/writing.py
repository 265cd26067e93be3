"""Turn problem and plan values into JSON values of the formats in `docs/optimiser.md`."""

from datetime import UTC, datetime

from routing.certificate import Case
from routing.plan import Plan, Route
from routing.problem import Problem, Shift, Skill, Technician, Visit
from routing.reading import PLAN_1, PROBLEM_1, PROBLEM_2
from routing.travel import UNREACHABLE, TravelTimes
from routing.weights import Weights

Json = dict[str, object]


def problem_json(problem: Problem) -> Json:
    """Return the JSON value of a problem: format 1 wherever it can say everything, else 2."""
    value: Json = {"format": PROBLEM_2 if _needs_second(problem) else PROBLEM_1, "name": problem.name}
    if value["format"] == PROBLEM_2:
        value["horizon"] = problem.horizon
        if problem.origin is not None:
            value["origin"] = _instant(problem.origin)
        w = problem.weights
        value["weights"] = {"travel": w.travel, "preferred_rank": w.preferred_rank, "not_preferred": w.not_preferred}
    value["locations"] = [_present({"id": x.id, "lat": x.lat, "lon": x.lon}) for x in problem.locations]
    value["durations"] = _durations(problem.travel)
    value["technicians"] = [_technician(t) for t in problem.technicians]
    value["visits"] = [_visit(v) for v in problem.visits]
    return value


def plan_json(plan: Plan) -> Json:
    """Return the JSON value of a plan."""
    unassigned: list[Json] = []
    for u in plan.unassigned:
        entry: Json = {"visit": u.visit, "reason": str(u.reason)}
        if u.details:
            entry["details"] = dict(u.details)
        unassigned.append(entry)
    routes = [_route(r) for r in plan.routes]
    value: Json = {"format": PLAN_1, "problem": plan.problem, "routes": routes, "unassigned": unassigned}
    value["bound"] = plan.bound
    if plan.certificate is not None:
        value["certificate"] = {"cases": [_case(c) for c in plan.certificate.cases]}
    return value


def _case(case: Case) -> Json:
    return {
        "fewest": case.fewest,
        "most": case.most,
        "bound": case.bound,
        "extra": case.extra,
        "served": case.served,
        "visits": list(case.visits),
        "cars": list(case.cars),
        "cuts": [{"visits": list(c.visits), "memory": list(c.memory), "price": c.price} for c in case.cuts],
        "least": list(case.least),
    }


def _needs_second(problem: Problem) -> bool:
    """Tell whether a problem uses what format 1 cannot say."""
    ends = [s.end for t in problem.technicians for s in t.shifts]
    ends += [w.end + v.duration for v in problem.visits for w in v.windows]
    if problem.origin is not None or problem.weights != Weights() or problem.horizon != max(ends, default=0):
        return True
    if problem.travel.model is None and bool((problem.travel.matrix >= UNREACHABLE).any()):
        return True
    if any(s.until is not None for t in problem.technicians for s in t.skills):
        return True
    if any((s.start_location, s.end_location) != (None, None) for t in problem.technicians for s in t.shifts):
        return True
    return any(
        v.preferred
        or v.late_cost_per_hour
        or any(x is not None for x in (v.release, v.due, v.pinned_technician, v.pinned_start))
        for v in problem.visits
    )


def _present(value: Json) -> Json:
    """Leave out what is None or an empty list."""
    return {k: v for k, v in value.items() if v is not None and v != []}


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _durations(travel: TravelTimes) -> object:
    if travel.model is not None:
        m = travel.model
        return {"model": "crow", "detour": m.detour, "speed_kmh": m.speed_kmh, "fixed_s": m.fixed_s}
    return [[None if x >= UNREACHABLE else x for x in row] for row in travel.matrix.tolist()]


def _technician(technician: Technician) -> Json:
    return {
        "id": technician.id,
        "start": technician.start,
        "end": technician.end,
        "skills": {s.name: _skill(s) for s in technician.skills},
        "shifts": [_shift(s) for s in technician.shifts],
    }


def _skill(skill: Skill) -> object:
    return skill.level if skill.until is None else {"level": skill.level, "until": skill.until}


def _shift(shift: Shift) -> Json:
    breaks = [{"earliest": b.earliest, "latest": b.latest, "duration": b.duration} for b in shift.breaks]
    value: Json = {"start": shift.start, "end": shift.end, "breaks": breaks}
    extra = {"max_visits": shift.max_visits, "start_location": shift.start_location, "end_location": shift.end_location}
    return value | _present(dict(extra))


def _visit(visit: Visit) -> Json:
    value: Json = {
        "id": visit.id,
        "location": visit.location,
        "duration": visit.duration,
        "windows": [[w.start, w.end] for w in visit.windows],
        "skills": {n.name: n.level for n in visit.skills},
        "drop_cost": visit.drop_cost,
    }
    return value | _present(
        {
            "only": list(visit.only),
            "excluded": list(visit.excluded),
            "preferred": list(visit.preferred),
            "release": visit.release,
            "due": visit.due,
            "late_cost_per_hour": visit.late_cost_per_hour or None,
            "pinned_technician": visit.pinned_technician,
            "pinned_start": visit.pinned_start,
        }
    )


def _route(route: Route) -> Json:
    return {
        "technician": route.technician,
        "shift": route.shift,
        "leave": route.leave,
        "back": route.back,
        "stops": [{"visit": s.visit, "arrive": s.arrive, "start": s.start, "finish": s.finish} for s in route.stops],
        "breaks": [{"start": b.start, "duration": b.duration} for b in route.breaks],
    }
