"""A company that fits what is reported: its region, skills, prices and number of technicians."""

from collections import Counter

from server.example.company import Shape
from server.example.words import SKILLS
from server.orders.words import WorkType
from server.rehearsal.material import Material

_TICKETS_A_TECHNICIAN = 12
_FEWEST = 6
_COMMON_SHARE = 0.25
"""What is asked for this often, every technician can do."""
_EXTRA_DAYS = 13
_BOSTON = {"currency": "USD", "detour": 1.3, "speed_kmh": 63.9, "leg_seconds": 92}
"""Fitted on real streets: `seconds = 60 * (1.53 + 1.221 * km)`, with the kilometres as the crow flies."""


def shape_of(material: Material, *, technicians: int | None) -> Shape:
    """Return the company for a day's material; its shifts are filled to 80 % as everybody's are.

    :param technicians: how many; if None, so many that nearly everything is done within the days of a rehearsal.
    """
    reports = material.reports
    count = technicians or max(_FEWEST, -(-len(reports) // _TICKETS_A_TECHNICIAN))
    common = {"stations": 2, "agents": 2, "technicians": count, "days": material.days + _EXTRA_DAYS}
    if not material.public:
        return Shape(time_zone=material.time_zone, centre=material.centre, **common)  # type: ignore[arg-type]
    wanted = Counter(report.skill for report in reports if report.skill is not None)
    everybody = tuple(skill for skill, times in sorted(wanted.items()) if times >= _COMMON_SHARE * len(reports))
    known = {code: (english, chinese) for code, english, chinese in SKILLS}
    skills = tuple((code, *known.get(code, (code.replace("_", " ").capitalize(),) * 2)) for code in sorted(wanted))
    return Shape(
        time_zone=material.time_zone,
        centre=material.centre,
        skills=skills,
        everybody=everybody,
        categories=tuple(sorted({report.category for report in reports})),
        work_types=tuple(sorted({*(report.work_type for report in reports), WorkType.REPAIR})),
        region=f"{material.public} region",
        **common,  # type: ignore[arg-type]
        **_BOSTON,  # type: ignore[arg-type]
    )
