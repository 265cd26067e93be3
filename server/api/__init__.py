"""JSON for staff: one module per resource, each with a blueprint `blp` (see `server/web/blueprint.py`).

A new resource: write the module, add it to `BLUEPRINTS`, and give each of its routes a row in
`tests/api/matrix.py`.
"""

from server.api import (
    callbacks,
    cards,
    complaints,
    customers,
    equipment,
    escalations,
    me,
    offers,
    plans,
    policies,
    prices,
    readings,
    regions,
    staff,
    statements,
    stations,
    technicians,
    ticket_actions,
    tickets,
    today,
    tokens,
    visits,
)
from server.web.blueprint import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = (
    me.blp,
    tokens.blp,
    staff.blp,
    regions.blp,
    stations.blp,
    policies.blp,
    customers.blp,
    technicians.blp,
    equipment.blp,
    tickets.blp,
    ticket_actions.blp,
    plans.blp,
    visits.blp,
    offers.blp,
    cards.blp,
    callbacks.blp,
    complaints.blp,
    statements.blp,
    prices.blp,
    escalations.blp,
    readings.blp,
    today.blp,
)
"""Every resource, in the order of the document."""
