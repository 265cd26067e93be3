"""Groups of roles that several resources are for."""

from server.organisation.models import Role

DESK = (Role.DISPATCHER, Role.SUPERVISOR)
"""Who works on tickets, plans, visits and offers."""
RECEIVING = (Role.STATION_CLERK, Role.DISPATCHER)
"""Who takes completion cards in."""
CALLING = (Role.CALLBACK_AGENT, Role.SUPERVISOR)
"""Who looks at customer callbacks."""
MONEY = (Role.AUDITOR, Role.FINANCE, Role.SUPERVISOR, Role.STATION, Role.STATION_CLERK, Role.ADMINISTRATOR)
"""Who looks at statements, each within his scope."""
