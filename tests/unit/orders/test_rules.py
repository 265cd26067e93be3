"""The rules of tickets and visits, at their boundaries."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.core.places import Position
from server.orders import rules
from server.orders.rules import Coverage, PositionClaim, Unit
from server.orders.terms import ClockTerms, IntakeTerms, VisitTerms
from server.orders.words import (
    ChargeCategory,
    CheckInOutcome,
    HindranceReason,
    WarrantyVerdict,
    WorkType,
)

INTAKE, CLOCKS, VISITS = IntakeTerms(), ClockTerms(), VisitTerms()
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
COVERED, NOT_COVERED = WarrantyVerdict.COVERED, WarrantyVerdict.NOT_COVERED
UNDETERMINED, NOT_APPLICABLE = WarrantyVerdict.UNDETERMINED, WarrantyVerdict.NOT_APPLICABLE
A, B, C, D = ChargeCategory

SOLD_PRODUCT = {
    "customer_name": "Lin",
    "address": "1 Plum Garden Road",
    "contact_phone": "+12005550110",
    "model": "PX-35",
    "purchased_on": date(2026, 5, 20),
    "description": "It leaks",
    "wish": "Today",
}


@pytest.mark.parametrize("work_type", [WorkType.INSTALLATION, WorkType.REPAIR, WorkType.UPGRADE])
@pytest.mark.parametrize("absent", sorted(SOLD_PRODUCT))
def test_work_on_a_sold_product_needs_each_of_the_seven_facts_of_r2(work_type: WorkType, absent: str) -> None:
    required = rules.required_facts(INTAKE, work_type=work_type, charge_category=A)

    assert rules.missing_facts(required, given=SOLD_PRODUCT) == ()
    assert rules.missing_facts(required, given=SOLD_PRODUCT | {absent: None}) == (absent,)


@pytest.mark.parametrize(
    ("work_type", "category", "profile"),
    [
        (WorkType.MAINTENANCE, A, ""),
        (WorkType.COMPLAINT, C, ""),
        (WorkType.REPAIR, D, ""),
        (WorkType.REPAIR, B, rules.PUBLIC_WORK),
        (WorkType.INSTALLATION, A, rules.PUBLIC_WORK),
    ],
)
def test_other_work_needs_place_contact_and_task_only(
    work_type: WorkType, category: ChargeCategory, profile: str
) -> None:
    required = rules.required_facts(INTAKE, work_type=work_type, charge_category=category, profile=profile)

    assert required == ("address", "contact_name", "description")


def test_a_work_type_that_the_policy_does_not_name_needs_nothing() -> None:
    assert rules.required_facts(IntakeTerms(required={}), work_type=WorkType.REPAIR, charge_category=A) == ()


@pytest.mark.parametrize("blank", [None, "", "  \t", False])
def test_a_blank_fact_is_missing(blank: object) -> None:
    assert rules.missing_facts(("wish",), given={"wish": blank}) == ("wish",)


def test_a_fact_that_can_only_be_read_on_site_is_not_missing() -> None:
    assert rules.missing_facts(("model", "wish"), given={}, read_on_site=("model",)) == ("wish",)


def judged(unit: Unit | None, on: date, **values: object) -> Coverage:
    known: dict[str, object] = {"special_sale": False, "guarantee_until": None, "read_on_site": (), "terms": INTAKE}
    return rules.judge_warranty(unit, on=on, **(known | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("on", "verdict", "parts"),
    [
        (date(2026, 3, 1), COVERED, True),
        (date(2026, 3, 2), COVERED, True),
        (date(2027, 3, 1), COVERED, True),
        (date(2027, 3, 2), NOT_COVERED, False),
    ],
)
def test_a_warranty_covers_its_last_day_and_not_the_next(on: date, verdict: WarrantyVerdict, parts: bool) -> None:
    unit = Unit(labour_until=date(2026, 3, 1), parts_until=date(2027, 3, 1))

    coverage = judged(unit, on)

    assert (coverage.verdict, coverage.parts) == (verdict, parts)
    assert coverage.labour is (on <= date(2026, 3, 1))
    assert coverage.expenses is False


def test_a_unit_without_days_of_its_own_has_the_policys_from_its_purchase() -> None:
    unit = Unit(purchased_on=date(2025, 11, 23))

    assert judged(unit, date(2026, 11, 23)).labour
    assert not judged(unit, date(2026, 11, 24)).labour
    assert judged(unit, date(2026, 11, 24)).parts


def test_a_special_sale_is_looked_at_before_the_days() -> None:
    coverage = judged(Unit(labour_until=date(2030, 1, 1)), date(2026, 1, 1), special_sale=True)

    assert (coverage.verdict, coverage.grounds) == (NOT_COVERED, "special_sale")


@pytest.mark.parametrize(("day", "verdict"), [(21, COVERED), (22, NOT_COVERED)])
def test_a_repairs_own_guarantee_stands_above_everything_until_its_last_day(day: int, verdict: WarrantyVerdict) -> None:
    coverage = judged(None, date(2026, 2, day), special_sale=True, guarantee_until=date(2026, 2, 21))

    assert coverage.verdict is verdict
    assert coverage.labour is coverage.parts is (verdict is COVERED)


@pytest.mark.parametrize("unit", [None, Unit(), Unit(serial="X1")])
def test_without_any_day_the_warranty_is_undetermined(unit: Unit | None) -> None:
    assert judged(unit, date(2026, 1, 1)).verdict is UNDETERMINED


@pytest.mark.parametrize("fact", ["serial", "purchased_on"])
def test_a_serial_or_date_to_be_read_on_site_leaves_the_warranty_undetermined(fact: str) -> None:
    unit = Unit(labour_until=date(2030, 1, 1))

    assert judged(unit, date(2026, 1, 1), read_on_site=(fact,)).verdict is UNDETERMINED
    assert judged(unit, date(2026, 1, 1), read_on_site=("model",)).verdict is COVERED


@pytest.mark.parametrize(
    ("work_type", "profile", "concerned"),
    [
        (WorkType.REPAIR, "", True),
        (WorkType.INSTALLATION, "", True),
        (WorkType.REPAIR, rules.PUBLIC_WORK, False),
        (WorkType.TRAINING, "", False),
    ],
)
def test_warranty_concerns_sold_products_only(work_type: WorkType, profile: str, concerned: bool) -> None:
    assert rules.concerns_warranty(work_type=work_type, profile=profile) is concerned


GUARANTEE = Coverage(COVERED, grounds="repair_guarantee")


@pytest.mark.parametrize(
    ("coverage", "stated", "profile", "expected"),
    [
        (Coverage(COVERED), None, "", C),
        (Coverage(NOT_COVERED), None, "", A),
        (Coverage(UNDETERMINED), None, "", A),
        (Coverage(COVERED), A, "", A),
        (Coverage(NOT_COVERED), B, "", B),
        (Coverage(NOT_COVERED), D, "", D),
        (GUARANTEE, A, "", C),
        (GUARANTEE, B, "", B),
        (Coverage(NOT_APPLICABLE), None, rules.PUBLIC_WORK, B),
        (Coverage(NOT_APPLICABLE), None, "", A),
    ],
)
def test_who_pays_follows_from_what_was_stated_and_the_verdict(
    coverage: Coverage, stated: ChargeCategory | None, profile: str, expected: ChargeCategory
) -> None:
    assert rules.charge_category(coverage, stated=stated, profile=profile) is expected


@pytest.mark.parametrize(
    ("present", "before", "after", "began", "expected"),
    [
        (C, COVERED, NOT_COVERED, False, A),
        (A, NOT_COVERED, COVERED, False, C),
        (A, UNDETERMINED, COVERED, False, C),
        (C, COVERED, UNDETERMINED, False, C),
        (A, COVERED, COVERED, False, A),
        (C, COVERED, NOT_COVERED, True, C),
        (B, COVERED, NOT_COVERED, False, B),
        (D, NOT_COVERED, COVERED, False, D),
    ],
)
def test_a_new_verdict_moves_who_pays_only_before_anybody_is_there(
    present: ChargeCategory, before: WarrantyVerdict, after: WarrantyVerdict, began: bool, expected: ChargeCategory
) -> None:
    assert rules.rejudged_category(present, before=before, coverage=Coverage(after), work_began=began) is expected


@pytest.mark.parametrize(
    ("work_type", "zone", "hours"),
    [
        (WorkType.INSTALLATION, "urban", 24),
        (WorkType.INSTALLATION, "out_of_town", 48),
        (WorkType.REPAIR, "urban", 72),
        (WorkType.REPAIR, "out_of_town", 168),
        (WorkType.REPAIR, None, 168),
        (WorkType.TRAINING, "urban", 168),
    ],
)
def test_the_limits_of_r16(work_type: WorkType, zone: str | None, hours: int) -> None:
    assert rules.time_limit(CLOCKS, work_type=work_type, zone=zone) == timedelta(hours=hours)


@pytest.mark.parametrize(("deadline", "expected"), [(None, 72), (71, 71), (73, 72)])
def test_a_partners_deadline_binds_where_it_comes_first(deadline: int | None, expected: int) -> None:
    at = NOON + timedelta(hours=deadline) if deadline else None

    due = rules.due_time(complete_at=NOON, limit=timedelta(hours=72), partner_deadline=at)

    assert due == NOON + timedelta(hours=expected)


def test_another_zone_moves_the_due_time_and_does_not_restart_the_clock() -> None:
    day = timedelta(days=1)

    moved = rules.due_after_new_limit(NOON, before=3 * day, after=7 * day, partner_deadline=None)
    kept = rules.due_after_new_limit(NOON, before=3 * day, after=7 * day, partner_deadline=NOON + day)

    assert moved == NOON + 4 * day
    assert kept == NOON + day


@pytest.mark.parametrize(
    ("due", "stopped_at", "until", "expected"),
    [(10, 4, 8, 14), (10, 10, 12, 12), (10, 11, 12, 10), (10, 4, 4, 10), (10, 4, 3, 10)],
)
def test_a_clock_stands_still_between_report_and_date_unless_it_had_run_out(
    due: int, stopped_at: int, until: int, expected: int
) -> None:
    def hour(number: int) -> datetime:
        return NOON + timedelta(hours=number)

    assert rules.due_after_stop(hour(due), stopped_at=hour(stopped_at), until=hour(until)) == hour(expected)


def test_the_clock_runs_from_the_customers_own_date_and_never_gets_earlier() -> None:
    limit = timedelta(days=3)

    assert rules.due_after_customer_date(NOON, date_begins=NOON, limit=limit) == NOON + limit
    assert rules.due_after_customer_date(NOON, date_begins=NOON - 2 * limit, limit=limit) == NOON


def test_the_technicians_clock_starts_with_his_offer_or_the_agreed_time() -> None:
    limit, hour = timedelta(days=3), timedelta(hours=1)

    assert rules.technician_limit(sent_at=NOON, agreed_from=None, limit=limit) == NOON + limit
    assert rules.technician_limit(sent_at=NOON, agreed_from=NOON + hour, limit=limit) == NOON + hour + limit
    assert rules.technician_limit(sent_at=NOON, agreed_from=NOON - hour, limit=limit) == NOON + limit


SIX_HOURS, LIMIT = NOON + timedelta(hours=6), NOON + timedelta(days=3)


@pytest.mark.parametrize(
    ("reported_at", "counts"),
    [
        (SIX_HOURS - SECOND, False),
        (SIX_HOURS, True),
        (LIMIT, True),
        (LIMIT + SECOND, False),
    ],
)
def test_a_report_counts_from_six_hours_after_dispatch_until_the_limit(reported_at: datetime, counts: bool) -> None:
    assert rules.hindrance_counts(reported_at=reported_at, dispatched_at=NOON, limit_at=LIMIT, terms=CLOCKS) is counts


def test_a_report_about_a_ticket_that_nobody_was_sent_for_is_never_too_early() -> None:
    assert rules.hindrance_counts(reported_at=NOON, dispatched_at=None, limit_at=None, terms=CLOCKS)


@pytest.mark.parametrize("reason", list(HindranceReason))
def test_every_reason_but_other_stops_the_clocks_if_it_counts(reason: HindranceReason) -> None:
    assert rules.stops_clocks(reason, counts=True) is (reason is not HindranceReason.OTHER)
    assert not rules.stops_clocks(reason, counts=False)


SITE = Position(0.5, 120.0)
METRE = 1 / 111_319.49079327358
"""One metre along a parallel close to the equator, in degrees of longitude at the equator."""


def at(metres: float) -> Position:
    """Return a place this far east of the equator's point 120° east."""
    return Position(1e-9, 120.0 + metres * METRE)


ON_EQUATOR = Position(1e-9, 120.0)


@pytest.mark.parametrize(
    ("metres", "accuracy", "outcome"),
    [
        (299.9, None, CheckInOutcome.INSIDE),
        (300.1, None, CheckInOutcome.OUTSIDE),
        (300.1, 0.2, CheckInOutcome.INSIDE),
        (499.9, 200.0, CheckInOutcome.INSIDE),
        (500.1, 200.0, CheckInOutcome.OUTSIDE),
        (10.0, 200.1, CheckInOutcome.NO_POSITION),
        (5_400.0, 5_000.0, CheckInOutcome.OUTSIDE),
    ],
)
def test_the_fence_is_300_metres_plus_the_accuracy(
    metres: float, accuracy: float | None, outcome: CheckInOutcome
) -> None:
    presence = rules.judge_presence(
        PositionClaim(at(metres), accuracy), site=ON_EQUATOR, code_proof=False, terms=VISITS
    )

    assert presence.outcome is outcome
    assert presence.distance_metres == pytest.approx(metres, abs=0.05)
    assert presence.fence_metres == pytest.approx(300 + (accuracy or 0))


def test_a_made_up_position_proves_nothing_inside_and_lies_outside_where_it_does() -> None:
    inside = rules.judge_presence(PositionClaim(at(5), 5, mocked=True), site=ON_EQUATOR, code_proof=False, terms=VISITS)
    outside = rules.judge_presence(
        PositionClaim(at(900), 5, mocked=True), site=ON_EQUATOR, code_proof=False, terms=VISITS
    )

    assert inside.outcome is CheckInOutcome.NO_POSITION
    assert outside.outcome is CheckInOutcome.OUTSIDE


def test_the_customers_code_proves_presence_and_the_distance_is_kept() -> None:
    far = rules.judge_presence(PositionClaim(at(900)), site=ON_EQUATOR, code_proof=True, terms=VISITS)
    near = rules.judge_presence(PositionClaim(at(5)), site=ON_EQUATOR, code_proof=True, terms=VISITS)

    assert far.outcome is CheckInOutcome.CODE
    assert far.distance_metres == pytest.approx(900, abs=0.1)
    assert near.outcome is CheckInOutcome.INSIDE


@pytest.mark.parametrize("site", [None, SITE])
def test_without_a_position_of_telephone_or_site_a_check_in_says_which_is_absent(site: Position | None) -> None:
    claim = PositionClaim(at(5)) if site is None else None
    expected = CheckInOutcome.NO_SITE_POSITION if site is None else CheckInOutcome.NO_POSITION

    assert rules.judge_presence(claim, site=site, code_proof=False, terms=VISITS).outcome is expected


@pytest.mark.parametrize("accuracy", [-0.1, float("nan"), float("inf")])
def test_an_accuracy_that_cannot_be_is_no_claim(accuracy: float) -> None:
    with pytest.raises(ValueError, match="accuracy"):
        PositionClaim(SITE, accuracy)


@pytest.mark.parametrize(("ended", "expected"), [(-30, 1), (0, 1), (1, 1), (1800, 1800), (3600, 3600), (5400, 3600)])
def test_a_visit_that_ends_early_frees_the_rest_and_keeps_a_second_at_least(ended: int, expected: int) -> None:
    end = rules.end_of_interval(
        starts_at=NOON, ends_at=NOON + timedelta(hours=1), ended_at=NOON + timedelta(seconds=ended)
    )

    assert end == NOON + timedelta(seconds=expected)


def test_only_the_work_types_of_the_policy_have_a_day_for_the_card() -> None:
    due = rules.card_due(work_type=WorkType.INSTALLATION, finished_at=NOON, terms=VISITS)

    assert due == NOON + timedelta(hours=24)
    assert rules.card_due(work_type=WorkType.REPAIR, finished_at=NOON, terms=VISITS) is None
