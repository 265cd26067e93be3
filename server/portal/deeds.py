"""What an answer on a customer's page does: once, and only what the page showed."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.conversation import customer_answers
from server.core.errors import Invalid
from server.core.events import Actor, ActorKind, Via
from server.core.money import Money
from server.orders import links
from server.orders.models import CustomerLink, Ticket
from server.orders.words import LinkPurpose
from server.portal.sights import ANSWERS, present


class NoSuchAnswer(Invalid):
    """The link does not take this answer."""

    code = "link.no_such_answer"


def answer(session: Session, *, token: str, given: str, wish: str, now: datetime) -> None:
    """Use a link up with one of its answers, and do what the answer says.

    :raises UnknownLink: if the token opens nothing.
    :raises NoSuchAnswer: if the link does not take the answer, or words are needed and missing.
    :raises LinkOver: if it was used, has expired, was revoked, or means something else by now.
    :raises Refusal: what the use case refuses; the link is not used up then.
    """
    link = links.find(session, token=token)
    if given not in ANSWERS[link.purpose] or (given == "rebook" and not wish.strip()):
        raise NoSuchAnswer
    # Hold the ticket before looking at what the answer would mean, so that it cannot change in between.
    links.hold(session, link)
    now_meant = present(session, link)
    links.redeem(session, token=token, answer=given, present=now_meant or {}, now=now)
    _do(session, link, given=given, wish=wish.strip(), now=now)


def _do(session: Session, link: CustomerLink, *, given: str, wish: str, now: datetime) -> None:
    ticket = session.get_one(Ticket, link.ticket_id)
    by = Actor(ActorKind.CUSTOMER, ticket.customer_id, Via.LINK)
    match link.purpose:
        case LinkPurpose.CONFIRM_VISIT:
            visit_id = int(link.bound["visit_id"])
            if given == "confirm":
                customer_answers.confirm(session, visit_id=visit_id, by=by, now=now)
            else:
                customer_answers.ask_to_move(session, visit_id=visit_id, wish=wish, by=by, now=now)
        case LinkPurpose.AUTHORISE_EXTRA:
            customer_answers.answer_extra(
                session,
                extra_work_id=int(link.bound["extra_work_id"]),
                authorised=given == "agree",
                price=Money(int(link.bound["amount"]), str(link.bound["currency"])),
                by=by,
                now=now,
            )
        case LinkPurpose.REBOOK:
            customer_answers.ask_to_rebook(session, ticket_id=link.ticket_id, wish=wish, by=by, now=now)
        case LinkPurpose.SURVEY:
            callback_id = int(link.bound["callback_id"])
            customer_answers.answer_callback(
                session, callback_id=callback_id, confirmed=given == "yes", words=wish, by=by, now=now
            )
        case _:
            raise NoSuchAnswer
