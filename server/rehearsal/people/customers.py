"""Customers with a telephone: they confirm, move, agree, refuse, answer surveys, or do not."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from server.rehearsal.casting import Before, Calling, Confirming, Course, Extra
from server.rehearsal.play import GLANCE, Known, Play
from server.rehearsal.texts import Reading

_AWAKE = (7, 22)


class Customers:
    """All of them, by their telephones."""

    def __init__(self, play: Play) -> None:
        """Nobody has been told anything yet."""
        self._play = play
        self._stopped: set[str] = set()
        self._confirmed: set[str] = set()

    def hear(self, phone: str, reading: Reading) -> None:
        """Read a text and plan what to do about it."""
        known = self._play.by_phone.get(phone)
        if known is None:
            return
        if known.part.before is Before.STOPS:
            if phone not in self._stopped:
                self._stopped.add(phone)
                self._write(known, "STOP", (1, 5))
            return
        code = reading.says.get("code", "")
        if reading.name == "customer.window":
            self._confirm(known, code, reading.says.get("link", ""))
        elif reading.name == "customer.extra_work":
            self._authorise(known, code)
        elif reading.name in {"customer.survey", "customer.ask"}:
            self._answer_survey(known, code)
        elif reading.name == "customer.delay":
            self._write(known, f"1 {code}", (2, 10))
        elif reading.name == "customer.absent":
            self._press(known, reading.says.get("link", ""), {"answer": "rebook", "wish": "Any morning"}, (20, 90))

    def _confirm(self, known: Known, code: str, link: str) -> None:
        play = self._play
        if known.part.before is Before.PROSE and known.report.phone not in self._confirmed:
            self._write(known, "Could he please ring twice, the bell is hard to hear", (5, 40))
        way = known.part.confirming if known.report.phone not in self._confirmed else Confirming.REPLIES
        self._confirmed.add(known.report.phone)
        if way is Confirming.REPLIES:
            self._write(known, play.chance("confirm", known.report.key).choice((f"1 {code}", f"{code} 1")), (2, 60))
        elif way is Confirming.MOVES:
            self._write(known, f"2 {code} the day after tomorrow", (10, 60), alone=True)
        elif way is Confirming.BY_LINK:
            self._press(known, link, {"answer": "confirm"}, (3, 90))

    def _press(self, known: Known, link: str, form: Mapping[str, str], minutes: tuple[int, int]) -> None:
        """Open a link after a while and press its button: looking acts on nothing, only the button does."""
        play = self._play
        path = urlsplit(link).path
        wait = timedelta(minutes=play.chance("link", known.report.key, form["answer"]).randint(*minutes))

        def press() -> None:
            play.public.ask("GET", path)
            # A browser says which page the form was on.
            answer = play.public.ask("POST", path, data=form, headers={"Origin": play.public.address})
            if answer.status == HTTPStatus.SEE_OTHER:
                play.tally.count("answered_by_link")

        at = play.in_hours(play.now + wait, first=_AWAKE[0], last=_AWAKE[1])
        play.agenda.add(at, "3-customer", known.report.phone, act=press, minutes=GLANCE)

    def _authorise(self, known: Known, code: str) -> None:
        if known.part.extra is Extra.AGREED:
            self._write(known, f"1 {code}", (2, 7))
        elif known.part.extra is Extra.REFUSED:
            self._write(known, f"2 {code}", (2, 7))

    def _answer_survey(self, known: Known, code: str) -> None:
        part = known.part
        if part.course in {Course.ABSENT, Course.DECLINED} and known.calls == 0:
            self._write(known, f"1 {code}", (20, 120))
        elif part.calling is Calling.SURVEYED:
            self._write(known, f"1 {code}", (60, 600))

    def _write(self, known: Known, words: str, minutes: tuple[int, int], *, alone: bool = False) -> None:
        play = self._play
        phone = known.report.phone
        wait = timedelta(minutes=play.chance("answer", known.report.key, words).randint(*minutes))
        at = play.in_hours(play.now + wait, first=_AWAKE[0], last=_AWAKE[1])
        play.agenda.add(
            at, "3-customer", phone, words, act=lambda: play.telephones.write(phone, words), alone=alone, minutes=GLANCE
        )
