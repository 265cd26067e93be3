"""What technicians write about their work."""

from datetime import date
from random import Random

from server.orders.words import WorkType
from server.rehearsal.casting import Course
from server.rehearsal.material import Report

_WORK = ("cleaned and tested", "adjusted and tested", "tightened all connections", "reset and tested")
_PARTS = ("fuse", "lamp", "gasket", "relay", "bracket")
_REASONS = ("part", "site")


def finished_words(report: Report, course: Course, *, charged: bool, chance: Random) -> str:
    """Return what follows *done*: what was done and what the completion card needs.

    :param charged: whether extra work was agreed, and so charged.
    """
    if course is Course.NO_FAULT:
        return f" checked everything, no fault found, signed {_signature(report)}"
    words = f" {chance.choice(_WORK)}"
    if course is Course.PART:
        words += f", part {chance.choice(_PARTS)} x{chance.randint(1, 2)}"
    if charged:
        words += ", charge 120 renewed the bracket"
    if report.work_type is WorkType.INSTALLATION and report.unit is not None:
        words += f", new {report.unit.serial}"
    return f"{words}, signed {_signature(report)}"


def _signature(report: Report) -> str:
    return report.name.replace(",", " ")


def unfinished_words(until: date, chance: Random) -> str:
    """Return what follows *not finished*: why, and until when."""
    return f" {chance.choice(_REASONS)} until {until.isoformat()}"
