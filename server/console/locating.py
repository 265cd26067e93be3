"""Saying where a ticket's place is: coordinates as somebody copies them from a map, or that nobody finds it."""

import re
from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError, validates_schema
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console, open_ticket
from server.console.forms import errors_of, rules_broken, whole
from server.console.frame import page
from server.console.roles import DESK
from server.core import clock
from server.core.db import Json
from server.core.errors import Refusal
from server.core.events import Via
from server.core.places import Datum, Position, from_gcj02, great_circle_km
from server.customers import queries as customers
from server.customers.models import Zone
from server.orders import facts
from server.orders.status import TICKET, TicketEvent
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database
from server.web.errors import broken_rules
from server.web.fields import BaseSchema, Enum, Flag, Text, broken
from server.web.locale import locale
from server.web.schemas import SHORT

_NUMBER = r"([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?"
_PAIR = re.compile(rf"[(\[]?\s*{_NUMBER}\s*(?:[,;，；、]|\s)\s*{_NUMBER}\s*[)\]]?", re.ASCII)
_FAR_KM = 500
"""From the middle of the region: nobody drives there, so somebody has to say that it is meant."""
_FIELDS = ("position", "datum", "zone", "reason")


class LocateSchema(BaseSchema):
    """Where the place is, and how somebody knows; `far` is the word of somebody who was asked whether it is so far."""

    position = Text(required=True, most=100)
    datum = Enum(Datum, load_default=Datum.WGS84)
    zone = Enum(Zone)
    far = Flag(load_default=False)
    reason = Text(required=True, most=SHORT, lines=True)

    @validates_schema
    def _is_a_pair(self, data: Json, **_: Any) -> None:
        read_pair(data["position"])


def read_pair(text: str) -> tuple[float, float]:
    """Return latitude and longitude as they stand in a text: `31.2304, 121.4737`, with or without a comma.

    :raises ValidationError: on `position`, if these are not two numbers that a position could have, with the rule
        `coordinates`, `coordinates_range`, `coordinates_swapped` or `position` (0, 0).
    """
    match = _PAIR.fullmatch(text.strip())
    if match is None:
        raise _refused(broken("coordinates"))
    lat, lon = float(match[1]), float(match[2])
    if abs(lat) > 90 and abs(lon) <= 90 and abs(lat) <= 180:
        raise _refused(_swapped(lat, lon))
    if abs(lat) > 90 or abs(lon) > 180:
        raise _refused(broken("coordinates_range"))
    if lat == 0 and lon == 0:
        raise _refused(broken("position"))
    return lat, lon


def _refused(error: ValidationError) -> ValidationError:
    return ValidationError({"position": error.messages})


def _swapped(lat: float, lon: float) -> ValidationError:
    return broken("coordinates_swapped", lat=lon, lon=lat)


def demand_near(position: Position, *, middle: Position | None, far: bool) -> None:
    """Refuse a position that no place of the region can have.

    One that is near only with its numbers exchanged is refused as swapped; one that is far either way has to be
    meant (``far``). Without any located place in the region nothing is refused.

    :raises ValidationError: on `position`, with the rule `coordinates_swapped` or `coordinates_far`.
    """
    distance = great_circle_km(position, middle) if middle is not None else 0.0
    if middle is None or distance <= _FAR_KM:
        return
    if abs(position.lon) <= 90 and great_circle_km(Position(position.lon, position.lat), middle) <= _FAR_KM:
        raise _refused(_swapped(position.lat, position.lon))
    if not far:
        raise _refused(broken("coordinates_far", km=round(distance)))


@console.get("/console/tickets/<id:ticket_id>/position")
@allowed(*DESK)
def locate_form(ticket_id: int) -> tuple[str, int]:
    """Show the address, and ask where it is."""
    return _form(ticket_id, {})


@console.post("/console/tickets/<id:ticket_id>/position")
@allowed(*DESK)
def locate(ticket_id: int) -> Response | tuple[str, int]:
    """Keep where the place is, or say what is wrong with what was typed."""
    typed = {name: request.form[name] for name in _FIELDS if request.form.get(name, "").strip()}
    is_far = request.form.get("far") == "yes"
    version = whole(request.form.get("version", ""))
    try:
        body = LocateSchema().load({**typed, "far": is_far})
        database().attempt(lambda session: _locate(session, ticket_id, version, body))
    except ValidationError as error:
        asked = any(each.rule == "coordinates_far" for each in broken_rules(error.messages))
        return _form(ticket_id, typed, status=422, errors=errors_of(error), problem=rules_broken(), ask_far=asked)
    except open_ticket.NO_FORM_HELPS:
        raise
    except Refusal as refusal:
        return _form(ticket_id, typed, status=refusal.status, problem=texts.of(refusal, locale=locale()))
    return redirect(url_for("console.ticket", ticket_id=ticket_id, done="ticket.located"), code=303)


def _locate(session: Session, ticket_id: int, version: int | None, body: Json) -> None:
    """Locate the place of a ticket of the caller's."""
    ticket = open_ticket.held(session, ticket_id, version=version)
    position = Position(*read_pair(body["position"]))
    if body["datum"] is Datum.GCJ02:
        position = from_gcj02(position)
    demand_near(position, middle=customers.middle_of(session, ticket.region_id), far=body["far"])
    facts.locate(
        session,
        ticket_id=ticket_id,
        position=position,
        trusted=True,
        zone=body.get("zone"),
        reason=body["reason"],
        by=current().actor(Via.CONSOLE),
        now=clock.now(),
    )


def _form(ticket_id: int, typed: dict[str, str], *, status: int = 200, **shown: Any) -> tuple[str, int]:
    found = open_ticket.shown(ticket_id)
    return page(
        "position.html",
        status=status,
        it=found,
        ticket=found.ticket,
        typed=typed,
        zones=list(Zone),
        data=list(Datum),
        may_cancel=TICKET.allows(found.ticket.status, TicketEvent.CANCEL),
        most_reason=SHORT,
        **shown,
    )
