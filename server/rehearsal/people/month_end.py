"""The close of a month: statements computed, audited line by line, published, agreed, approved, paid, exported."""

import csv
import io
from datetime import date, datetime, timedelta
from functools import partial

from server.core.clock import local_instant
from server.rehearsal.abreast import abreast
from server.rehearsal.desk import Answer, Desk, Refused
from server.rehearsal.play import Play

_AUDITED = frozenset({"labour", "visit", "extra", "later"})
_PAID = frozenset({"pay", "reduced"})
_OBJECTION = timedelta(days=5, minutes=1)


class ExportDiffers(RuntimeError):
    """The exported file does not say what the statement says."""


class MonthEnd:
    """Auditor, payees, approver and cashier: four different people (R41)."""

    def __init__(self, play: Play, month: date) -> None:
        """Name the month by its first day."""
        self._play = play
        self._month = month
        self._auditor = play.desks["auditor"]

    def audit(self) -> None:
        """Compute every payee's statement, decide on its lines, and publish it."""
        self._auditor.post("/statements", {"month": self._month.isoformat()})
        for statement in self._statements("draft"):
            lines = self._auditor.items(f"/statements/{statement['id']}/lines")
            abreast([partial(self._decide, statement, line) for line in lines])
            self._auditor.post(f"/statements/{statement['id']}/audit")
            self._auditor.post(f"/statements/{statement['id']}/publication")

    def agree(self) -> None:
        """Let the station that has somebody at a desk agree; the others let the days for objections pass."""
        station = self._play.desks["station"]
        for statement in station.items("/statements", month=self._month.isoformat()):
            if statement["status"] == "published":
                station.post(f"/statements/{statement['id']}/agreement")

    def approve_and_pay(self) -> None:
        """Approve what may be approved by now, and pay it."""
        approver, cashier = self._play.desks["finance"], self._play.desks["cashier"]
        for statement in self._statements("published"):
            shown = approver.get(f"/statements/{statement['id']}")
            try:
                approver.post(f"/statements/{statement['id']}/approval", {"lines_hash": shown["lines_hash"]})
            except Refused as refused:
                if refused.status != 409:
                    raise
                continue  # the days for objections are not over
            reference = f"rehearsal-{self._month:%Y%m}-{statement['id']}"
            cashier.post(f"/statements/{statement['id']}/payment", {"reference": reference})
            self._check_export(cashier, statement)

    @property
    def begins_at(self) -> datetime:
        """Return when the audit begins: on the second of the next month, in the morning."""
        after = (self._month.replace(day=28) + timedelta(days=4)).replace(day=2)
        return local_instant(after, 9, 0, self._play.material.time_zone)

    def plan(self) -> None:
        """Put the steps on the agenda; what nobody agreed to waits until the days for objections are over."""
        begins, agenda = self.begins_at, self._play.agenda
        agenda.add(begins, "4-audit", act=self.audit)
        agenda.add(begins + timedelta(hours=3), "4-agree", act=self.agree)
        agenda.add(begins + timedelta(hours=4), "4-pay", act=self.approve_and_pay)
        agenda.add(begins + _OBJECTION + timedelta(hours=4), "4-pay", act=self.approve_and_pay)

    def _statements(self, status: str) -> list[Answer]:
        found = self._auditor.items("/statements", month=self._month.isoformat())
        return [statement for statement in found if statement["status"] == status]

    def _decide(self, statement: Answer, line: Answer) -> None:
        """Follow what the rules propose: the auditor of a rehearsal has no opinion of his own."""
        if line["kind"] not in _AUDITED or line["proposed"] == "open":
            return
        reasons = [] if line["proposed"] in _PAID else line["reasons"]
        path = f"/statements/{statement['id']}/lines/{line['id']}/verdict"
        self._auditor.post(path, {"verdict": line["proposed"], "reasons": reasons})

    def _check_export(self, cashier: Desk, statement: Answer) -> None:
        rows = list(csv.reader(io.StringIO(cashier.text(f"/statements/{statement['id']}/export.csv"))))
        lines = cashier.items(f"/statements/{statement['id']}/lines")
        if len(rows) < len(lines) + 1:
            raise ExportDiffers(f"statement {statement['id']}: {len(lines)} lines, {len(rows) - 1} exported")
