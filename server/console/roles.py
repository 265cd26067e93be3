"""Who does what at the console, where several pages are for the same people."""

from server.organisation.models import Role

DESK = (Role.DISPATCHER, Role.SUPERVISOR)
"""Whoever takes in reports, completes them and plans."""
