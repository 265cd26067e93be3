"""Where a customer leaves traces: every column that may hold what is personal, and what becomes of it.

History (events, corrections, reports, check-ins, interviews) is not here: the application may not change it, and the
owner's function `erase_history` does. A test holds every text column of the schema against both.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Delete,
    Select,
    String,
    Update,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import ColumnElement

from server.callbacks.models import Complaint, CustomerCallback
from server.conversation.models import Ended, HumanReading, OpenQuestion
from server.customers.models import Customer, CustomerPhone, Equipment, Site
from server.dispatch.models import Escalation, Offer, Plan, PlanOmission, PlanStop
from server.dispatch.status import PlanStatus
from server.orders.models import CustomerLink, Hindrance, Ticket, Urge
from server.orders.visit_models import CardCharge, CardPart, CompletionCard, ExtraWork, Visit
from server.organisation.models import Station
from server.privacy.codes import CODES
from server.settlement.models import Appeal, Deduction, StatementLine
from server.sms.models import InboundMessage, OutboxMessage, PrivacyNumber, Suppression
from server.technicians.models import Technician
from server.web import idempotency

Ids = Select[int]


def clear(session: Session, customer_id: int, *, phones: frozenset[str], now: datetime) -> None:
    """Clear every trace of a customer outside history.

    :param phones: the telephones that are his alone.
    """
    for noun, ids in _asked_about(customer_id, phones):
        idempotency.empty(session, noun, ids)
    for statement in (
        *_file(customer_id),
        *_work(customer_id),
        *_plans(customer_id),
        *_verification(customer_id),
        *_money(customer_id),
        *_messages(customer_id, phones, now),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def of_messages(customer_id: int, phones: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that a message that we sent is about a customer, or went to a telephone of his own."""
    return or_(OutboxMessage.ticket_id.in_(_tickets(customer_id)), OutboxMessage.phone.in_(phones))


def _tickets(customer_id: int) -> Ids:
    return select(Ticket.id).where(Ticket.customer_id == customer_id)


def _under(model: Any, customer_id: int) -> Ids:
    """Return the ids of the rows that belong to the customer's tickets."""
    return select(model.id).where(model.ticket_id.in_(_tickets(customer_id)))


def _lines(customer_id: int) -> Ids:
    return _under(StatementLine, customer_id)


def _asked_about(customer_id: int, phones: frozenset[str]) -> Iterator[tuple[str, Ids]]:
    """Yield what addresses of the API name, with the ids of the customer's."""
    yield "customers", select(Customer.id).where(Customer.id == customer_id)
    yield "sites", select(Site.id).where(Site.customer_id == customer_id)
    yield "units", select(Equipment.id).where(Equipment.customer_id == customer_id)
    yield "tickets", _tickets(customer_id)
    for noun, model in (
        ("visits", Visit),
        ("offers", Offer),
        ("cards", CompletionCard),
        ("hindrances", Hindrance),
        ("callbacks", CustomerCallback),
        ("complaints", Complaint),
        ("escalations", Escalation),
        ("lines", StatementLine),
        ("deductions", Deduction),
    ):
        yield noun, _under(model, customer_id)
    yield "readings", select(HumanReading.id).where(_read_about(customer_id, phones))
    # A statement is shown with its appeals.
    yield "statements", select(StatementLine.statement_id).where(StatementLine.ticket_id.in_(_tickets(customer_id)))
    yield "appeals", select(Appeal.id).where(Appeal.line_id.in_(_lines(customer_id)))


def _received(customer_id: int, phones: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that a text that came in is about a customer, or from a telephone of his own."""
    return or_(InboundMessage.ticket_id.in_(_tickets(customer_id)), InboundMessage.phone.in_(phones))


def _read_about(customer_id: int, phones: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that somebody read, or must read, such a text."""
    texts = select(InboundMessage.id).where(_received(customer_id, phones))
    return or_(HumanReading.ticket_id.in_(_tickets(customer_id)), HumanReading.inbound_id.in_(texts))


def _emptied(*columns: InstrumentedAttribute[Any]) -> dict[str, Any]:
    """Return the columns emptied where they hold something: constraints go by whether something stands there."""
    return {column.key: case((column.is_not(None), ""), else_=null()) for column in columns}


def _bare(column: InstrumentedAttribute[Any]) -> Any:
    """Return a JSON value without what was typed: codes, instants, numbers and the shape stay."""
    return func.bare_json(column, literal(sorted(CODES), ARRAY(String)))


def _file(customer_id: int) -> Iterator[Update | Delete]:
    yield delete(CustomerPhone).where(CustomerPhone.customer_id == customer_id)
    where = {"address": "", "access": None, "lat": None, "lon": None, "position_trusted": False, "external_id": None}
    yield update(Site).where(Site.customer_id == customer_id).values(where)


def _work(customer_id: int) -> Iterator[Update]:
    tickets, visits = _tickets(customer_id), _under(Visit, customer_id)
    cards = _under(CompletionCard, customer_id)
    who = {"contact_name": None, "contact_phone": None, "description": ""}
    yield update(Ticket).where(Ticket.customer_id == customer_id).values({**who, **_emptied(Ticket.wish)})
    for model, columns in (
        (Hindrance, (Hindrance.text, Hindrance.false_evidence)),
        (Urge, (Urge.text,)),
        (Visit, (Visit.note,)),
        (Offer, (Offer.remark,)),
        (
            CompletionCard,
            (
                CompletionCard.diagnosis,
                CompletionCard.work_done,
                CompletionCard.signed_by,
                CompletionCard.sent_back_reason,
            ),
        ),
    ):
        yield update(model).where(model.ticket_id.in_(tickets)).values(_emptied(*columns))
    yield update(ExtraWork).where(ExtraWork.visit_id.in_(visits)).values(description="")
    # A part of the catalogue has its name there; another's was typed.
    typed = (CardPart.card_id.in_(cards), CardPart.part_id.is_(None))
    yield update(CardPart).where(*typed).values(name="")
    yield update(CardCharge).where(CardCharge.card_id.in_(cards)).values(text="")
    yield (
        update(CustomerLink)
        .where(CustomerLink.ticket_id.in_(tickets))
        .values({"bound": {}, **_emptied(CustomerLink.answer)})
    )


def _plans(customer_id: int) -> Iterator[Update]:
    """What plans were computed with, and what was put before the desk."""
    tickets = _tickets(customer_id)
    named = union(*(select(model.plan_id).where(model.ticket_id.in_(tickets)) for model in (PlanStop, PlanOmission)))
    at_rest = Plan.status.not_in((PlanStatus.QUEUED, PlanStatus.SOLVING))
    yield update(Plan).where(Plan.id.in_(named), at_rest).values(problem=None)
    omitted = update(PlanOmission).where(PlanOmission.ticket_id.in_(tickets))
    yield omitted.values(details=_bare(PlanOmission.details))
    raised = update(Escalation).where(Escalation.ticket_id.in_(tickets))
    yield raised.values({"details": _bare(Escalation.details), **_emptied(Escalation.remark)})


def _verification(customer_id: int) -> Iterator[Update]:
    tickets = _tickets(customer_id)
    called = update(CustomerCallback).where(CustomerCallback.ticket_id.in_(tickets))
    yield called.values({"phone": None, **_emptied(CustomerCallback.evidence)})
    yield update(Complaint).where(Complaint.ticket_id.in_(tickets)).values(_emptied(Complaint.decision))


def _money(customer_id: int) -> Iterator[Update]:
    """Words beside amounts: the digest that an approval is bound to does not contain them."""
    tickets, lines = _tickets(customer_id), _lines(customer_id)
    about = update(StatementLine).where(StatementLine.ticket_id.in_(tickets))
    yield about.values(_emptied(StatementLine.remark))
    yield update(Deduction).where(Deduction.ticket_id.in_(tickets)).values(_emptied(Deduction.waived_reason))
    yield update(Appeal).where(Appeal.line_id.in_(lines)).values(_emptied(Appeal.text, Appeal.answer))


def _messages(customer_id: int, phones: frozenset[str], now: datetime) -> Iterator[Update | Delete]:
    """Texts in and out. A technician's number stays on what was sent to him about the customer's tickets."""
    tickets = _tickets(customer_id)
    ours = union(select(Technician.phone), select(Station.phone))
    sent = update(OutboxMessage).where(of_messages(customer_id, phones))
    cleared = func.coalesce(OutboxMessage.cleared_at, now)
    yield sent.values(
        parameters={},
        fingerprint=None,
        cleared_at=cleared,
        phone=case((OutboxMessage.phone.in_(ours), OutboxMessage.phone), else_=""),
    )
    yield update(HumanReading).where(_read_about(customer_id, phones)).values(_emptied(HumanReading.remark))
    yield (
        update(InboundMessage)
        .where(_received(customer_id, phones))
        .values(body="", phone=case((InboundMessage.phone.in_(ours), InboundMessage.phone), else_=""))
    )
    asked = (OpenQuestion.ticket_id.in_(tickets), OpenQuestion.phone.not_in(ours))
    still = (*asked, OpenQuestion.closed_at.is_(None))
    yield update(OpenQuestion).where(*still).values(closed_at=now, ended=Ended.WITHDRAWN)
    yield update(OpenQuestion).where(*asked).values(phone="")
    yield delete(PrivacyNumber).where(PrivacyNumber.ticket_id.in_(tickets))
    yield delete(Suppression).where(Suppression.phone.in_(phones))
