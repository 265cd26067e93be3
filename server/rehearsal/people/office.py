"""Station clerk, callback agent and supervisor: each looks at a queue at fixed hours and works it off."""

from datetime import datetime, timedelta
from functools import partial

from server.rehearsal.abreast import abreast
from server.rehearsal.casting import Calling, Card
from server.rehearsal.desk import Answer, Desk, Refused
from server.rehearsal.play import Known, Play

_AGENTS = ("callback", "callback_2")
_CALLS_A_ROUND = 7
"""Of each agent."""
_LATE = timedelta(hours=30)


class Clerk:
    """The receiving desk: completion cards come in, some late, some not fit to be read.

    The cards of other stations are received by the dispatcher for them.
    """

    HOURS = ((11, 45), (17, 45))

    def __init__(self, play: Play) -> None:
        """Look at the cards twice a day."""
        self._play = play
        self._returned: set[int] = set()

    def work(self) -> None:
        """Receive what has come in."""
        for login in ("clerk", "dispatcher"):
            desk = self._play.desks[login]
            abreast([partial(self._look_at, desk, card) for card in desk.items("/cards", status="reported")])
            sent_back = desk.items("/cards", status="sent_back")
            abreast([partial(desk.post, f"/cards/{card['id']}/receipt") for card in sent_back])

    def _look_at(self, desk: Desk, card: Answer) -> None:
        known = self._play.tickets.get(int(card["ticket_id"]))
        part = known.part if known else None
        reported = datetime.fromisoformat(card["reported_at"])
        if part is not None and part.card is Card.LATE and self._play.now - reported < _LATE:
            return
        if part is not None and part.card is Card.SENT_BACK and int(card["id"]) not in self._returned:
            self._returned.add(int(card["id"]))
            desk.post(f"/cards/{card['id']}/return", {"reason": "The signature is missing"})
            return
        desk.post(f"/cards/{card['id']}/receipt")


class CallbackAgents:
    """Two who call customers in calling hours, side by side, and write down what they say."""

    def __init__(self, play: Play) -> None:
        """Nobody has been called yet."""
        self._play = play

    def work(self) -> None:
        """Make the calls of one round."""
        abreast([partial(self._call_on, self._play.desks[login]) for login in _AGENTS])

    def _call_on(self, desk: Desk) -> None:
        for _ in range(_CALLS_A_ROUND):
            handed = desk.post("/callbacks/next")
            if not handed:
                return
            callback = handed["callback"]
            known = self._play.tickets.get(int(callback["ticket_id"]))
            desk.post(f"/callbacks/{callback['id']}/attempts", self._call(known, handed))

    def _call(self, known: Known | None, handed: Answer) -> dict[str, object]:
        """Return what came of a call."""
        callback = handed["callback"]
        calling = known.part.calling if known else Calling.WELL
        outcome = str(callback["outcome"])
        tried = known.calls if known else 0
        if known:
            known.calls += 1
        away = {Calling.LATER: tried == 0, Calling.SURVEYED: True, Calling.NEVER: True}.get(calling, False)
        if away:
            return {"reached": False}
        if not outcome.startswith(("done", "no_fault", "exchanged")):
            answers: dict[str, object] = {"agrees": True, "satisfied": 4}
            return {"reached": True, "answers": answers, "verdict": "pass"}
        return self._interview(calling, again=tried > 0)

    def _interview(self, calling: Calling, *, again: bool) -> dict[str, object]:
        well: dict[str, object] = {"came": True, "done": True, "working": True, "satisfied": 5}
        trouble: dict[Calling, tuple[dict[str, object], str]] = {
            Calling.STILL_BROKEN: ({"working": False, "satisfied": 2, "words": "It failed again"}, "still_broken"),
            Calling.NOBODY_CAME: ({"came": False, "done": False}, "nobody_came"),
            Calling.OVERCHARGED: ({"charged": 50_000, "satisfied": 2}, "overcharged"),
            Calling.RUDE: ({"satisfied": 1, "words": "He shouted at me"}, "rude"),
        }
        if calling in trouble and not again:
            answers, reason = trouble[calling]
            return {"reached": True, "answers": well | answers, "verdict": "fail", "fail_reason": reason}
        return {"reached": True, "answers": well, "verdict": "pass"}


class Supervisor:
    """Re-confirms what failed or could not be reached, or does not; decides complaints."""

    HOURS = ((9, 15), (13, 45), (17, 15))

    def __init__(self, play: Play) -> None:
        """Nothing has been decided yet."""
        self._play = play

    def work(self) -> None:
        """Decide what waits."""
        desk = self._play.desks["supervisor"]
        for status in ("failed", "unreachable"):
            for callback in desk.items("/callbacks", status=status):
                self._decide(desk, callback, heard=status == "failed")
        for complaint in desk.items("/complaints", open="true"):
            decision = {"decision": "Apologised; the technician was spoken to"}
            desk.post(f"/complaints/{complaint['id']}/decision", decision)

    def _decide(self, desk: Desk, callback: Answer, *, heard: bool) -> None:
        known = self._play.tickets.get(int(callback["ticket_id"]))
        calling = known.part.calling if known else Calling.WELL
        path = f"/callbacks/{callback['id']}"
        try:
            if heard and calling in {Calling.NOBODY_CAME, Calling.STILL_BROKEN}:
                desk.post(f"{path}/refusal", {"evidence": "The customer shows that it was not done"})
            elif heard:
                desk.post(
                    f"{path}/reconfirmation",
                    {"evidence": "Spoke to the customer, the work is done", "without_customer": False},
                )
            else:
                desk.post(
                    f"{path}/reconfirmation",
                    {"evidence": "Check-in and signature were looked at", "without_customer": True},
                )
        except Refused as refused:
            # Whoever dispatched by override does not re-confirm alone: it stays with him until a second person looks.
            if refused.status != 409:
                raise
