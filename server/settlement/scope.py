"""Which statements somebody may see."""

from sqlalchemy import ColumnElement, and_, or_, select, true

from server.organisation.access import Scope
from server.settlement.models import Statement
from server.technicians.models import Technician


def visible(scope: Scope) -> ColumnElement[bool]:
    """Return the condition for a statement to exist for a caller of this scope.

    A station sees its own and its technicians'; a technician only what he is paid himself.
    """
    conditions: list[ColumnElement[bool]] = [true()]
    if scope.region_id is not None:
        conditions.append(Statement.region_id == scope.region_id)
    if scope.station_id is not None:
        own = select(Technician.id).where(Technician.station_id == scope.station_id)
        conditions.append(or_(Statement.station_id == scope.station_id, Statement.technician_id.in_(own)))
    if scope.technician_id is not None:
        conditions.append(Statement.technician_id == scope.technician_id)
    return and_(*conditions)


def answers_for(scope: Scope, statement: Statement) -> bool:
    """Return whether a caller of this scope may agree or object to a statement that he sees: its payee may (R40).

    A technician who is paid himself answers himself. Whoever is confined to neither station nor technician acts for
    the payee, and has been let in for it by his role.
    """
    return scope.station_id is None or scope.technician_id is not None or statement.station_id == scope.station_id
