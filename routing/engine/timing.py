"""Write a draft down as a plan: when to leave, arrive, serve, pause and be back."""

from routing.engine.draft import Draft
from routing.engine.model import Car, Net
from routing.engine.schedule import schedule
from routing.engine.tables import Way
from routing.plan import BreakTaken, Plan, Reason, Route, Stop, Unassigned


def plan_of(draft: Draft) -> Plan:
    """Return the plan of a draft; the reasons of unassigned visits are still to be explained."""
    net = draft.book.net
    routes = tuple(route_of(net, way) for way in draft.ways if way.seq)
    out = tuple(Unassigned(net.visits[v].id, Reason.NOT_TRIED) for v in sorted(draft.out))
    return Plan(net.problem.name, routes, out)


def route_of(net: Net, way: Way) -> Route:
    """Return one route with its times. Leave as late as the first visit allows, be everywhere early."""
    timed = schedule(net, way.car, way.seq)
    if timed is None:  # the tables and the exact timing must agree; a difference is a defect
        raise AssertionError(f"no timing for {way.seq}")
    car = way.car
    technician = net.problem.technicians[car.technician]
    breaks: list[BreakTaken] = []
    stops: list[Stop] = []
    free, leave = car.start, car.start
    for i, v in enumerate(way.seq):
        start = timed.starts[i]
        pauses = _pauses(car, free, first=len(breaks), count=timed.pauses[i])
        if i == 0:
            # Not a minute earlier than needed: home is a better place to wait than a van.
            ready = pauses[-1].start + pauses[-1].duration if pauses else car.start
            leave = start - way.legs[0] if start - way.legs[0] >= ready else car.start
        arrive = min(start, _arrival(leave if i == 0 else free, leg=way.legs[i], pauses=pauses))
        breaks += pauses
        free = start + net.duration[v]
        stops.append(Stop(net.visits[v].id, arrive, start, free))
    last = _pauses(car, free, first=len(breaks), count=timed.pauses[-1])
    back = _arrival(free, leg=way.legs[-1], pauses=last)
    return Route(technician.id, car.shift, leave, back, tuple(stops), (*breaks, *last))


def _pauses(car: Car, free: int, *, first: int, count: int) -> list[BreakTaken]:
    """Return the next breaks of the shift, each as early as it may be."""
    taken = []
    for pause in car.breaks[first : first + count]:
        at = max(free, pause.earliest)
        taken.append(BreakTaken(at, pause.duration))
        free = at + pause.duration
    return taken


def _arrival(free: int, *, leg: int, pauses: list[BreakTaken]) -> int:
    """Return the arrival after a leg that breaks interrupt if they begin before it is done."""
    clock = free + leg
    for pause in pauses:
        if free <= pause.start < clock:
            clock += pause.duration
    return clock
