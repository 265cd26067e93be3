"""Turn parsed JSON into problem and plan values, strictly: every refusal names code and place."""

import math
from datetime import UTC, datetime

from routing.certificate import Case, Certificate, CutPrice
from routing.json_values import FormatError, Reader, items, number, text, whole
from routing.plan import BreakTaken, Plan, Route, Stop, Unassigned
from routing.problem import Break, Location, Problem, Shift, Skill, SkillRequirement, Technician, TimeWindow, Visit
from routing.travel import CrowModel, TravelTimes, crow, from_matrix
from routing.weights import Weights

PROBLEM_1, PROBLEM_2, PLAN_1 = "truckroll.problem/1", "truckroll.problem/2", "truckroll.plan/1"


def problem_value(value: object) -> Problem:
    """Return the problem that parsed JSON of format 1 or 2 describes.

    :raises FormatError: where it is not of the format.
    """
    top = Reader(value, "", known=None)
    kind = top.text("format")
    if kind not in (PROBLEM_1, PROBLEM_2):
        raise FormatError("other_format", "format", (("format", kind),))
    second = kind == PROBLEM_2
    locations = top.need_items("locations", _location)
    technicians = top.need_items("technicians", lambda x, p: _technician(x, p, second=second))
    visits = top.need_items("visits", lambda x, p: _visit(x, p, second=second))
    ends = [s.end for t in technicians for s in t.shifts] + [w.end + v.duration for v in visits for w in v.windows]
    return Problem(
        name=top.text("name"),
        locations=locations,
        technicians=technicians,
        visits=visits,
        travel=_travel(top.raw("durations"), locations, holes=second),
        horizon=top.whole("horizon") if second and top.has("horizon") else max(ends, default=0),
        origin=_instant(top.text("origin"), "origin") if second and top.has("origin") else None,
        weights=_weights(top.raw("weights"), "weights") if second and top.has("weights") else Weights(),
    )


def _location(value: object, place: str) -> Location:
    own = Reader(value, place, known=frozenset({"id", "lat", "lon"}))
    lat, lon = (own.number(k) if own.has(k) else None for k in ("lat", "lon"))
    return Location(own.text("id"), lat, lon)


def _travel(value: object, locations: tuple[Location, ...], *, holes: bool) -> TravelTimes:
    if isinstance(value, list):

        def cell(x: object, p: str) -> int | None:
            return None if x is None and holes else whole(x, p)

        return from_matrix(items(value, "durations", lambda row, p: items(row, p, cell)))
    own = Reader(value, "durations", known=frozenset({"model", "detour", "speed_kmh", "fixed_s"}))
    if own.text("model") != "crow":
        raise FormatError("unknown_model", "durations.model")
    model = CrowModel(own.number("detour"), own.number("speed_kmh"), own.number("fixed_s"))
    if model.speed_kmh <= 0 or model.detour < 0 or model.fixed_s < 0:
        raise FormatError("bad_model", "durations")
    points = [(x.lat, x.lon) for x in locations if x.lat is not None and x.lon is not None]
    if len(points) != len(locations):
        raise FormatError("missing", "locations.lat")
    return crow(points, model=model)


def _technician(value: object, place: str, *, second: bool) -> Technician:
    own = Reader(value, place, known=frozenset({"id", "start", "end", "skills", "shifts"}))
    skills = tuple(_skill(name, x, f"{own.at('skills')}.{name}", second=second) for name, x in own.entries("skills"))
    shifts = own.need_items("shifts", lambda x, p: _shift(x, p, second=second))
    return Technician(own.text("id"), own.whole("start"), own.whole("end"), skills, shifts)


def _skill(name: str, value: object, place: str, *, second: bool) -> Skill:
    if second and isinstance(value, dict):
        own = Reader(value, place, known=frozenset({"level", "until"}))
        return Skill(name, own.whole("level"), own.optional("until"))
    return Skill(name, whole(value, place))


def _shift(value: object, place: str, *, second: bool) -> Shift:
    keys = {"start", "end", "breaks", "max_visits"} | ({"start_location", "end_location"} if second else set())
    own = Reader(value, place, known=frozenset(keys))
    return Shift(
        start=own.whole("start"),
        end=own.whole("end"),
        breaks=own.items("breaks", _break),
        max_visits=own.optional("max_visits"),
        start_location=own.optional("start_location"),
        end_location=own.optional("end_location"),
    )


def _break(value: object, place: str) -> Break:
    own = Reader(value, place, known=frozenset({"earliest", "latest", "duration"}))
    return Break(own.whole("earliest"), own.whole("latest"), own.whole("duration"))


VISIT_1 = frozenset({"id", "location", "duration", "windows", "skills", "drop_cost", "only", "excluded"})
VISIT_2 = VISIT_1 | {"preferred", "release", "due", "late_cost_per_hour", "pinned_technician", "pinned_start"}


def _visit(value: object, place: str, *, second: bool) -> Visit:
    own = Reader(value, place, known=VISIT_2 if second else VISIT_1)
    return Visit(
        id=own.text("id"),
        location=own.whole("location"),
        duration=own.whole("duration"),
        windows=own.need_items("windows", _window),
        drop_cost=own.whole("drop_cost"),
        skills=tuple(SkillRequirement(n, whole(x, f"{own.at('skills')}.{n}")) for n, x in own.entries("skills")),
        only=own.items("only", text),
        excluded=own.items("excluded", text),
        preferred=own.items("preferred", text),
        release=own.optional("release"),
        due=own.optional("due"),
        late_cost_per_hour=own.optional("late_cost_per_hour") or 0,
        pinned_technician=own.text("pinned_technician") if own.has("pinned_technician") else None,
        pinned_start=own.optional("pinned_start"),
    )


def _window(value: object, place: str) -> TimeWindow:
    ends = items(value, place, whole)
    if len(ends) != 2:
        raise FormatError("not_a_pair", place)
    return TimeWindow(*ends)


def _weights(value: object, place: str) -> Weights:
    own = Reader(value, place, known=frozenset({"travel", "preferred_rank", "not_preferred"}))
    usual = Weights()
    rank, other = own.optional("preferred_rank"), own.optional("not_preferred")
    return Weights(
        travel=own.whole("travel") if own.has("travel") else usual.travel,
        preferred_rank=usual.preferred_rank if rank is None else rank,
        not_preferred=usual.not_preferred if other is None else other,
    )


def _instant(value: str, place: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as wrong:
        raise FormatError("not_an_instant", place) from wrong
    if instant.utcoffset() is None:
        raise FormatError("not_an_instant", place)
    return instant.astimezone(UTC)


def plan_value(value: object) -> Plan:
    """Return the plan that parsed JSON describes; whether it keeps the rules is for `check`.

    :raises FormatError: where it is not of the format.
    """
    top = Reader(value, "", known=None)
    if top.has("format") and top.text("format") != PLAN_1:
        raise FormatError("other_format", "format", (("format", top.text("format")),))
    bound = top.raw("bound") if top.has("bound") else None
    if bound is not None:
        # others may have proven a fraction; rounding it down proves no more than it did
        bound = math.floor(top.number("bound"))
    routes, out = top.need_items("routes", _route), top.items("unassigned", _unassigned)
    proof = _certificate(top.raw("certificate"), "certificate") if top.has("certificate") else None
    return Plan(top.text("problem"), routes, out, bound, proof)


def _certificate(value: object, place: str) -> Certificate:
    return Certificate(Reader(value, place, known=frozenset({"cases"})).need_items("cases", _case))


def _case(value: object, place: str) -> Case:
    known = {"fewest", "most", "bound", "extra", "served", "visits", "cars", "cuts", "least"}
    own = Reader(value, place, known=frozenset(known))
    few, most, bound, extra = (own.whole(name) for name in ("fewest", "most", "bound", "extra"))
    prices, cars, least = (own.need_items(name, number) for name in ("visits", "cars", "least"))
    return Case(few, most, bound, extra, own.number("served"), prices, cars, own.need_items("cuts", _cut), least)


def _cut(value: object, place: str) -> CutPrice:
    own = Reader(value, place, known=frozenset({"visits", "memory", "price"}))
    return CutPrice(own.need_items("visits", whole), own.need_items("memory", whole), own.number("price"))


def _route(value: object, place: str) -> Route:
    own = Reader(value, place, known=frozenset({"technician", "shift", "leave", "back", "stops", "breaks"}))
    who, shift = own.text("technician"), own.whole("shift")
    stops, breaks = own.need_items("stops", _stop), own.items("breaks", _taken)
    return Route(who, shift, own.whole("leave"), own.whole("back"), stops, breaks)


def _stop(value: object, place: str) -> Stop:
    own = Reader(value, place, known=frozenset({"visit", "arrive", "start", "finish"}))
    return Stop(own.text("visit"), own.whole("arrive"), own.whole("start"), own.whole("finish"))


def _taken(value: object, place: str) -> BreakTaken:
    own = Reader(value, place, known=frozenset({"start", "duration"}))
    return BreakTaken(own.whole("start"), own.whole("duration"))


def _unassigned(value: object, place: str) -> Unassigned:
    own = Reader(value, place, known=frozenset({"visit", "reason", "details"}))
    facts = []
    for name, fact in own.entries("details"):
        where = f"{own.at('details')}.{name}"
        facts.append((name, text(fact, where) if isinstance(fact, str) else whole(fact, where)))
    return Unassigned(own.text("visit"), own.text("reason"), tuple(facts))
