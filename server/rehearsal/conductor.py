"""The conductor: moves time from one thing to the next, lets people act, and waits until the product is at rest."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum

from server.rehearsal.agenda import Cue
from server.rehearsal.people.customers import Customers
from server.rehearsal.people.dispatcher import PLANS, Dispatchers
from server.rehearsal.people.office import CallbackAgents, Clerk, Supervisor
from server.rehearsal.people.technicians import Technicians
from server.rehearsal.play import Play
from server.rehearsal.sixty import Sixty
from server.rehearsal.texts import read

_CALLING = ((8, 12), (14, 20))
_ROUNDS = tuple(time_of_day(hour, minute) for hour in range(7, 20) for minute in (0, 30))
_HOURS = tuple(time_of_day(hour) for hour in range(7, 20))
_FEW_ROUNDS = (time_of_day(9, 30), time_of_day(15, 0), time_of_day(18, 30))


class Speed(StrEnum):
    """How simulated time runs."""

    MAX = "max"
    SIXTY = "60x"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who has a telephone or a queue."""

    technicians: Technicians
    customers: Customers
    dispatchers: Dispatchers
    clerk: Clerk
    agents: CallbackAgents
    supervisor: Supervisor


class Conductor:
    """Plays a rehearsal to its end."""

    def __init__(self, play: Play, cast: Cast, *, speed: Speed, say: Callable[[str], None]) -> None:
        """Plan what happens at fixed hours."""
        self._play, self._cast, self._speed, self._say = play, cast, speed, say
        self._told = play.material.day
        self._closing = False
        self._heard = 0
        self._every_day(PLANS, "1-plan", cast.dispatchers.plan)
        self._every_day(Clerk.HOURS, "4-clerk", cast.clerk.work)
        self._every_day(Supervisor.HOURS, "4-supervisor", cast.supervisor.work)
        self._rounds()

    def play_days(self) -> None:
        """Play until every ticket has ended, or the days are over."""
        clock = Sixty(self._play.now) if self._speed is Speed.SIXTY else None
        while self._play.now < self._play.ends_at and not self._is_over():
            self._step(self._play.ends_at, clock)
        self._play.beat.settle()

    def play_until(self, end: datetime) -> None:
        """Play on at full speed, whoever still has something to do."""
        self._closing = True
        while self._play.now < end:
            self._step(end, None)
        self._play.beat.settle()

    def _step(self, end: datetime, clock: Sixty | None) -> None:
        """Move to the next instant at which anything happens, and let it happen."""
        play = self._play
        due = play.beat.next_due()
        instants = [at for at in (play.agenda.next_at(), due, end) if at is not None]
        instant = max(min(instants), play.now)
        if clock is not None:
            instant = clock.wait_for(instant)
        is_due = due is not None and due <= instant
        play.beat.move_to(instant, sweep=is_due)
        if is_due:
            play.beat.settle()
            self._listen()
        self._act(play.agenda.due(instant))
        play.beat.settle()
        self._listen()
        self._cast.dispatchers.notice()
        self._tell()

    def _act(self, cues: list[Cue]) -> None:
        for cue in cues:
            if cue.alone:
                self._come_to_rest()
            cue.act()
            if cue.alone:
                self._come_to_rest()
        self._play.telephones.leave()

    def _come_to_rest(self) -> None:
        self._play.telephones.leave()
        self._play.beat.settle()

    def _listen(self) -> None:
        """Let everybody look at his telephone, if anything has arrived at all."""
        if self._heard == self._play.beat.notices:
            return
        self._heard = self._play.beat.notices
        for received in self._play.telephones.unread():
            reading = read(received.body)
            if self._cast.technicians.has(received.phone):
                self._cast.technicians.hear(received.phone, reading)
            else:
                self._cast.customers.hear(received.phone, reading)

    def _is_over(self) -> bool:
        """Return whether all that was reported has ended; asked every third hour."""
        play = self._play
        if play.now.minute or play.now.hour % 3 or not play.tickets or self._still_to_report():
            return False
        desk = play.desks["dispatcher"]
        return all(
            not desk.get("/tickets", status=status, limit=1)["items"]
            for status in ("incomplete", "ready", "planned", "waiting", "done")
        )

    def _still_to_report(self) -> bool:
        last = max(report.at for report in self._play.material.reports)
        return self._play.now < last + timedelta(hours=3)

    def _every_day(self, hours: tuple[tuple[int, int], ...], order: str, act: Callable[[], None]) -> None:
        """Let somebody do something at these hours; after the days of the rehearsal once a day is enough."""
        play = self._play

        def again() -> None:
            left = hours[:1] if self._closing else hours
            at = min(play.daily(hour, minute, after=play.now) for hour, minute in left)
            play.agenda.add(at, order, act=work)

        def work() -> None:
            act()
            again()

        again()

    def _rounds(self) -> None:
        """Desk and callback agent look at their queues every half hour while reports come in.

        Then once an hour is enough, and after the days of the rehearsal three times a day.
        """
        play, cast = self._play, self._cast
        busy_until = play.material.begins_at + timedelta(days=play.material.days)

        def round_() -> None:
            if self._closing and play.local(play.now).time() not in _FEW_ROUNDS:
                again()
                return
            cast.dispatchers.look()
            if any(first <= play.local(play.now).hour < last for first, last in _CALLING):
                cast.agents.work()
            again()

        def again() -> None:
            hours = _FEW_ROUNDS if self._closing else _ROUNDS if play.now < busy_until else _HOURS
            at = min(play.daily(each.hour, each.minute, after=play.now) for each in hours)
            play.agenda.add(at, "4-round", act=round_)

        again()

    def _tell(self) -> None:
        day = self._play.local(self._play.now).date()
        if day != self._told:
            self._told = day
            self._say(f"{day.isoformat()} begins")
