"""All pages of the console: importing this module adds every view to its blueprint."""

from server.console import (
    callbacks,
    cards,
    console,
    customers,
    doors,
    facts,
    files,
    intake,
    locating,
    people,
    plan,
    problems,
    statements,
    tickets,
    today,
)

__all__ = [
    "callbacks",
    "cards",
    "console",
    "customers",
    "doors",
    "facts",
    "files",
    "intake",
    "locating",
    "people",
    "plan",
    "problems",
    "statements",
    "tickets",
    "today",
]
