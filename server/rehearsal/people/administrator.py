"""The administrator: before the first day he sets what this company's policies say differently from the handbook."""

from datetime import timedelta
from typing import Any

from server.rehearsal.play import Play


class Administrator:
    """Writes new versions of policies through the API."""

    def __init__(self, play: Play, *, currency: str) -> None:
        """Name the company's currency."""
        self._play = play
        self._currency = currency

    def prepare(self) -> None:
        """Ask for the card of every work type, and charge deductions in the company's own currency."""
        work_types = sorted({str(report.work_type) for report in self._play.material.reports})
        self._change("visits", {"card_work_types": work_types})
        settlement = self._values("settlement")
        self._change("settlement", {name: self._own(value) for name, value in settlement.items()})

    def _own(self, value: Any) -> Any:
        """Return a value of a policy in the company's currency; nothing is converted."""
        return value | {"currency": self._currency} if isinstance(value, dict) and "currency" in value else value

    def _values(self, policy: str) -> dict[str, Any]:
        items = self._play.desks["admin"].get("/policies")["items"]
        return next(dict(item["values"]) for item in items if item["name"] == policy)

    def _change(self, policy: str, values: dict[str, Any]) -> None:
        holds_from = (self._play.now + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
        body = {
            "values": self._values(policy) | values,
            "valid_from": holds_from,
            "reason": "This company has always done it so",
        }
        self._play.desks["admin"].post(f"/policies/{policy}/versions", body)
