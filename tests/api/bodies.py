"""Bodies that the matrix and other tests of the edges send: each is one that its route takes."""

from typing import Any

from tests.api.cast import Company

REASON = {"reason": "The customer has had it mended"}
TYPED_FACTS = {"version": "1", "wish": "Soon", "reason": "Asked back"}
TYPED_OVERRIDE = {"version": "1", "override_reason": "The customer waits in the cold"}
TYPED_POSITION = {"version": "1", "position": "31.22, 121.42", "reason": "Looked up on the map"}
REMARK = {"remark": "Seen, and dealt with"}
EVIDENCE = {"evidence": "The customer says otherwise"}
SHIFTS = {"items": [{"starts_at": "2026-05-07T00:00:00Z", "ends_at": "2026-05-07T10:00:00Z"}]}
ABSENCE = {"starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-06-02T00:00:00Z", "kind": "ill"}
SKILL = {"code": "gas", "name_en": "Gas", "name_zh": "燃气"}
PART = {"number": "P-2", "name_en": "Seal", "name_zh": "密封圈"}
MONEY = {"amount": 1200, "currency": "CNY"}
PART_PRICE = {"valid_from": "2026-06-01", "price": MONEY}
SALE = {"serial": "SN-SOLD", "kind": "display"}
POSITION = {"lat": 31.2, "lon": 121.4, "reason": "Looked up"}
WAIT = {"until": "2026-05-20T00:00:00Z", "reason": "The customer is away"}
AGREEMENT = {"from": "2026-05-05T01:00:00Z", "to": "2026-05-05T05:00:00Z"}
HINDRANCE = {"reason": "part_on_order", "text": "The seal is on order", "until": "2026-05-12"}
CHECK_IN = {"position": {"lat": 31.21, "lon": 121.41}, "accuracy_metres": 12}
EXTRA = {"description": "A new hose", "price": MONEY}
CARD = {
    "result": "done_without_part",
    "work_done": "Looked after the pump",
    "started_at": "2026-05-04T08:00:00Z",
    "ended_at": "2026-05-04T09:00:00Z",
}
UNFINISHED = {"result": "part_missing", "reason": "part_on_order", "text": "The seal is missing"}
DECLINE = {"reason": "no_time"}
ATTEMPT = {"reached": True, "answers": {"came": True, "done": True, "satisfied": 5}, "verdict": "pass"}
RECONFIRMATION = {**EVIDENCE, "without_customer": False}
LABOUR_PRICE = {
    "product_category": "fan",
    "work_type": "repair",
    "zone": "urban",
    "charge_category": "C",
    "result": "no_fault",
    "valid_from": "2026-06-01",
    "price": MONEY,
}
CALLED = {"outcome": "pass", "came": "yes", "done": "yes", "working": "yes", "charged": "0", "satisfied": "5"}


def technician(company: Company) -> dict[str, Any]:
    """Return a technician of the callers' own station."""
    return {"station_id": company.stations[0].id, "name": "Cem", "phone": "+12025550113"}


def van(company: Company) -> dict[str, Any]:
    """Return a van of the callers' own station."""
    return {"plate": "TR-1", "station_id": company.stations[0].id}


def report(company: Company) -> dict[str, Any]:
    """Return a complete report of a patrol in the callers' own region."""
    return {
        "customer": {"name": "Miller", "phones": ["+12025550170"]},
        "site": {
            "address": "1 Mill Lane",
            "position": {"lat": 31.22, "lon": 121.42},
            "position_trusted": True,
            "zone": "urban",
            "region_id": company.regions[0].id,
        },
        "work_type": "patrol",
        "product_category": "pump",
        "channel": "phone",
        "description": "Look after the pump",
        "contact_name": "Miller",
        "contact_phone": "+12025550170",
    }


def assignment(company: Company) -> dict[str, Any]:
    """Return another hour of tomorrow for the callers' own technician."""
    return {"technician_id": company.technicians[0].id, "starts_at": "2026-05-05T06:00:00Z"}


def plan(company: Company) -> dict[str, Any]:
    """Return what is wanted of a plan for the callers' own region."""
    return {
        "region_id": company.regions[0].id,
        "first_day": "2026-05-05",
        "last_day": "2026-05-06",
        "iterations": 10,
    }


def typed_report(company: Company) -> dict[str, Any]:
    """Return the console's form of a report in the callers' own region, filled in."""
    return {
        "name": "Miller",
        "phone": "+12025550170",
        "region_id": company.regions[0].id,
        "address": "1 Mill Lane",
        "lat": "31.22",
        "lon": "121.42",
        "work_type": "patrol",
        "product_category": "pump",
        "description": "Look after the pump",
    }


def asked_plan(company: Company) -> dict[str, Any]:
    """Return the console's form that asks for a plan of the callers' own region."""
    return {"region": company.regions[0].id, "day": "2026-05-05", "days": "1"}
