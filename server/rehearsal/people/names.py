"""A report as the desk writes it down."""

from typing import Any

from server.rehearsal.material import Material, Report


def body_of(report: Report, *, material: Material, region_id: int, city: int | None) -> dict[str, Any]:
    """Return the body of a request that takes the report in.

    :param city: id of the administration once it is known as a customer; only where it reports public work.
    """
    body: dict[str, Any] = {
        "customer": _customer(report, material, city),
        "site": _site(report, material, region_id),
        "work_type": str(report.work_type),
        "product_category": report.category,
        "channel": str(report.channel),
        "source": report.source,
        "external_id": report.key,
        "priority": str(report.priority),
        "description": report.text,
        "contact_name": report.name,
        "contact_phone": report.phone,
        "skill": report.skill,
        "skill_level": report.level,
        "duration": round(report.duration.total_seconds()),
    }
    if material.public:
        return body | {"profile": "public_work", "charge_category": "B"}
    return body | {"wish": "As soon as possible", "equipment": _unit(report)}


def _customer(report: Report, material: Material, city: int | None) -> dict[str, Any]:
    if not material.public:
        return {"name": report.name, "phones": [report.phone], "locale": "zh" if report.chinese else "en"}
    return {"id": city} if city is not None else {"name": material.public, "phones": [], "locale": "en"}


def _site(report: Report, material: Material, region_id: int) -> dict[str, Any]:
    site: dict[str, Any] = {
        "address": report.address,
        "position_trusted": report.trusted,
        "time_zone": material.time_zone,
        "zone": "urban",
        "region_id": region_id,
    }
    if report.position is not None:
        site["position"] = {"lat": report.position.lat, "lon": report.position.lon}
    if report.place:
        site["external_id"] = report.place
    return site


def _unit(report: Report) -> dict[str, Any] | None:
    unit = report.unit
    if unit is None:
        return None
    return {
        "category": report.category,
        "brand": unit.brand,
        "model": unit.model,
        "serial": unit.serial,
        "purchased_on": unit.purchased_on.isoformat(),
    }
