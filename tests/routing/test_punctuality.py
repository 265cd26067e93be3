"""How likely it is to be there in time."""

from random import Random

import numpy as np
import pytest

from routing.punctuality import Leg, Spread, above, risks

HOUR = 3_600


def test_without_any_spread_only_what_is_planned_late_is_late() -> None:
    legs = [Leg(600, HOUR, 0, 600), Leg(600, HOUR, 0, 600 + HOUR + 599), Leg(0, HOUR, 0, None)]

    assert risks(legs, leaves=0, spread=Spread(travel=0.0, service=0.0)) == (0.0, 1.0, 0.0)


def test_what_closes_at_the_expected_arrival_is_missed_every_other_time() -> None:
    assert risks([Leg(HOUR, HOUR, 0, HOUR)], leaves=0, spread=Spread()) == (0.5,)


def test_a_break_on_the_way_makes_everything_later_and_nothing_less_sure() -> None:
    assert risks([Leg(HOUR, HOUR, 0, 2 * HOUR, pause=HOUR)], leaves=0, spread=Spread()) == (0.5,)


def test_waiting_for_an_opening_absorbs_delay() -> None:
    closes = 3 * HOUR + 900
    drives_on = [Leg(600, 2 * HOUR, 0, None), Leg(600, 0, 0, None), Leg(2_400, HOUR, 0, closes)]
    waits = [Leg(600, 2 * HOUR, 0, None), Leg(600, 0, 3 * HOUR, None), Leg(0, HOUR, 0, closes)]

    # Both are to begin at three o'clock; one of them has been there long before.
    assert risks(waits, leaves=0, spread=Spread())[-1] < risks(drives_on, leaves=0, spread=Spread())[-1] / 3


def test_a_route_is_late_as_often_as_drawing_it_many_times_says() -> None:
    legs = [
        Leg(900, HOUR, 0, 1_200),
        Leg(1_200, 2 * HOUR, 7_200, 7_600),
        Leg(600, HOUR, 0, 16_000),
        Leg(60, HOUR, 20_000, 20_400),
        Leg(60, 0, 0, 24_000),
    ]
    chance, spread, count = Random(7), Spread(), 50_000
    late = [0] * len(legs)
    for _ in range(count):
        clock = 0.0
        for i, leg in enumerate(legs):
            clock += chance.gauss(leg.travel, spread.travel * leg.travel)
            late[i] += clock > (leg.closes or 0)
            clock = max(clock, leg.opens) + chance.gauss(leg.service, spread.service * leg.service)

    assert risks(legs, leaves=0, spread=spread) == pytest.approx([each / count for each in late], abs=0.01)


def test_on_the_limit_itself_nobody_is_late() -> None:
    assert above(10, means=np.array([10.0, 11.0]), deviation=0) == 0.5
