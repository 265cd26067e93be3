"""People who report, and what they do before anybody has come: ask again, cancel, tell the same twice."""

from datetime import timedelta
from functools import partial

from server.rehearsal.casting import Before
from server.rehearsal.desk import Answer, Refused
from server.rehearsal.material import Report, second_report
from server.rehearsal.people.names import body_of
from server.rehearsal.play import Known, Play
from server.rehearsal.witness import Witness


class Reporters:
    """Telephone the desk, which takes down what they say."""

    def __init__(self, play: Play, witness: Witness) -> None:
        """Plan every report for its minute."""
        self._play, self._witness = play, witness
        self._city: int | None = None
        for report in play.material.reports:
            play.agenda.add(report.at, "1-report", report.key, act=partial(self._report, report))
            again = play.parts[report.key].told_twice
            if again is not None:
                twice = second_report(report, key=f"{report.key}-2", after=again)
                play.agenda.add(twice.at, "1-report", twice.key, act=partial(self._report, twice, again=True))

    def _report(self, report: Report, *, again: bool = False) -> None:
        play = self._play
        part = play.parts.get(report.key)
        self._witness.reported(report.source, report.key)
        body = body_of(report, material=play.material, region_id=play.region_id, city=self._city)
        if part is not None and part.incomplete:
            body.pop("contact_name", None)
        answer = play.desks["dispatcher"].post("/tickets", body)
        ticket = answer["ticket"]
        if play.material.public and self._city is None:
            self._city = int(ticket["customer"]["id"])
        if answer["added"] or part is None or again:
            return
        known = Known(int(ticket["id"]), str(ticket["number"]), report, part)
        play.learn(known)
        self._before(known)

    def _before(self, known: Known) -> None:
        play = self._play
        chance = play.chance("before", known.report.key)
        if known.part.before is Before.URGES:
            at = play.in_hours(play.now + timedelta(minutes=chance.randint(90, 400)), first=8, last=19)
            play.agenda.add(at, "1-urge", known.report.key, act=lambda: self._urge(known))
        elif known.part.before is Before.CANCELS:
            at = play.in_hours(play.now + timedelta(minutes=chance.randint(20, 120)), first=7, last=20)
            play.agenda.add(at, "1-cancel", known.report.key, act=lambda: self._cancel(known))

    def _urge(self, known: Known) -> None:
        if _ignoring(self._play, f"/tickets/{known.id}/urges", {"text": "Nobody has come yet"}) is not None:
            self._play.tally.count("urge")

    def _cancel(self, known: Known) -> None:
        _ignoring(self._play, f"/tickets/{known.id}/cancellation", {"reason": "The customer has had it mended"})


def _ignoring(play: Play, path: str, body: dict[str, object]) -> Answer | None:
    """Change something that others may have overtaken."""
    try:
        return play.desks["dispatcher"].post(path, body)
    except Refused as refused:
        if refused.status != 409:
            raise
        return None
