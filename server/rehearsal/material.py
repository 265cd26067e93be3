"""What is reported on the day that is rehearsed: from a file of real tickets, or invented from a seed.

What a file says about later (closed, on time, note) stays in `Afterwards`: it drives the simulated people and never
reaches the product.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from server.core.clock import local_day, local_instant
from server.core.places import Position
from server.example import reports as invented
from server.example.reports import ExampleReport, fictional_phone
from server.orders.imports import mapping as mappings
from server.orders.imports.fields import TicketFields, read_fields, read_glimpse
from server.orders.imports.mapping import Mapping
from server.orders.imports.reader import Row, rows
from server.orders.words import Channel, Priority, WorkType

FIRST_PHONE = 2_000
"""From here on the fictional telephones are customers'."""
EXAMPLE_ZONE = "Asia/Shanghai"
EXAMPLE_COUNT = 60
_MAPPING = "boston311"
_ABSENT = re.compile(r"not home|no access|not at home|unable to gain|no one (?:was )?home|nobody", re.IGNORECASE)
_NO_FAULT = re.compile(r"no problem found|novio|no violation|normal operation|no cause", re.IGNORECASE)
_PART = re.compile(r"replac|install|new ", re.IGNORECASE)
_DUPLICATE = re.compile(r"duplicate", re.IGNORECASE)


class NothingReported(LookupError):
    """The file has no ticket of that day."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What a file says about later: for the simulated people only."""

    absent: bool = False
    no_fault: bool = False
    part: bool = False
    duplicate: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that a private customer owns."""

    brand: str
    model: str
    serial: str
    purchased_on: date


@dataclass(frozen=True, slots=True)
class Report:
    """One report as somebody makes it, and what will come of it.

    :param key: its id in the system it comes from.
    :param at: the minute at which it is made.
    :param place: id of the place in that system, empty where places have none.
    :param position: what is known of the position; it may be planned with only if ``trusted``.
    :param found_at: where a dispatcher who looks the address up finds it, None if he does not.
    """

    key: str
    at: datetime
    source: str
    channel: Channel
    work_type: WorkType
    category: str
    skill: str | None
    level: int
    duration: timedelta
    priority: Priority
    text: str
    name: str
    phone: str
    chinese: bool
    address: str
    place: str
    position: Position | None
    trusted: bool
    found_at: Position | None
    unit: Unit | None
    afterwards: Afterwards


@dataclass(frozen=True, slots=True)
class Material:
    """The reports of a day, with what they have in common.

    :param public: whether an administration reports public work (R2): it is the customer then.
    """

    reports: tuple[Report, ...]
    day: date
    days: int
    time_zone: str
    country: str
    public: str
    centre: Position

    @property
    def begins_at(self) -> datetime:
        """Return the first midnight, local."""
        return local_instant(self.day, 0, 0, self.time_zone)


def from_file(path: Path, *, day: date, days: int = 1) -> Material:
    """Return what a file says was reported on a local day, and on the days after it if asked for.

    :raises NothingReported: if it says nothing of these days.
    """
    mapping = mappings.load(_MAPPING)
    streets: dict[str, Position] = {}
    found: list[tuple[TicketFields, Row]] = []
    last = day + timedelta(days=days)
    for row in rows(path, mapping.layout):
        glimpse = read_glimpse(row, mapping) if isinstance(row, Row) else None
        if glimpse is None or not isinstance(row, Row):
            continue
        opened_at, place = glimpse
        if place is not None and place.trusted and place.position is not None:
            streets.setdefault(_street(place.address), place.position)
        if day <= local_day(opened_at, mapping.time_zone) < last:
            fields = read_fields(row, mapping, country="US")
            if isinstance(fields, TicketFields):
                found.append((fields, row))
    if not found:
        raise NothingReported(f"{path} has no ticket of {day.isoformat()}")
    found.sort(key=lambda pair: (pair[0].opened_at, pair[0].external_id))
    made = tuple(_of_row(each, row, index, mapping, streets) for index, (each, row) in enumerate(found))
    return Material(
        reports=made,
        day=day,
        days=days,
        time_zone=mapping.time_zone,
        country="US",
        public=mapping.constants.get("customer_name", ""),
        centre=_centre(made),
    )


def _of_row(fields: TicketFields, row: Row, index: int, mapping: Mapping, streets: dict[str, Position]) -> Report:
    place = fields.place
    address = _tidy(place.address) if place else ""
    note = row.values.get("closure_reason", "")
    return Report(
        key=fields.external_id,
        at=fields.opened_at.replace(second=0),
        source=mapping.source,
        channel=fields.channel,
        work_type=fields.kind.work_type,
        category=fields.kind.product_category,
        skill=fields.kind.skill,
        level=fields.kind.skill_level,
        duration=fields.kind.duration,
        priority=fields.kind.priority,
        text=_tidy(fields.description),
        name=f"Contact {index + 1}",
        phone=fictional_phone(FIRST_PHONE + index),
        chinese=False,
        address=address,
        place=place.key if place else "",
        position=place.position if place else None,
        trusted=bool(place and place.trusted),
        found_at=streets.get(_street(place.address)) if place else None,
        unit=None,
        afterwards=Afterwards(
            absent=bool(_ABSENT.search(note)),
            no_fault=bool(_NO_FAULT.search(note)),
            part=bool(_PART.search(note)),
            duplicate=bool(_DUPLICATE.search(note)),
            late=row.values.get("ontime") == "OVERDUE",
        ),
    )


def _street(address: str) -> str:
    """Return the street of an address with its postcode, without the number."""
    words = _tidy(address).lower().split()
    return " ".join(word for index, word in enumerate(words) if index or not word[:1].isdigit())


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _centre(reports: tuple[Report, ...]) -> Position:
    """Return the middle of where the work is: half of it lies to each side."""
    known = [report.position for report in reports if report.trusted and report.position is not None]
    if not known:
        return invented.CENTRE
    lats, lons = sorted(each.lat for each in known), sorted(each.lon for each in known)
    return Position(lats[len(lats) // 2], lons[len(lons) // 2])


def invent(*, seed: int, day: date, days: int = 1, count: int = EXAMPLE_COUNT) -> Material:
    """Return a day, or several, of the invented company; a few who report tell what somebody else has told already."""
    made: list[Report] = []
    for offset in range(days):
        each_day = day + timedelta(days=offset)
        first = FIRST_PHONE + offset * count
        for example in invented.reports(seed=seed, day=each_day, count=count, first_phone=first):
            made.append(_of_example(example, f"{each_day:%m%d}-{len(made):04d}", each_day))
    return Material(
        reports=tuple(made),
        day=day,
        days=days,
        time_zone=EXAMPLE_ZONE,
        country="CN",
        public="",
        centre=invented.CENTRE,
    )


def _of_example(example: ExampleReport, key: str, day: date) -> Report:
    work_type = WorkType.INSTALLATION if example.installation else WorkType.REPAIR
    midnight = local_instant(day, 0, 0, EXAMPLE_ZONE)
    minute = midnight + example.after_midnight
    return Report(
        key=key,
        at=minute,
        source="rehearsal",
        channel=Channel.PHONE,
        work_type=work_type,
        category=example.product.category,
        skill=example.product.skill,
        level=example.product.level,
        duration=example.takes,
        priority=Priority.NORMAL,
        text=example.text,
        name=example.name,
        phone=example.phone,
        chinese=example.chinese,
        address=example.address,
        place="",
        position=example.position,
        trusted=example.located,
        found_at=example.position,
        unit=Unit(example.product.brand, example.model, example.serial, example.purchased_on),
        afterwards=Afterwards(part=not example.installation),
    )


def second_report(report: Report, *, key: str, after: timedelta) -> Report:
    """Return the same thing as somebody else tells it a while later."""
    return replace(report, key=key, at=report.at + after, text=f"Again: {report.text}", channel=Channel.PHONE)


def local_time(at: datetime, zone: str) -> datetime:
    """Return an instant on the clock of a place."""
    return at.astimezone(ZoneInfo(zone))
