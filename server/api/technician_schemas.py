"""What is told about technicians: people, skills, shifts, absences."""

from typing import Any

from marshmallow import post_load

from server.core.db import Json
from server.technicians.people import Pause, Person, WorkingTime
from server.technicians.queries import Listed
from server.technicians.status import AbsenceStatus, TechnicianStatus
from server.web.fields import (
    BaseSchema,
    Day,
    Enum,
    Flag,
    Id,
    Instant,
    Int,
    List,
    Nested,
    OneOf,
    Phone,
    PositionSchema,
    Seconds,
    Text,
)
from server.web.paging import PageQuery
from server.web.schemas import MaskedPhone, Shown
from server.web.texts import LOCALES

_MOST = 1_000
CODE = "[a-z0-9][a-z0-9_]{0,59}"


class TechnicianQuery(PageQuery):
    """Which technicians."""

    q = Text(load_default=None, most=100)
    with_left = Flag(load_default=False)


class PersonSchema(BaseSchema):
    """What is told of a technician; without a position his day starts at his station."""

    makes = Person

    station_id = Id(required=True)
    name = Text(required=True, most=100)
    phone = Phone(required=True)
    locale = OneOf(*LOCALES, load_default=LOCALES[0])
    position = Nested(PositionSchema, load_default=None, allow_none=True)


class TechnicianSchema(BaseSchema):
    """A technician."""

    id = Id(required=True)
    station_id = Id(required=True)
    status = Enum(TechnicianStatus, required=True)
    name = Shown(required=True)
    phone = MaskedPhone(required=True)
    locale = Shown(required=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    left_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class SkillOwnedSchema(BaseSchema):
    """A skill with its level and the last day of its certificate."""

    code = Shown(required=True)
    name_en = Shown(required=True)
    name_zh = Shown(required=True)
    level = Int(required=True)
    expires_on = Day(required=True, allow_none=True)


class ListedTechnicianSchema(TechnicianSchema):
    """A technician with what he can do."""

    skills = List(Nested(SkillOwnedSchema), required=True)

    def get_attribute(self, obj: Listed, attr: str, default: Any) -> Any:
        """Return the skills, else a value of the technician."""
        return obj.skills if attr == "skills" else super().get_attribute(obj.technician, attr, default)


class ShiftSchema(BaseSchema):
    """A stretch of working time."""

    id = Id(required=True)
    technician_id = Id(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    break_from = Instant(required=True, allow_none=True)
    break_to = Instant(required=True, allow_none=True)
    break_seconds = Int(required=True, allow_none=True)


class AbsenceSchema(BaseSchema):
    """A stretch in which somebody cannot work."""

    id = Id(required=True)
    technician_id = Id(required=True)
    status = Enum(AbsenceStatus, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    kind = Shown(required=True)
    reported_at = Instant(required=True)
    cancelled_at = Instant(required=True, allow_none=True)


class TechnicianDetailSchema(BaseSchema):
    """A technician with what he can do and the month ahead of him."""

    technician = Nested(TechnicianSchema, required=True)
    skills = List(Nested(SkillOwnedSchema), required=True)
    shifts = List(Nested(ShiftSchema), required=True, most=_MOST)
    absences = List(Nested(AbsenceSchema), required=True, most=_MOST)


class SkillLevelSchema(BaseSchema):
    """How well, and until which day a certificate says so."""

    level = Int(required=True, least=1, most=9)
    expires_on = Day(load_default=None, allow_none=True)


class PauseSchema(BaseSchema):
    """A break: between which instants it begins, and how long it is."""

    makes = Pause

    earliest = Instant(required=True)
    latest = Instant(required=True)
    length = Seconds(required=True, least=1, most=86_400)


class WorkingTimeSchema(BaseSchema):
    """One stretch of work."""

    makes = WorkingTime

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    pause = Nested(PauseSchema, load_default=None, allow_none=True)


class WorkingTimesSchema(BaseSchema):
    """Stretches of work, added all or none."""

    items = List(Nested(WorkingTimeSchema), required=True, least=1, most=100)

    @post_load
    def _make(self, data: Json, **_: Any) -> tuple[WorkingTime, ...]:
        return tuple(data["items"])


class ShiftsSchema(BaseSchema):
    """The stretches of work that were added."""

    items = List(Nested(ShiftSchema), required=True)


class ShiftQuery(PageQuery):
    """Which shifts: those that touch a stretch of time."""

    since = Instant(required=True, data_key="from")
    until = Instant(required=True, data_key="to")


class AbsenceBodySchema(BaseSchema):
    """From when to when somebody cannot work, and why: `ill`, `leave`, `training` …."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    kind = Text(required=True, most=40, pattern=CODE, rule="code")
