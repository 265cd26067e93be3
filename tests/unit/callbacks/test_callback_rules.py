"""When customers are called, and what contradicts the card."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.callbacks.rules import (
    Answers,
    CallWindow,
    Claim,
    NoCallingHours,
    Tried,
    asks_first,
    contradictions,
    counted,
    first_due,
    next_window,
    reason_of_a_no,
    script,
    third_of,
)
from server.callbacks.status import FailReason
from server.callbacks.terms import CallbackTerms
from server.orders.words import FINISHED, VisitResult

_TERMS = CallbackTerms()
_ZONE = "Asia/Shanghai"
_DAY = date(2026, 3, 10)


def local(hour: int, minute: int = 0, *, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("after", "opens", "closes"),
    [
        (local(7, 59), local(8), local(12)),
        (local(8), local(8), local(12)),
        (local(11, 59), local(11, 59), local(12)),
        (local(12), local(14), local(16)),
        (local(13, 59), local(14), local(16)),
        (local(16), local(16), local(20)),
        (local(20), local(8, day=11), local(12, day=11)),
        (local(23, 30), local(8, day=11), local(12, day=11)),
    ],
)
def test_a_customer_is_called_in_calling_hours_but_not_at_rest(
    after: datetime, opens: datetime, closes: datetime
) -> None:
    assert next_window(after, tried=(), terms=_TERMS, zone=_ZONE) == CallWindow(opens, closes)


def test_the_next_attempt_is_on_a_later_day_in_another_third_of_it() -> None:
    first = (Tried(_DAY, 0),)
    second = (*first, Tried(date(2026, 3, 11), 1))

    assert next_window(local(9), tried=first, terms=_TERMS, zone=_ZONE) == CallWindow(
        local(14, day=11), local(16, day=11)
    )
    assert next_window(local(15, day=11), tried=second, terms=_TERMS, zone=_ZONE) == CallWindow(
        local(16, day=12), local(20, day=12)
    )


def test_three_attempts_made_as_soon_as_they_may_be_span_three_days() -> None:
    at, tried = local(10), []
    for _ in range(3):
        window = next_window(at, tried=tuple(tried), terms=_TERMS, zone=_ZONE)
        done = counted(window.opens, tried=tuple(tried), terms=_TERMS, zone=_ZONE)
        assert done is not None
        tried.append(done)
        at = window.opens

    assert [attempt.third for attempt in tried] == [0, 1, 2]
    assert (tried[-1].day - tried[0].day).days + 1 in (3, 4, 5)


@pytest.mark.parametrize(
    ("at", "third"),
    [
        (local(7, 59), None),
        (local(8), 0),
        (local(11, 59), 0),
        (local(12), None),
        (local(13, 59), None),
        (local(14), 1),
        (local(15, 59), 1),
        (local(16), 2),
        (local(19, 59), 2),
        (local(20), None),
    ],
)
def test_the_calling_day_has_three_thirds_without_the_rest_hours(at: datetime, third: int | None) -> None:
    assert third_of(at, terms=_TERMS, zone=_ZONE) == third


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (local(14, day=11), True),
        (local(9, day=11), False),  # a third that was tried
        (local(14), False),  # the same day
        (local(13, day=11), False),  # rest hours
    ],
)
def test_an_attempt_counts_on_a_later_day_in_an_untried_third(at: datetime, counts: bool) -> None:
    found = counted(at, tried=(Tried(_DAY, 0),), terms=_TERMS, zone=_ZONE)

    assert (found is not None) is counts


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        (local(10), local(10, day=11)),
        (local(13), local(12, day=11)),  # 24 h later is at rest: the last moment before it
        (local(22), local(20, day=11)),
        (local(2), local(20)),
        (local(8), local(8, day=11)),
    ],
)
def test_the_first_attempt_is_due_within_a_day_at_a_time_when_people_are_called(
    opened: datetime, due: datetime
) -> None:
    assert first_due(opened, terms=_TERMS, zone=_ZONE) == due


def test_a_policy_without_calling_hours_is_an_error() -> None:
    nothing = CallbackTerms(calling_from_hour=12, calling_to_hour=14)

    with pytest.raises(NoCallingHours):
        next_window(local(9), tried=(), terms=nothing, zone=_ZONE)


def test_without_rest_hours_the_thirds_are_whole() -> None:
    terms = CallbackTerms(rest_from_hour=12, rest_to_hour=12)

    assert next_window(local(12), tried=(), terms=terms, zone=_ZONE) == CallWindow(local(12), local(16))


def test_calling_hours_follow_the_sites_clock_through_a_clock_change() -> None:
    before = datetime(2026, 3, 7, 23, tzinfo=UTC)  # New York changes its clocks on the 8th
    window = next_window(before + timedelta(hours=12), tried=(), terms=_TERMS, zone="America/New_York")

    assert window.opens == datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize("result", sorted(FINISHED))
def test_finished_work_is_asked_for_in_full(result: VisitResult) -> None:
    assert script(result) == ("came", "came_on", "done", "parts", "charged", "working", "satisfied")
    assert not asks_first(result)
    assert reason_of_a_no(result) is FailReason.STILL_BROKEN


@pytest.mark.parametrize(
    ("outcome", "first", "reason"),
    [
        (VisitResult.CUSTOMER_ABSENT, True, FailReason.NOBODY_CAME),
        (VisitResult.CUSTOMER_DECLINED, True, FailReason.CONTRADICTION),
        (VisitResult.SITE_NOT_READY, True, FailReason.CONTRADICTION),
        (VisitResult.PART_MISSING, False, FailReason.CONTRADICTION),
        ("cancelled", False, FailReason.CONTRADICTION),
        ("declined", False, FailReason.CONTRADICTION),
    ],
)
def test_a_reason_put_on_the_customer_is_asked_by_message_first(outcome: str, first: bool, reason: FailReason) -> None:
    assert asks_first(outcome) is first
    assert reason_of_a_no(outcome) is reason
    assert "agrees" in script(outcome)


_DONE = Claim(VisitResult.DONE_COMPANY_PART, on=_DAY, charged=12_000, parts=1)


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        (Answers(came=True, came_on=_DAY, done=True, working=True, parts=True, charged=12_000), []),
        (Answers(), []),
        (Answers(came=False), ["nobody_came"]),
        (Answers(done=False), ["not_done"]),
        (Answers(working=False), ["not_working"]),
        (Answers(charged=12_001), ["charged_more"]),
        (Answers(came=False, done=False, charged=0), ["nobody_came", "not_done", "charged_less"]),
        (Answers(charged=11_999), ["charged_less"]),
        (Answers(parts=False), ["parts_unseen"]),
        (Answers(came_on=date(2026, 3, 9)), ["other_day"]),
    ],
)
def test_contradictions_to_the_card_are_found(answers: Answers, codes: list[str]) -> None:
    assert [item.code for item in contradictions(_DONE, answers)] == codes


@pytest.mark.parametrize(
    ("code", "answers", "grave"),
    [
        ("nobody_came", Answers(came=False), True),
        ("charged_more", Answers(charged=12_001), True),
        ("charged_less", Answers(charged=1), False),
        ("parts_unseen", Answers(parts=False), False),
        ("other_day", Answers(came_on=date(2026, 3, 9)), False),
    ],
)
def test_what_harms_the_customer_is_grave(code: str, answers: Answers, grave: bool) -> None:
    (found,) = contradictions(_DONE, answers)

    assert (found.code, found.grave) == (code, grave)


@pytest.mark.parametrize("outcome", ["cancelled", "declined", VisitResult.CUSTOMER_ABSENT, VisitResult.PART_MISSING])
def test_an_outcome_without_work_is_contradicted_by_a_customer_who_denies_it(outcome: str) -> None:
    assert contradictions(Claim(outcome), Answers(agrees=True)) == ()
    assert [item.code for item in contradictions(Claim(outcome), Answers(agrees=False))] == ["outcome_denied"]


@pytest.mark.parametrize("wrong", [{"satisfied": 0}, {"satisfied": 6}, {"charged": -1}])
def test_impossible_answers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"satisfaction|negative"):
        Answers(**wrong)  # type: ignore[arg-type]
