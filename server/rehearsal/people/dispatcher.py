"""Dispatchers: complete facts, find places, place urgent work by hand, plan and publish, read what needs a human."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from server.core.clock import local_instant
from server.orders.words import Priority
from server.rehearsal.desk import Answer, Refused
from server.rehearsal.play import Known, Play

PLANS = ((7, 30), (10, 30), (13, 30), (16, 30))
_AT_DESK = (7, 20)
_ITERATIONS = 2_000
_SOLVER_SECONDS = 60
_ANOTHER_TIME = frozenset({"customer_moves", "customer_rebooks"})
_NOTICE = timedelta(minutes=50)
"""How long before the first visit of a plan: technicians must have answered by then."""


class NoPlan(RuntimeError):
    """A plan ended in neither a proposal nor a reason that somebody can act on."""


class Dispatchers:
    """The desk of the region."""

    def __init__(self, play: Play) -> None:
        """Nothing has been noticed yet."""
        self._play = play
        self._seen: set[int] = set()
        self._skills: dict[int, dict[str, int]] = {}

    # -- new tickets -------------------------------------------------------------------------------

    def notice(self) -> None:
        """Look at tickets that have come in since the last look, and plan what they need."""
        for ticket_id, known in list(self._play.tickets.items()):
            if ticket_id not in self._seen:
                self._seen.add(ticket_id)
                self._plan_care(known)

    def _plan_care(self, known: Known) -> None:
        chance = self._play.chance("care", known.report.key)
        if known.part.incomplete:
            self._later(known, chance.randint(20, 90), lambda: self._complete(known))
        if not known.report.trusted:
            self._later(known, chance.randint(15, 60), lambda: self._place(known))
        elif known.report.priority is Priority.URGENT and not known.part.incomplete:
            self._later(known, chance.randint(3, 10), lambda: self._by_hand(known))

    def _later(self, known: Known, minutes: int, act: Callable[[], None]) -> None:
        at = self._play.in_hours(self._play.now + timedelta(minutes=minutes), first=_AT_DESK[0], last=_AT_DESK[1])
        self._play.agenda.add(at, "1-dispatcher", known.report.key, act=act)

    def _complete(self, known: Known) -> None:
        """Ask back, and write down what was missing (R2a)."""
        body = {"reason": "Asked back by telephone", "contact_name": known.report.name}
        self._play.desks["dispatcher"].patch(f"/tickets/{known.id}", body)

    def _place(self, known: Known) -> None:
        """Look the address up in the directory of streets; a place that nobody finds ends the ticket."""
        found = known.report.found_at
        if known.part.hidden or found is None:
            self._try(f"/tickets/{known.id}/cancellation", {"reason": "Nobody knows where the place is"})
            return
        body = {"lat": found.lat, "lon": found.lon, "reason": "Looked up in the street directory"}
        self._play.desks["dispatcher"].post(f"/tickets/{known.id}/position", body)

    # -- urgent work -------------------------------------------------------------------------------

    def _by_hand(self, known: Known) -> None:
        """Give urgent work to the first technician who is free soon and can do it."""
        play = self._play
        desk = play.desks["dispatcher"]
        ticket = desk.get(f"/tickets/{known.id}")
        if ticket["status"] != "ready":
            return
        earliest = play.now + timedelta(minutes=40)
        for starts_at, technician_id in self._free(known, earliest):
            body = {"technician_id": technician_id, "starts_at": _instant(starts_at)}
            try:
                desk.post(f"/tickets/{known.id}/visits", body)
            except Refused as refused:
                if refused.status not in {409, 422}:
                    raise
                continue
            return

    def _free(self, known: Known, earliest: datetime) -> list[tuple[datetime, int]]:
        """Return who could come when, the soonest first: within his shift, skilled, between his other visits."""
        play = self._play
        desk = play.desks["dispatcher"]
        day = play.local(earliest).date().isoformat()
        shifts = desk.items("/shifts", **{"from": _instant(earliest), "to": _instant(earliest + timedelta(hours=12))})
        taken: dict[int, list[tuple[datetime, datetime]]] = {}
        for visit in desk.items("/visits", day=day):
            if visit["status"] != "withdrawn":
                taken.setdefault(int(visit["technician_id"]), []).append(
                    (_at(visit["starts_at"]), _at(visit["ends_at"]))
                )
        found = []
        for shift in shifts:
            technician = int(shift["technician_id"])
            if not self._can(technician, known):
                continue
            start = _gap(
                max(earliest, _at(shift["starts_at"])),
                _at(shift["ends_at"]),
                known.report.duration,
                sorted(taken.get(technician, [])),
            )
            if start is not None:
                found.append((start, technician))
        return sorted(found)[:5]

    def _can(self, technician_id: int, known: Known) -> bool:
        """Return whether a technician has the skill; a dispatcher knows his people after one look at their files."""
        if technician_id not in self._skills:
            file = self._play.desks["dispatcher"].get(f"/technicians/{technician_id}")
            self._skills[technician_id] = {str(each["code"]): int(each["level"]) for each in file["skills"]}
        skill = known.report.skill
        return skill is None or self._skills[technician_id].get(skill, 0) >= known.report.level

    # -- plans -------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Plan today and tomorrow if anything waits, and publish the proposal."""
        play = self._play
        desk = play.desks["dispatcher"]
        if not desk.get("/tickets", status="ready", limit=1)["items"]:
            return
        today = play.local(play.now).date()
        body = {
            "region_id": play.region_id,
            "first_day": today.isoformat(),
            "last_day": (today + timedelta(days=1)).isoformat(),
            "earliest": _instant(play.now + _NOTICE),
            "seed": play.seed,
            "seconds": _SOLVER_SECONDS,
            "iterations": _ITERATIONS,
        }
        plan = desk.post("/plans", body)
        play.beat.settle()
        plan = desk.get(f"/plans/{plan['id']}")
        if plan["status"] != "proposed":
            raise NoPlan(f"plan {plan['id']} is {plan['status']}: {plan.get('failure')}")
        if plan["stops"]:
            desk.post(f"/plans/{plan['id']}/publication")

    # -- what needs a human ------------------------------------------------------------------------

    def look(self) -> None:
        """Read texts that nobody understood, settle what was escalated, accept hindrances."""
        desk = self._play.desks["dispatcher"]
        for reading in desk.items("/readings"):
            desk.post(f"/readings/{reading['id']}/settlement", {"remark": "Read, and noted on the ticket"})
        for escalation in desk.items("/escalations"):
            self._settle(escalation)
        for ticket_id in sorted(self._play.unfinished):
            self._accept_hindrances(ticket_id)
        self._play.unfinished.clear()

    def _accept_hindrances(self, ticket_id: int) -> None:
        """Accept why a technician could not finish: the clocks stand still until the day he names (R17)."""
        for hindrance in self._play.desks["dispatcher"].get(f"/tickets/{ticket_id}")["hindrances"]:
            if hindrance["accepted_at"] is None:
                self._try(f"/hindrances/{hindrance['id']}/acceptance", {})

    def _settle(self, escalation: Answer) -> None:
        desk = self._play.desks["dispatcher"]
        if escalation["kind"] in _ANOTHER_TIME:
            self._agree_anew(escalation)
        desk.post(f"/escalations/{escalation['id']}/settlement", {"remark": "Seen, and dealt with"})

    def _agree_anew(self, escalation: Answer) -> None:
        """Take the visit back where there is one, and agree on tomorrow: the next plans keep to it."""
        play = self._play
        visit_id = escalation["details"].get("visit_id")
        if visit_id is not None:
            self._try(f"/visits/{visit_id}/withdrawal", {"reason": "The customer wants another time"})
        day = play.local(play.now).date() + timedelta(days=1)
        begins = local_instant(day, 9, 0, play.material.time_zone)
        body = {"from": _instant(begins), "to": _instant(begins + timedelta(hours=7))}
        self._try(f"/tickets/{escalation['ticket_id']}/agreement", body)

    def _try(self, path: str, body: Mapping[str, object]) -> bool:
        """Change something that others may have overtaken; say whether it was still to be changed."""
        try:
            self._play.desks["dispatcher"].post(path, body)
        except Refused as refused:
            if refused.status != 409:
                raise
            return False
        return True


def _gap(begins: datetime, ends: datetime, takes: timedelta, taken: list[tuple[datetime, datetime]]) -> datetime | None:
    """Return the first start at which work fits between other visits, with a quarter of an hour to drive."""
    drive = timedelta(minutes=15)
    start = _five(begins)
    for from_, to in taken:
        if start + takes + drive <= from_:
            break
        start = max(start, _five(to + drive))
    return start if start + takes <= ends else None


def _five(at: datetime) -> datetime:
    over = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at if not over else at - over + timedelta(minutes=5)


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
