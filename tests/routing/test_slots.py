"""Windows for one more visit."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import check
from routing.engine.model import Net
from routing.engine.routes import Book
from routing.engine.solve import solve
from routing.engine.timing import plan_of
from routing.explain import draft_of
from routing.openings import Openings
from routing.plan import Plan, Reason, Unassigned
from routing.problem import Problem, TimeWindow, Visit
from routing.slots import Day, Slot, SlotTerms, Ways, offer
from routing.stop import IterationLimit
from routing.travel import UNREACHABLE
from tests.routing.builders import (
    DAY,
    HOUR,
    a_plan,
    a_problem,
    a_route,
    a_shift,
    a_stop,
    a_technician,
    a_visit,
    line,
    lunch,
)
from tests.routing.test_random_problems import a_random_problem

MORNING, AFTERNOON = TimeWindow(8 * HOUR, 12 * HOUR), TimeWindow(13 * HOUR, 17 * HOUR)


def ask(
    problem: Problem,
    plan: Plan,
    visit: Visit,
    *windows: TimeWindow,
    terms: SlotTerms | None = None,
    ways: Ways | None = None,
) -> tuple[Slot, ...]:
    day = Day(Openings(problem, plan=plan), windows or (TimeWindow(*DAY),), ways)
    return offer(visit, days=[day], terms=terms or SlotTerms())


def only(slots: Sequence[Slot]) -> Slot:
    (slot,) = slots
    return slot


# -- what it costs ----------------------------------------------------------------------------------


def test_in_an_empty_day_a_window_costs_the_way_there_and_back() -> None:
    slot = only(ask(a_problem(), a_plan(), a_visit(at=2), MORNING))

    assert (slot.reason, slot.technician, slot.shift) == (None, "ann", 0)
    assert slot.extra_cost == 2 * 2 * 600
    assert slot.start == DAY[0] + 2 * 600


def test_on_the_way_to_another_visit_it_costs_nothing_more() -> None:
    problem = a_problem(a_visit("far", at=4, windows=[(11 * HOUR, 16 * HOUR)]))
    plan = a_plan(a_route(a_stop("far", start=11 * HOUR), back=13 * HOUR))

    assert only(ask(problem, plan, a_visit("new", at=2), MORNING)).extra_cost == 0


def test_the_best_window_stands_first_and_what_cannot_be_offered_last() -> None:
    two_days = (a_shift(), a_shift(DAY[0] + 24 * HOUR, DAY[1] + 24 * HOUR))
    problem = a_problem(a_visit("far", at=4), technicians=[a_technician(shifts=two_days)])
    plan = a_plan(a_route(a_stop("far", start=9 * HOUR)))
    night = TimeWindow(20 * HOUR, 21 * HOUR)
    tomorrow = TimeWindow(DAY[0] + 24 * HOUR, DAY[1] + 24 * HOUR)

    slots = ask(problem, plan, a_visit("new", at=5, duration=600), night, tomorrow, AFTERNOON)

    assert [slot.window for slot in slots] == [AFTERNOON, tomorrow, night]
    assert [slot.reason for slot in slots] == [None, None, Reason.NO_SHIFT_IN_WINDOW]
    assert [slot.extra_cost for slot in slots] == [2 * 600, 10 * 600, None]


def test_a_promised_window_of_somebody_else_is_never_broken() -> None:
    problem = a_problem(a_visit("old", at=3, windows=[(9 * HOUR, 9 * HOUR)]))
    plan = a_plan(a_route(a_stop("old", start=9 * HOUR)))

    slot = only(ask(problem, plan, a_visit("new", at=3, duration=30 * 60), TimeWindow(8 * HOUR, 9 * HOUR)))

    assert slot.reason is None
    assert slot.start == 8 * HOUR + 30 * 60  # done on the very minute at which the other one begins
    longer = a_visit("new", at=3, duration=30 * 60 + 1)
    assert only(ask(problem, plan, longer, TimeWindow(8 * HOUR, 9 * HOUR))).reason is Reason.CAPACITY


def test_a_break_may_move_behind_the_new_visit() -> None:
    people = [a_technician(shifts=(a_shift(breaks=(lunch(),)),))]
    slot = only(ask(a_problem(technicians=people), a_plan(), a_visit(at=1), TimeWindow(11 * HOUR, 11 * HOUR)))

    assert (slot.reason, slot.start) == (None, 11 * HOUR)


def test_a_visit_that_somebody_else_would_then_reach_late_costs_his_lateness() -> None:
    old = a_visit("old", at=3, due=9 * HOUR, late_cost_per_hour=3_600)
    plan = a_plan(a_route(a_stop("old", start=8 * HOUR + 1_800)))

    first = only(ask(a_problem(old), plan, a_visit("new", at=3), TimeWindow(8 * HOUR, 8 * HOUR + 1_800)))

    assert first.extra_cost == 1_800  # the old one begins at 9:30, half an hour after its due time
    assert only(ask(a_problem(old), plan, a_visit("new", at=3), AFTERNOON)).extra_cost == 0


def test_a_place_that_the_problem_does_not_have_comes_with_its_ways() -> None:
    problem = a_problem(a_visit("old", at=4))
    plan = a_plan(a_route(a_stop("old", start=9 * HOUR)))
    ways = Ways(np.array([300] * 6), np.array([400] * 6))

    slot = only(ask(problem, plan, a_visit("new", at=99), MORNING, ways=ways))

    # Before or after the old one a way of 2,400 s falls away, and one of 300 and one of 400 come in its place.
    assert slot.extra_cost == 300 + 400 - 4 * 600


# -- who may, and when ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visit", "reason"),
    [
        (a_visit(skills={"gas": 2}), Reason.NO_SKILL),
        (a_visit(only=("bob",)), Reason.NOT_ALLOWED),
        (a_visit(pinned_technician="bob"), Reason.NOT_ALLOWED),
        (a_visit(excluded=("ann",)), Reason.EXCLUDED),
        (a_visit(duration=10 * HOUR), Reason.NO_SHIFT_IN_WINDOW),
        (a_visit(duration=DAY[1] - DAY[0]), Reason.CAPACITY),
        (a_visit(release=18 * HOUR), Reason.NO_WINDOW),
    ],
)
def test_what_nobody_can_do_is_refused_with_the_rule(visit: Visit, reason: Reason) -> None:
    assert only(ask(a_problem(), a_plan(), visit)).reason is reason


def test_where_nobody_works_nobody_is_offered() -> None:
    assert only(ask(a_problem(technicians=()), a_plan(), a_visit())).reason is Reason.NO_TECHNICIAN


def test_a_place_without_a_way_is_refused_as_such() -> None:
    nowhere = Ways(np.full(6, UNREACHABLE), np.full(6, 60))

    assert only(ask(a_problem(), a_plan(), a_visit(), ways=nowhere)).reason is Reason.UNREACHABLE


def test_a_shift_that_is_full_by_number_takes_nothing_more() -> None:
    people = [a_technician(shifts=(a_shift(max_visits=1),))]
    problem = a_problem(a_visit("old"), technicians=people)

    assert only(ask(problem, a_plan(a_route(a_stop("old"))), a_visit("new"))).reason is Reason.CAPACITY


def test_a_release_cuts_the_windows() -> None:
    assert only(ask(a_problem(), a_plan(), a_visit(release=10 * HOUR), MORNING)).start == 10 * HOUR


# -- what is kept back, risk, recommendation -------------------------------------------------------------


def test_what_is_kept_for_emergencies_is_marked_and_not_recommended() -> None:
    old = a_visit("old", duration=7 * HOUR)
    busy = Openings(a_problem(old), plan=a_plan(a_route(a_stop("old", start=9 * HOUR, duration=7 * HOUR))))
    days = [Day(busy, (TimeWindow(*DAY),)), Day(Openings(a_problem(), plan=a_plan()), (TimeWindow(*DAY),))]
    visit = a_visit("new", at=2, duration=1_200)

    first, second = offer(visit, days=days, terms=SlotTerms(reserve=0.25))

    assert (first.day, first.kept_back, first.recommended) == (1, False, True)
    assert (second.day, second.reason, second.kept_back, second.recommended) == (0, None, True, False)
    assert not any(slot.kept_back for slot in offer(visit, days=days))


def test_the_reserve_is_kept_to_the_second() -> None:
    day = Day(Openings(a_problem(), plan=a_plan()), (TimeWindow(*DAY),))

    def is_kept_back(duration: int) -> bool:
        return only(offer(a_visit(duration=duration), days=[day], terms=SlotTerms(reserve=0.5))).kept_back

    half = (DAY[1] - DAY[0]) // 2
    assert not is_kept_back(half)
    assert is_kept_back(half + 1)


def test_the_later_a_window_closes_the_surer_it_is() -> None:
    problem = a_problem(a_visit("old", at=5, duration=2 * HOUR, windows=[(9 * HOUR, 10 * HOUR)]))
    plan = a_plan(a_route(a_stop("old", start=9 * HOUR, duration=2 * HOUR)))
    closing = [11 * HOUR, 11 * HOUR + 1_800, 12 * HOUR, 13 * HOUR]
    windows = [TimeWindow(10 * HOUR + 1_800, closes) for closes in closing]

    slots = sorted(ask(problem, plan, a_visit("new", at=5), *windows), key=lambda slot: slot.window.end)

    found = [slot.risk or 0.0 for slot in slots]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(0.5, abs=0.1)
    assert [slot.recommended for slot in slots] == [risk <= 0.1 for risk in found]
    assert found[-1] < 0.02


def test_how_much_later_the_others_may_come_is_said() -> None:
    problem = a_problem(a_visit("old", at=3, windows=[(9 * HOUR, 10 * HOUR)]))
    plan = a_plan(a_route(a_stop("old", start=9 * HOUR)))

    before = only(ask(problem, plan, a_visit("new", at=3), TimeWindow(8 * HOUR, 9 * HOUR)))
    behind = only(ask(problem, plan, a_visit("new", at=3), AFTERNOON))

    assert before.risk_of_others is not None
    assert before.risk_of_others > 0.01
    assert behind.risk_of_others == 0.0


def test_what_costs_much_more_than_the_cheapest_is_not_recommended() -> None:
    two_days = (a_shift(), a_shift(DAY[0] + 24 * HOUR, DAY[1] + 24 * HOUR))
    problem = a_problem(a_visit("old", at=5), technicians=[a_technician(shifts=two_days)])
    plan = a_plan(a_route(a_stop("old", start=9 * HOUR)))
    tomorrow = TimeWindow(DAY[0] + 24 * HOUR, DAY[1] + 24 * HOUR)
    visit = a_visit("new", at=5)

    dearer = 10 * 600
    at_most = ask(problem, plan, visit, AFTERNOON, tomorrow, terms=SlotTerms(near=dearer))
    assert [(slot.extra_cost, slot.recommended) for slot in at_most] == [(0, True), (dearer, True)]
    less = ask(problem, plan, visit, AFTERNOON, tomorrow, terms=SlotTerms(near=dearer - 1))
    assert [(slot.extra_cost, slot.recommended) for slot in less] == [(0, True), (dearer, False)]


# -- random problems -------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_an_offer_is_what_trying_every_place_finds(seed: int) -> None:
    whole = a_random_problem(seed, visits=5, technicians=3)
    if not whole.visits or any(finding.severity == "error" for finding in whole.findings()):
        return
    *others, new = whole.visits
    new = replace(new, pinned_start=None)
    problem = replace(whole, visits=tuple(others))
    plan = solve(problem, seed=1, stop=IterationLimit(20))
    hard = all(visit.due is None or not visit.late_cost_per_hour for visit in whole.visits)

    for slot in ask(problem, plan, new, *new.windows):
        best = by_trying(whole, plan, replace(new, windows=(slot.window,)))
        assert (slot.extra_cost is None) == (best is None)
        if slot.extra_cost is not None and best is not None:
            assert slot.extra_cost == best if hard else slot.extra_cost >= best


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_what_is_offered_can_be_kept(seed: int) -> None:
    whole = a_random_problem(seed, visits=5, technicians=3)
    if not whole.visits or any(finding.severity == "error" for finding in whole.findings()):
        return
    *others, new = whole.visits
    problem = replace(whole, visits=tuple(others))
    plan = solve(problem, seed=1, stop=IterationLimit(20))

    for slot in ask(problem, plan, replace(new, pinned_start=None), *new.windows):
        if slot.reason is None:
            pinned = replace(new, pinned_start=slot.start, pinned_technician=slot.technician)
            longer = replace(whole, visits=(*others, pinned))
            kept = with_it(longer, plan, slot)
            assert check(longer, plan=kept) == ()
            assert [s.start for r in kept.routes for s in r.stops if s.visit == new.id] == [slot.start]


def by_trying(whole: Problem, plan: Plan, new: Visit) -> int | None:
    """Put the visit before every stop of every shift and time the whole route anew; return the least extra cost."""
    problem = replace(whole, visits=(*whole.visits[:-1], new))
    book = Book(Net(problem))
    draft, v = draft_of(book, plan=_without(plan, new.id)), len(problem.visits) - 1
    found = []
    for car in book.net.fits[v]:
        way = draft.ways[car]
        for at in range(len(way.seq) + 1):
            longer = book.way(car, (*way.seq[:at], v, *way.seq[at:]))
            if longer is not None:
                found.append(longer.cost - way.cost)
    return min(found, default=None)


def with_it(longer: Problem, plan: Plan, slot: Slot) -> Plan:
    """Return the plan with the visit in the shift that was offered."""
    book = Book(Net(longer))
    draft, v = draft_of(book, plan=_without(plan, longer.visits[-1].id)), len(longer.visits) - 1
    people = [t.id for t in longer.technicians]
    car = next(c for c in book.net.cars if people[c.technician] == slot.technician and c.shift == slot.shift)
    way = draft.ways[car.index]
    tries = [book.way(car.index, (*way.seq[:at], v, *way.seq[at:])) for at in range(len(way.seq) + 1)]
    draft.put(car.index, min((way for way in tries if way is not None), key=lambda way: way.cost))
    draft.out.discard(v)
    return plan_of(draft)


def _without(plan: Plan, visit: str) -> Plan:
    return replace(plan, unassigned=(*plan.unassigned, Unassigned(visit, Reason.NOT_TRIED)))


def test_a_plan_of_another_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="not a plan"):
        Openings(a_problem(), plan=a_plan(a_route(a_stop("somebody"))))


def test_the_place_is_one_of_the_problem_unless_its_ways_are_given() -> None:
    travel = line(6)
    here = Ways(travel.matrix[:, 3], travel.matrix[3, :])

    assert ask(a_problem(), a_plan(), a_visit(at=3)) == ask(a_problem(), a_plan(), a_visit(at=0), ways=here)
