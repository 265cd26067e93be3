"""What a customer's link shows: facts, a question, the answers it takes. Looking changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackStatus
from server.conversation import wording
from server.conversation.job_sheet import Job, Reader, job_of, reader_of, time_zone
from server.conversation.to_customers import extra_bound, window_bound
from server.conversation.verification import asked_about, callback_bound
from server.core.db import Json
from server.core.money import Money
from server.customers.models import Customer
from server.orders import links
from server.orders.models import CustomerLink, Ticket
from server.orders.status import LIVE_VISIT
from server.orders.visit_models import ExtraWork, Visit
from server.orders.words import LinkPurpose
from server.organisation.models import Station
from server.portal.words import words

_P = LinkPurpose

ANSWERS = MappingProxyType(
    {
        _P.CONFIRM_VISIT: ("confirm", "move"),
        _P.AUTHORISE_EXTRA: ("agree", "refuse"),
        _P.REBOOK: ("rebook",),
        _P.SURVEY: ("yes", "no"),
        _P.FOLLOW: (),
    }
)
"""Which answers a link takes, by its purpose; the first is the one that most customers give."""

_WISH = MappingProxyType({_P.CONFIRM_VISIT: "wish.move", _P.REBOOK: "wish.rebook", _P.SURVEY: "wish.survey"})


@dataclass(frozen=True, slots=True)
class Sight:
    """One page.

    :param facts: label and value, in the order in which they are read.
    :param answers: what can be answered; empty where nothing can (any more).
    :param wish: the label of the field for words of the customer's own; empty where there is none.
    :param status: of the HTTP answer.
    """

    locale: str
    title: str
    lead: str
    phone: str
    facts: tuple[tuple[str, str], ...] = ()
    answers: tuple[str, ...] = ()
    wish: str = ""
    wish_needed: bool = False
    status: int = 200


def unknown(session: Session, *, locale: str) -> Sight:
    """Return the page of a token that opens nothing."""
    text = words(locale)
    phone = session.scalar(select(Station.phone).order_by(Station.id).limit(1)) or ""
    return Sight(locale, text["title.unknown"], text["lead.unknown"], phone, status=404)


def sight_of(session: Session, link: CustomerLink, *, now: datetime) -> Sight:
    """Return the page of a link, in the customer's language and on the clock of the site."""
    ticket = session.get_one(Ticket, link.ticket_id)
    job = job_of(session, visit_id=link.visit_id) if link.visit_id is not None else None
    locale = language_of(session, ticket)
    text = words(locale)
    facts = _facts(session, link, ticket, job, locale)
    phone = job.station_phone if job else _desk_phone(session, ticket)
    if link.used_at is not None and link.answer is not None:
        return Sight(locale, text["title.thanks"], text[f"said.{link.answer}"], phone, facts)
    if not links.is_usable(link, now=now) or present(session, link) != link.bound:
        return Sight(locale, text["title.over"], text["lead.over"], phone, facts, status=410)
    return Sight(
        locale,
        text[f"title.{link.purpose}"],
        _lead(session, link, ticket, locale),
        phone,
        facts,
        answers=ANSWERS[link.purpose],
        wish=text.get(_WISH.get(link.purpose, ""), ""),
        wish_needed=link.purpose is _P.REBOOK,
    )


def language_of(session: Session, ticket: Ticket) -> str:
    """Return the language of the pages about a ticket: its customer's."""
    return "zh" if session.get_one(Customer, ticket.customer_id).locale.lower().startswith("zh") else "en"


def present(session: Session, link: CustomerLink) -> Json | None:
    """Return what an answer would mean now; None if there is nothing to answer any more.

    A link is bound to what it was sent about: another window, another sum, and it is over (fault 50).
    """
    match link.purpose:
        case LinkPurpose.CONFIRM_VISIT if link.visit_id is not None:
            live = session.get_one(Visit, link.visit_id).status in LIVE_VISIT
            return window_bound(job_of(session, visit_id=link.visit_id)) if live else None
        case LinkPurpose.AUTHORISE_EXTRA:
            extra = session.get(ExtraWork, int(link.bound["extra_work_id"]), populate_existing=True)
            return extra_bound(extra) if extra is not None and extra.authorised is None else None
        case LinkPurpose.SURVEY:
            callback = session.get(CustomerCallback, int(link.bound["callback_id"]))
            return callback_bound(callback) if callback is not None else None
        case LinkPurpose.REBOOK | LinkPurpose.FOLLOW:
            return link.bound
        case _:
            return None


def _desk_phone(session: Session, ticket: Ticket) -> str:
    phones = select(Station.phone).order_by((Station.region_id == ticket.region_id).desc(), Station.id)
    return session.scalar(phones.limit(1)) or ""


def _lead(session: Session, link: CustomerLink, ticket: Ticket, locale: str) -> str:
    text = words(locale)
    match link.purpose:
        case LinkPurpose.AUTHORISE_EXTRA:
            return text["lead.extra"]
        case LinkPurpose.REBOOK:
            return text["lead.rebook"]
        case LinkPurpose.SURVEY:
            callback = session.get_one(CustomerCallback, int(link.bound["callback_id"]))
            if callback.status is CallbackStatus.WAITING and callback.asked_at is not None:
                return asked_about(session, callback, _reader(session, ticket, locale))
            return text["lead.survey"]
        case _:
            return ""


def _reader(session: Session, ticket: Ticket, locale: str) -> Reader:
    return reader_of(session, ticket) or Reader("", locale, time_zone(session, ticket), ticket.id)


def _facts(
    session: Session, link: CustomerLink, ticket: Ticket, job: Job | None, locale: str
) -> tuple[tuple[str, str], ...]:
    label = words(locale)
    facts = [(label["fact.ticket"], ticket.number)]
    if job is not None:
        visit = session.get_one(Visit, job.visit_id)
        facts += [
            (label["fact.work"], job.work(locale)),
            (label["fact.when"], f"{job.day(locale)} {job.window}"),
            (label["fact.where"], job.where(locale)),
            (label["fact.technician"], job.technician),
            (label["fact.status"], label[f"status.{visit.status}"]),
        ]
    if link.purpose is LinkPurpose.AUTHORISE_EXTRA:
        extra = session.get(ExtraWork, int(link.bound["extra_work_id"]))
        price = Money(int(link.bound["amount"]), str(link.bound["currency"]))
        facts += [
            (label["fact.extra"], extra.description if extra else ""),
            (label["fact.price"], wording.money(price)),
        ]
    return tuple(facts)
