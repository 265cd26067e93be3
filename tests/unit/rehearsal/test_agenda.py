"""What simulated people mean to do is played in one order, whatever the order in which they thought of it."""

from datetime import UTC, datetime, timedelta

import pytest

from server.rehearsal.agenda import Agenda, whole_minute

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_cues_are_played_by_minute_and_then_by_who_acts():
    agenda = Agenda()
    played = []
    for at, order in ((NOON, "3-customer"), (NOON + timedelta(minutes=1), "1-report"), (NOON, "1-report")):
        agenda.add(at, order, act=lambda at=at, order=order: played.append((at.minute, order)))

    for cue in agenda.due(NOON + timedelta(minutes=1)):
        cue.act()

    assert played == [(0, "1-report"), (0, "3-customer"), (1, "1-report")]


def test_what_is_later_stays_on_the_agenda():
    agenda = Agenda()
    agenda.add(NOON + timedelta(minutes=5), "x", act=lambda: None)

    assert agenda.due(NOON) == []
    assert agenda.next_at() == NOON + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("at", "minute"),
    [
        (NOON, NOON),
        (NOON + timedelta(microseconds=1), NOON + timedelta(minutes=1)),
        (NOON + timedelta(seconds=59), NOON + timedelta(minutes=1)),
    ],
)
def test_people_act_on_whole_minutes(at, minute):
    assert whole_minute(at) == minute


@pytest.mark.parametrize(("minute", "seen"), [(0, 0), (1, 5), (5, 5), (56, 60)])
def test_people_look_at_their_telephones_every_five_minutes(minute, seen):
    assert whole_minute(NOON + timedelta(minutes=minute), minutes=5) == NOON + timedelta(minutes=seen)
