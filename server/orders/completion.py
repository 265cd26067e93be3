"""How a visit ends: finished with a card, not finished, nobody there, declined (R27, R27a, R7)."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.clock import local_day, local_instant
from server.core.errors import Invalid
from server.core.events import Actor, note, record
from server.core.money import Money
from server.orders import hindrances, judging, rules
from server.orders.charging import CardClaim, ChargeClaim, PartClaim, contradiction, unauthorised_lines
from server.orders.locks import lock_visit
from server.orders.models import Ticket
from server.orders.serials import keep_serial
from server.orders.status import VISIT, TicketEvent, VisitEvent, VisitStatus
from server.orders.terms import VisitTerms
from server.orders.visit_models import CardCharge, CardPart, CompletionCard, ExtraWork, Visit
from server.orders.words import FINISHED, NOT_FINISHED, HindranceReason, VisitResult
from server.parts.catalogue import ids_of


class NotAnEnd(Invalid):
    """The result is not one of those that a visit can end with in this way."""

    code = "visit.wrong_result"


class CardContradictsItself(Invalid):
    """The card says two things that cannot both be true."""

    code = "card.contradiction"


class ChargesNotAuthorised(Invalid):
    """The card charges something that the customer has not authorised (R21)."""

    code = "card.charges_not_authorised"


class UnknownPart(Invalid):
    """A part number that is not in the catalogue."""

    code = "card.unknown_part"


class EndedInFuture(Invalid):
    """A visit cannot have ended after now."""

    code = "visit.ended_in_future"


class NextDatePast(Invalid):
    """The next date lies before today."""

    code = "visit.next_date_past"


def finish(
    session: Session,
    *,
    visit_id: int,
    technician_id: int | None,
    card: CardClaim,
    by: Actor,
    now: datetime,
    done_at: datetime | None = None,
) -> CompletionCard:
    """End a visit whose work is done, with its completion card; the ticket is *done*.

    The clock of R16 ends now, or for work recorded offline at ``done_at``: the last contact with the server
    plus the telephone's monotonic time, never its wall clock. The technician's time is free from then.
    Events: `visit.finish`, `ticket.finish`, `completion_card.report`.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises IllegalTransition: if it is not in the technician's hands.
    :raises NotAnEnd: if the result is not one that finishes the work.
    :raises CardContradictsItself: if times, amounts, parts, serials and result do not fit together.
    :raises ChargesNotAuthorised: if it charges what the customer has not authorised; it names the lines.
    :raises UnknownPart: if a part number is not in the catalogue.
    :raises EndedInFuture: if ``done_at`` lies after now.
    """
    if card.result not in FINISHED:
        raise NotAnEnd(result=str(card.result))
    if (what := contradiction(card)) is not None:
        raise CardContradictsItself(what=what)
    ticket, visit = lock_visit(session, visit_id, technician_id=technician_id)
    VISIT.follows(visit.status, VisitEvent.FINISH)
    terms, _ = policies.in_force(session, VisitTerms, at=now)
    _check_charges(session, ticket, visit, card, terms)
    finished_at = _effective(done_at, now)
    row = _write_card(session, ticket, visit.id, card, terms, (finished_at, now))
    keep_serial(session, ticket, card=card, by=by, now=now)
    details = {"result": str(card.result), "card_id": row.id}
    _end(visit, card.result, note_=None, at=finished_at)
    record(session, visit, VisitEvent.FINISH, by=by, now=now, details=details)
    record(session, ticket, TicketEvent.FINISH, by=by, now=now, details=details)
    note(session, row, "report", by=by, now=now)
    return row


def _effective(done_at: datetime | None, now: datetime) -> datetime:
    if done_at is not None and done_at > now:
        raise EndedInFuture
    return done_at or now


def _end(visit: Visit, result: VisitResult, *, note_: str | None, at: datetime) -> None:
    """Write down how and when a visit ended; a visit that ends early frees the rest of its time.

    Its status follows in the next step: the database refuses the one without the other.
    """
    visit.result = result
    visit.finished_at = at
    visit.note = note_
    visit.ends_at = rules.end_of_interval(starts_at=visit.starts_at, ends_at=visit.ends_at, ended_at=at)


def _check_charges(session: Session, ticket: Ticket, visit: Visit, card: CardClaim, terms: VisitTerms) -> None:
    authorised: dict[int, Money] = {
        extra.id: extra.price
        for extra in session.scalars(
            select(ExtraWork).where(ExtraWork.visit_id == visit.id, ExtraWork.authorised.is_(True))
        )
    }
    refused = unauthorised_lines(
        card,
        category=ticket.charge_category,
        authorised=authorised,
        tolerance_percent=terms.charge_tolerance_percent,
    )
    if refused:
        raise ChargesNotAuthorised(lines=list(refused))


def _write_card(
    session: Session,
    ticket: Ticket,
    visit_id: int,
    card: CardClaim,
    terms: VisitTerms,
    times: tuple[datetime, datetime],
) -> CompletionCard:
    finished_at, now = times
    row = CompletionCard(
        visit_id=visit_id,
        ticket_id=ticket.id,
        diagnosis=card.diagnosis,
        work_done=card.work_done,
        started_at=card.started_at,
        ended_at=card.ended_at,
        removed_serial=card.removed_serial,
        fitted_serial=card.fitted_serial,
        signed_by=card.signed_by,
        reported_at=now,
        card_due_at=rules.card_due(work_type=ticket.work_type, finished_at=finished_at, terms=terms),
    )
    session.add(row)
    session.flush()
    session.add_all(_parts(session, row.id, card.parts))
    session.add_all(_charge(row.id, charge) for charge in card.charges)
    return row


def _parts(session: Session, card_id: int, parts: tuple[PartClaim, ...]) -> list[CardPart]:
    known = ids_of(session, [part.number for part in parts if part.number is not None])
    unknown = [part.number for part in parts if part.number is not None and part.number not in known]
    if unknown:
        raise UnknownPart(numbers=unknown)
    return [
        CardPart(
            card_id=card_id,
            part_id=known[part.number] if part.number is not None else None,
            name=part.name,
            quantity=part.quantity,
            source=part.source,
            price=part.price,
        )
        for part in parts
    ]


def _charge(card_id: int, charge: ChargeClaim) -> CardCharge:
    return CardCharge(
        card_id=card_id, kind=charge.kind, text=charge.text, price=charge.price, extra_work_id=charge.extra_work_id
    )


def not_finish(
    session: Session,
    *,
    visit_id: int,
    technician_id: int | None,
    result: VisitResult,
    reason: HindranceReason,
    text: str,
    until: date | None,
    by: Actor,
    now: datetime,
) -> Visit:
    """End a visit whose work is not done: the ticket stays open with a reason, for its next visit (R27).

    With a date the ticket waits for it, else it is ready to be planned. The reason is also a report that the
    limit cannot be kept (R17). Events: `visit.not_finish`, `ticket.not_finish`, `ticket.hindrance`, and
    `ticket.wait` with a date.

    :param technician_id: whose visit it must be; None for the desk.
    :param until: the local day before which nothing can be done.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises IllegalTransition: if it is not in the technician's hands.
    :raises NotAnEnd: if the result is not one that leaves work to do.
    :raises NextDatePast: if the date lies before today.
    """
    if result not in NOT_FINISHED:
        raise NotAnEnd(result=str(result))
    ticket, visit = lock_visit(session, visit_id, technician_id=technician_id)
    VISIT.follows(visit.status, VisitEvent.NOT_FINISH)
    zone = judging.time_zone(session, judging.known_about(session, ticket))
    if until is not None and until < local_day(now, zone):
        raise NextDatePast
    hindrances.keep(session, ticket, visit, reason=reason, text=text, until=until, by=by, now=now)
    _end(visit, result, note_=text, at=now)
    details = {"result": str(result), "reason": str(reason)}
    record(session, visit, VisitEvent.NOT_FINISH, by=by, now=now, reason=text, details=details)
    record(session, ticket, TicketEvent.NOT_FINISH, by=by, now=now, reason=text, details=details)
    if until is not None and local_instant(until, 0, 0, zone) > now:
        ticket.waits_until = local_instant(until, 0, 0, zone)
        record(session, ticket, TicketEvent.WAIT, by=by, now=now, reason=text, details={"until": until.isoformat()})
    return visit


def find_nobody(
    session: Session, *, visit_id: int, technician_id: int | None, text: str | None, by: Actor, now: datetime
) -> Visit:
    """End a visit at which the customer was absent (R27a).

    The ticket is ready for another; after the second absence it waits until the desk has called and agreed
    a time (`agree_window`). Events: `visit.find_nobody` with the number of absences, `ticket.not_finish`, and
    `ticket.wait` from the second on.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises IllegalTransition: if it is not in the technician's hands.
    """
    ticket, visit = lock_visit(session, visit_id, technician_id=technician_id)
    VISIT.follows(visit.status, VisitEvent.FIND_NOBODY)
    terms, _ = policies.in_force(session, VisitTerms, at=now)
    absences = 1 + _absences(session, ticket)
    _end(visit, VisitResult.CUSTOMER_ABSENT, note_=text, at=now)
    details = {"absences": absences, "after_agreed_time": now >= visit.starts_at}
    record(session, visit, VisitEvent.FIND_NOBODY, by=by, now=now, reason=text, details=details)
    record(session, ticket, TicketEvent.NOT_FINISH, by=by, now=now, reason="customer_absent", details=details)
    if absences >= terms.absences_before_call:
        ticket.waits_until = None
        record(session, ticket, TicketEvent.WAIT, by=by, now=now, reason="customer_absent", details=details)
    return visit


def _absences(session: Session, ticket: Ticket) -> int:
    """Return at how many visits of the ticket the customer was absent."""
    query = select(func.count()).where(Visit.ticket_id == ticket.id, Visit.status == VisitStatus.CUSTOMER_ABSENT)
    return session.scalar(query) or 0


def be_declined(
    session: Session, *, visit_id: int, technician_id: int | None, reason: str, by: Actor, now: datetime
) -> Visit:
    """End a visit at which the customer declined the work; the ticket ends as declined (R7).

    Events: `visit.be_declined`, `ticket.decline`.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    :raises IllegalTransition: if it is not in the technician's hands.
    """
    ticket, visit = lock_visit(session, visit_id, technician_id=technician_id)
    VISIT.follows(visit.status, VisitEvent.BE_DECLINED)
    _end(visit, VisitResult.CUSTOMER_DECLINED, note_=reason, at=now)
    details = {"visit_id": visit.id}
    record(session, visit, VisitEvent.BE_DECLINED, by=by, now=now, reason=reason)
    ticket.closed_at = now
    record(session, ticket, TicketEvent.DECLINE, by=by, now=now, reason=reason, details=details)
    return visit
