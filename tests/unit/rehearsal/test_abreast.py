"""People who act at one moment."""

import threading
from functools import partial

import pytest

from server.rehearsal.abreast import LANES, abreast


def test_what_each_came_to_stands_in_the_order_in_which_they_were_given() -> None:
    assert abreast([partial(int, str(number)) for number in range(3 * LANES)]) == list(range(3 * LANES))


def test_several_act_at_the_same_time() -> None:
    everybody_is_there = threading.Barrier(LANES)

    # Each waits for all: one after another they would wait in vain.
    places = abreast([partial(everybody_is_there.wait, 30)] * LANES)

    assert sorted(places) == list(range(LANES))


def test_all_have_ended_before_the_first_failure_is_told() -> None:
    done: list[int] = []

    def fail(code: str) -> None:
        raise LookupError(code)

    with pytest.raises(LookupError, match="first"):
        abreast([partial(fail, "first"), partial(fail, "second"), *(partial(done.append, n) for n in range(8))])

    assert sorted(done) == list(range(8))


def test_nothing_to_do_is_done_at_once() -> None:
    assert abreast([]) == []
