"""Technicians: who they are, what they can do, when they work, when they cannot."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.api.technician_schemas import (
    AbsenceBodySchema,
    AbsenceSchema,
    ListedTechnicianSchema,
    PersonSchema,
    ShiftQuery,
    ShiftSchema,
    ShiftsSchema,
    SkillLevelSchema,
    TechnicianDetailSchema,
    TechnicianQuery,
    TechnicianSchema,
    WorkingTimesSchema,
)
from server.core import clock
from server.core.db import Json
from server.core.events import Via
from server.organisation import stations
from server.organisation.models import Role
from server.technicians import people, queries, reveal
from server.technicians.models import Absence, Shift, Technician
from server.technicians.people import Person, WorkingTime
from server.technicians.queries import Listed, TechnicianDetail
from server.web import etag
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current, settings
from server.web.paging import Page, keyset, page, page_of
from server.web.schemas import RevealedPhonesSchema

blp = Blueprint("technicians", __name__, url_prefix="/api/v1", description="Who is sent to customers")

_AHEAD = timedelta(days=30)
_BEHIND = timedelta(days=1)


@blp.route("/technicians")
class Technicians(MethodView):
    """Technicians of the caller's part of the company."""

    @allowed(*EVERYBODY)
    @blp.arguments(TechnicianQuery, location="query")
    @blp.reads(page_of(ListedTechnicianSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Listed]:
        """List technicians by name, with what they can do."""
        found = queries.technicians(
            session,
            scope=current().scope,
            text=query["q"],
            with_left=query["with_left"],
            after=keyset(query, str, int),
            limit=query["limit"] + 1,
        )
        rows = queries.with_skills(session, found)
        return page(rows, query=query, key=lambda row: (row.technician.name, row.technician.id))

    @allowed(*DESK, Role.ADMINISTRATOR)
    @blp.arguments(PersonSchema)
    @blp.changes(201, TechnicianSchema)
    def post(self, session: Session, person: Person) -> tuple[Technician, dict[str, str]]:
        """Add a technician."""
        stations.one(session, station_id=person.station_id, scope=current().scope)
        by = current().actor(Via.API)
        made = people.create(session, person=person, country=settings().country, by=by, now=clock.now())
        return made, {"Location": f"/api/v1/technicians/{made.id}"}


@blp.route("/technicians/<int:technician_id>")
class OneTechnician(MethodView):
    """One technician."""

    @allowed(*EVERYBODY)
    @blp.reads(TechnicianDetailSchema, etag=True)
    def get(self, session: Session, technician_id: int) -> TechnicianDetail:
        """Show a technician with skills and the month ahead."""
        now = clock.now()
        found = queries.technician(
            session, scope=current().scope, technician_id=technician_id, since=now - _BEHIND, until=now + _AHEAD
        )
        etag.tell(found.technician.version)
        return found

    @allowed(*DESK, Role.ADMINISTRATOR)
    @blp.arguments(PersonSchema)
    @blp.changes(200, TechnicianSchema)
    def put(self, session: Session, person: Person, technician_id: int) -> Technician:
        """Change what is known of a technician."""
        scope = current().scope
        queries.technician_of(session, technician_id, scope=scope)
        etag.match(people.locked(session, technician_id=technician_id), schema=TechnicianSchema)
        stations.one(session, station_id=person.station_id, scope=scope)
        return people.change(
            session,
            technician_id=technician_id,
            version=etag.expected_version(),
            person=person,
            country=settings().country,
            by=current().actor(Via.API),
            now=clock.now(),
        )


@blp.route("/technicians/<int:technician_id>/phone-reveal")
class PhoneReveal(MethodView):
    """A technician's telephone in full."""

    @allowed(*DESK)
    @blp.changes(200, RevealedPhonesSchema, withheld=("phones",))
    def post(self, session: Session, technician_id: int) -> dict[str, list[str]]:
        """Show a technician's telephone in full; that it was shown is kept."""
        caller = current()
        numbers = reveal.phones_of(
            session, technician_id, scope=caller.scope, by=caller.actor(Via.API), now=clock.now()
        )
        return {"phones": numbers}


@blp.route("/technicians/<int:technician_id>/departure")
class Leaving(MethodView):
    """Somebody no longer works here."""

    @allowed(*DESK, Role.ADMINISTRATOR)
    @blp.changes(200, TechnicianSchema)
    def post(self, session: Session, technician_id: int) -> Technician:
        """Note that somebody no longer works here; his visits go to others."""
        queries.technician_of(session, technician_id, scope=current().scope)
        by = current().actor(Via.API)
        return people.leave(session, technician_id=technician_id, by=by, now=clock.now())


@blp.route("/technicians/<int:technician_id>/skills/<code>")
class SkillOfTechnician(MethodView):
    """What somebody can do."""

    @allowed(*DESK, Role.ADMINISTRATOR)
    @blp.arguments(SkillLevelSchema)
    @blp.changes(200, TechnicianDetailSchema)
    def put(self, session: Session, body: Json, technician_id: int, code: str) -> TechnicianDetail:
        """Note what somebody can do and how well."""
        scope, now = current().scope, clock.now()
        queries.technician_of(session, technician_id, scope=scope)
        etag.match(people.locked(session, technician_id=technician_id), schema=TechnicianSchema)
        by = current().actor(Via.API)
        people.give_skill(session, technician_id=technician_id, code=code, **body, by=by, now=now)
        found = queries.technician(
            session, scope=scope, technician_id=technician_id, since=now - _BEHIND, until=now + _AHEAD
        )
        etag.tell(found.technician.version)
        return found


@blp.route("/technicians/<int:technician_id>/shifts")
class ShiftsOfTechnician(MethodView):
    """When somebody works."""

    @allowed(*DESK, Role.STATION, Role.ADMINISTRATOR)
    @blp.arguments(WorkingTimesSchema)
    @blp.changes(201, ShiftsSchema)
    def post(self, session: Session, times: tuple[WorkingTime, ...], technician_id: int) -> dict[str, list[Shift]]:
        """Add stretches of work, all or none."""
        queries.technician_of(session, technician_id, scope=current().scope)
        by = current().actor(Via.API)
        return {"items": people.add_shifts(session, technician_id=technician_id, times=times, by=by, now=clock.now())}


@blp.route("/technicians/<int:technician_id>/shifts/<int:shift_id>/removal")
class ShiftRemoval(MethodView):
    """A stretch of work that is not."""

    @allowed(*DESK, Role.STATION, Role.ADMINISTRATOR)
    @blp.changes(204)
    def post(self, session: Session, technician_id: int, shift_id: int) -> None:
        """Take a stretch of work away; visits in it are not touched."""
        queries.technician_of(session, technician_id, scope=current().scope)
        by = current().actor(Via.API)
        people.remove_shift(session, technician_id=technician_id, shift_id=shift_id, by=by, now=clock.now())


@blp.route("/shifts")
class Shifts(MethodView):
    """Who works when."""

    @allowed(*EVERYBODY)
    @blp.arguments(ShiftQuery, location="query")
    @blp.reads(page_of(ShiftSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Shift]:
        """List the shifts that touch a stretch of time."""
        rows = queries.shifts_between(
            session,
            scope=current().scope,
            since=query["since"],
            until=query["until"],
            after=keyset(query, datetime, int),
            limit=query["limit"],
        )
        return page(rows, query=query, key=lambda row: (row.starts_at, row.id))


@blp.route("/technicians/<int:technician_id>/absences")
class AbsencesOfTechnician(MethodView):
    """When somebody cannot work."""

    @allowed(*DESK, Role.STATION)
    @blp.arguments(AbsenceBodySchema)
    @blp.changes(201, AbsenceSchema)
    def post(self, session: Session, body: Json, technician_id: int) -> Absence:
        """Report that somebody cannot work; his visits go to others."""
        queries.technician_of(session, technician_id, scope=current().scope)
        by = current().actor(Via.API)
        return people.report_absence(session, technician_id=technician_id, **body, by=by, now=clock.now())


@blp.route("/absences/<int:absence_id>/cancellation")
class AbsenceCancellation(MethodView):
    """He can work after all."""

    @allowed(*DESK, Role.STATION)
    @blp.changes(200, AbsenceSchema)
    def post(self, session: Session, absence_id: int) -> Absence:
        """Take an absence back; visits that went to others stay with them."""
        found = queries.absence_of(session, absence_id, scope=current().scope)
        by = current().actor(Via.API)
        return people.cancel_absence(
            session, technician_id=found.technician_id, absence_id=absence_id, by=by, now=clock.now()
        )
