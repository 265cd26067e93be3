"""Technicians with a telephone and nothing else: they read texts and answer with job codes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from server.rehearsal.casting import Course, Extra
from server.rehearsal.desk import Answer
from server.rehearsal.people.work import finished_words, unfinished_words
from server.rehearsal.play import GLANCE, Known, Play
from server.rehearsal.texts import Reading

_LIVE = frozenset({"accepted", "on_the_way", "on_site"})
_BUSY_AGAIN = timedelta(minutes=5)
_ILL_AT = (11, 40)
_Act = Callable[[], None]


@dataclass(slots=True)
class Job:
    """A job that somebody has taken.

    :param alive: whether it is still his: a withdrawal ends it, and so does its end.
    """

    code: str
    known: Known
    visit_id: int
    starts_at: datetime
    ends_at: datetime
    travel: timedelta
    alive: bool = True


@dataclass(slots=True)
class Technician:
    """One technician.

    :param busy: whether he is on his way to a customer, or there.
    :param ill_until: while he is ill he answers nothing.
    """

    phone: str
    jobs: dict[str, Job] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
    busy: Job | None = None
    ill_until: datetime | None = None


class Technicians:
    """All of them."""

    def __init__(self, play: Play, phones: list[str]) -> None:
        """Name their telephones; one of them will fall ill in the middle of the first day."""
        self._play = play
        self._all = {phone: Technician(phone) for phone in phones}
        noon = play.daily(*_ILL_AT, after=play.material.begins_at)
        play.agenda.add(noon, "2-ill", act=self._fall_ill, alone=True)

    def has(self, phone: str) -> bool:
        """Return whether the telephone is a technician's."""
        return phone in self._all

    def hear(self, phone: str, reading: Reading) -> None:
        """Read a text and plan what to do about it."""
        technician = self._all[phone]
        if self._is_ill(technician):
            return
        code = reading.says.get("code", "")
        if reading.name == "offer.new":
            self._think_about(technician, code)
        elif reading.name == "job.accepted":
            self._take(technician, code, reading.says["ticket"])
        elif reading.name == "offer.withdrawn" and code in technician.jobs:
            self._drop(technician, technician.jobs[code])

    # -- offers ------------------------------------------------------------------------------------

    def _think_about(self, technician: Technician, code: str) -> None:
        play = self._play
        chance = play.chance("offer", technician.phone, code, play.now.isoformat())
        drawn = chance.random()
        if drawn < 0.84:
            words = chance.choice((f"{code} 1", f"1 {code}", f"{code} ok", f"ok {code}"))
            self._say(technician, words, timedelta(minutes=chance.randint(1, 9)), code)
        elif drawn < 0.91:
            words = f"{code} 2 {chance.choice(('too far', 'no time', 'not my skill'))}"
            self._say(technician, words, timedelta(minutes=chance.randint(1, 9)), code, alone=True)
        elif drawn < 0.95:
            play.tally.count("late_answer")
            self._say(technician, f"{code} 1", timedelta(minutes=chance.randint(33, 50)), code, alone=True)
        else:
            play.tally.count("no_answer")

    def _say(self, technician: Technician, words: str, after: timedelta, code: str, *, alone: bool = False) -> None:
        play = self._play

        def say() -> None:
            if not self._is_ill(technician):
                play.telephones.write(technician.phone, words)

        play.agenda.add(play.now + after, "2-technician", technician.phone, code, act=say, alone=alone, minutes=GLANCE)

    def _take(self, technician: Technician, code: str, number: str) -> None:
        """Put an accepted job into the day: the dispatch order names the minute."""
        play = self._play
        known = play.by_number.get(number)
        if known is None or (code in technician.jobs and technician.jobs[code].alive):
            return
        visit = self._order(known)
        if visit is None:
            return
        job = Job(
            code=code,
            known=known,
            visit_id=int(visit["id"]),
            starts_at=datetime.fromisoformat(visit["starts_at"]),
            ends_at=datetime.fromisoformat(visit["ends_at"]),
            travel=timedelta(seconds=int(visit.get("travel_seconds") or 0)),
        )
        technician.jobs[code] = job
        self._plan(technician, job)

    def _order(self, known: Known) -> Answer | None:
        """Return the visit on the dispatch order that the station has printed."""
        visits = self._play.desks["dispatcher"].get(f"/tickets/{known.id}")["visits"]
        return next((visit for visit in visits if visit["status"] in _LIVE), None)

    def _plan(self, technician: Technician, job: Job) -> None:
        play = self._play
        chance = play.chance("job", job.known.report.key, job.known.visits, technician.phone)
        leaves_at = max(job.starts_at - job.travel - timedelta(minutes=chance.randint(3, 8)), play.now)
        if chance.random() < 0.02 and leaves_at - play.now > timedelta(minutes=20):
            back = play.now + timedelta(minutes=10)
            self._at(back, technician, job, lambda: self._hand_back(technician, job), alone=True)
            return
        called_at = play.in_hours(play.now + timedelta(minutes=chance.randint(10, 100)), first=8, last=20)
        if called_at < leaves_at and chance.random() < 0.9:
            self._at(called_at, technician, job, lambda: self._tell(technician, job, "3"))
        self._at(leaves_at, technician, job, lambda: self._leave(technician, job))

    def _hand_back(self, technician: Technician, job: Job) -> None:
        self._tell(technician, job, "10", " vehicle")
        job.alive = False

    def _drop(self, technician: Technician, job: Job) -> None:
        job.alive = False
        if technician.busy is job:
            technician.busy = None

    def _is_ill(self, technician: Technician) -> bool:
        return technician.ill_until is not None and self._play.now < technician.ill_until

    def _fall_ill(self) -> None:
        """Of those with work this afternoon the one with most of it goes home."""
        play = self._play
        tonight = play.daily(23, 0, after=play.now)
        loads = [
            (-sum(1 for job in one.jobs.values() if job.alive and play.now < job.starts_at < tonight), one.phone)
            for one in self._all.values()
            if one.busy is None
        ]
        if not loads or min(loads)[0] == 0:
            play.agenda.add(play.daily(*_ILL_AT, after=play.now), "2-ill", act=self._fall_ill, alone=True)
            return
        technician = self._all[min(loads)[1]]
        play.telephones.write(technician.phone, "sick")
        technician.ill_until = play.daily(5, 0, after=play.now)
        # The product takes today's visits from him; what he has accepted for tomorrow he still does.
        for job in technician.jobs.values():
            if job.starts_at < technician.ill_until:
                self._drop(technician, job)

    # -- the visit ---------------------------------------------------------------------------------

    def _leave(self, technician: Technician, job: Job) -> None:
        play = self._play
        if technician.busy is not None:
            self._at(play.now + _BUSY_AGAIN, technician, job, lambda: self._leave(technician, job))
            return
        technician.busy = job
        if not job.known.part.slips:
            self._tell(technician, job, "4")
        chance = self._chance(job, "drive")
        drives = job.travel * chance.uniform(0.8, 1.3) + timedelta(minutes=2)
        # Service never starts before the announced minute (R13).
        arrives = max(play.now + drives, job.starts_at - timedelta(minutes=5))
        self._at(arrives, technician, job, lambda: self._arrive(technician, job))

    def _arrive(self, technician: Technician, job: Job) -> None:
        play = self._play
        self._tell(technician, job, "5")
        course = self._course(job)
        chance = self._chance(job, "work")
        works = (job.ends_at - job.starts_at) * chance.uniform(0.55, 0.95)
        if course is Course.ABSENT:
            after = play.now + timedelta(minutes=16)
            self._at(after, technician, job, lambda: self._end(technician, job, "8", " rang twice"))
        elif course is Course.DECLINED:
            after = play.now + timedelta(minutes=12)
            self._at(after, technician, job, lambda: self._end(technician, job, "9", " too expensive"))
        elif course is Course.NOT_FINISHED:
            words = unfinished_words(play.local(play.now + timedelta(days=2)).date(), chance)
            after = play.now + timedelta(minutes=25)
            self._at(after, technician, job, lambda: self._end(technician, job, "7", words))
        else:
            self._work(technician, job, course, works)

    def _work(self, technician: Technician, job: Job, course: Course, works: timedelta) -> None:
        play = self._play
        extra = job.known.part.extra if job.known.visits == 0 else None
        if extra is not None:
            asked = play.now + timedelta(minutes=8)
            self._at(asked, technician, job, lambda: self._tell(technician, job, "11", " 120 renew the bracket"))
            works = max(works, timedelta(minutes=30))
        words = finished_words(
            job.known.report, course, charged=extra is Extra.AGREED, chance=self._chance(job, "words")
        )
        self._at(play.now + works, technician, job, lambda: self._end(technician, job, "6", words))

    def _course(self, job: Job) -> Course:
        """Return how this visit goes: what was cast is the first visit's; later ones get the work done."""
        return job.known.part.course if job.known.visits == 0 else Course.DONE

    def _end(self, technician: Technician, job: Job, digits: str, words: str) -> None:
        self._tell(technician, job, digits, words)
        job.known.visits += 1
        if digits == "7":
            self._play.unfinished.add(job.known.id)
        self._drop(technician, job)

    # -- telephone ---------------------------------------------------------------------------------

    def _tell(self, technician: Technician, job: Job, digits: str, words: str = "") -> None:
        text = f"{job.code} {digits}{words}"
        self._play.telephones.write(technician.phone, text)

    def _at(self, at: datetime, technician: Technician, job: Job, act: _Act, *, alone: bool = False) -> None:
        def still() -> None:
            if job.alive and not self._is_ill(technician):
                act()

        self._play.agenda.add(at, "2-technician", technician.phone, job.code, act=still, alone=alone, minutes=GLANCE)

    def _chance(self, job: Job, what: str) -> Random:
        return self._play.chance(what, job.known.report.key, job.known.visits)
