"""Which customer callbacks somebody may see."""

from sqlalchemy import ColumnElement, and_, select, true

from server.callbacks.models import CustomerCallback
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.organisation.access import Scope
from server.technicians.models import Technician


def visible(scope: Scope) -> ColumnElement[bool]:
    """Return the condition for a customer callback to exist for a caller of this scope."""
    conditions: list[ColumnElement[bool]] = [true()]
    if scope.region_id is not None:
        conditions.append(CustomerCallback.ticket_id.in_(select(Ticket.id).where(Ticket.region_id == scope.region_id)))
    visits = select(Visit.id)
    if scope.station_id is not None:
        visits = visits.join(Technician).where(Technician.station_id == scope.station_id)
    if scope.technician_id is not None:
        visits = visits.where(Visit.technician_id == scope.technician_id)
    if scope.station_id is not None or scope.technician_id is not None:
        conditions.append(CustomerCallback.visit_id.in_(visits))
    return and_(*conditions)
