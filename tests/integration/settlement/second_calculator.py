"""A second calculator of a month's pay, written from the handbook alone: it shares no code with the product.

It knows histories, not tables: lists of visits with what happened to each, minutes counted one by one on the local
clock, and fen as plain integers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LABOUR = {"done_without_part": 80_00, "no_fault": 41_35}
CALL_OUT = {"customer_absent": 15_00}
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Happened:
    """One visit: of which ticket, when it ended and how, what the callback said, when the card was due and came."""

    ticket: int
    ended: datetime
    result: str
    callback: str
    card_due: datetime | None = None
    card_came: datetime | None = None
    lied: bool = False


@dataclass(frozen=True)
class Pay:
    """What a payee's month comes to, and by which visits (indices into the history) labour was earned."""

    fen: int
    paid: frozenset[int]


def pay_of(history: list[Happened], *, year: int, month: int) -> Pay:
    """Return the pay of one payee who made all of these visits, for one month."""
    fen, paid, fined = 0, set(), set()
    for index, visit in enumerate(history):
        when = visit.ended.astimezone(SHANGHAI)
        if (when.year, when.month) != (year, month):
            continue
        believed = visit.callback in ("passed", "reconfirmed")
        doubted_for_good = visit.callback in ("not_confirmed", "lapsed")
        settled = True
        if visit.result in LABOUR:
            redone = any(
                other.ticket == visit.ticket and other.result in LABOUR and position > index
                for position, other in enumerate(history)
            )
            card_missing = visit.card_due is not None and visit.card_came is None
            if not redone and believed and not card_missing:
                fen += LABOUR[visit.result]
                paid.add(index)
            # Neither paid nor refused: its penalties wait with it.
            settled = redone or doubted_for_good or (believed and not card_missing)
        elif visit.result in CALL_OUT:
            if believed:
                fen += CALL_OUT[visit.result]
                paid.add(index)
            settled = believed or doubted_for_good
        if settled:
            fen -= _late(visit)
    return Pay(fen - _lies(history, fined, year, month), frozenset(paid))


def _late(visit: Happened) -> int:
    """One yuan for every three hours begun while the desk is open (8 to 18), fifty at most."""
    if visit.card_due is None or visit.card_came is None:
        return 0
    open_minutes, clock = 0, visit.card_due
    while clock < visit.card_came:
        if 8 <= clock.astimezone(SHANGHAI).hour < 18:
            open_minutes += 1
        clock += timedelta(minutes=1)
    begun = 0
    while open_minutes > 0:
        begun += 1
        open_minutes -= 180
    return min(begun * 100, 5000)


def _lies(history: list[Happened], fined: set[int], year: int, month: int) -> int:
    """Fifty for the false reports of a ticket, charged where its last visit of the month is settled."""
    total = 0
    for ticket in {visit.ticket for visit in history if visit.lied}:
        visits = [(index, visit) for index, visit in enumerate(history) if visit.ticket == ticket]
        index, last = visits[-1]
        assert ticket not in fined
        if _settled(history, index, last):
            total += 5000
            fined.add(ticket)
    return total


def _settled(history: list[Happened], index: int, visit: Happened) -> bool:
    if visit.callback in ("passed", "reconfirmed"):
        return not (visit.result in LABOUR and visit.card_due is not None and visit.card_came is None)
    if visit.result not in LABOUR and visit.result not in CALL_OUT:
        return True
    return visit.callback in ("not_confirmed", "lapsed")
