"""JSON for technicians, online and offline; serves the installable app.

A new resource: write the module with a blueprint `blp` (`server/web/blueprint.py` tells how), add it to
`BLUEPRINTS`, and give each of its routes a row in `tests/api/matrix.py`.
"""

from mobile_api import login, offers, statements, visits
from server.web.blueprint import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = (login.blp, visits.blp, offers.blp, statements.blp)
"""Every resource, in the order of the document."""
