"""What the edges show of dispatch: plans, offers, and what waits for a human; within the caller's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, select, true, tuple_
from sqlalchemy.orm import Session

from server.customers.models import Site
from server.dispatch.models import Escalation, Offer, Plan, PlanOmission, PlanStop
from server.dispatch.offers import UnknownOffer
from server.dispatch.publication import UnknownPlan
from server.dispatch.status import OfferStatus
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.organisation.access import Scope
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """A plan with what it proposes and what it leaves out."""

    plan: Plan
    stops: tuple[PlanStop, ...]
    omissions: tuple[PlanOmission, ...]


def plans(
    session: Session, *, scope: Scope, region_id: int | None = None, after: int | None = None, limit: int = 50
) -> Sequence[Plan]:
    """Return plans, the newest first, and one more than the limit if there are more.

    :param after: id of the last one of the page before.
    """
    found = select(Plan).where(_plans(scope)).order_by(Plan.id.desc()).limit(limit + 1)
    if region_id is not None:
        found = found.where(Plan.region_id == region_id)
    if after is not None:
        found = found.where(Plan.id < after)
    return session.scalars(found).all()


def plan_of(session: Session, plan_id: int, *, scope: Scope) -> Plan:
    """Return a plan of the caller's regions.

    :raises UnknownPlan: if there is none for him.
    """
    plan = session.scalar(select(Plan).where(Plan.id == plan_id, _plans(scope)))
    if plan is None:
        raise UnknownPlan(plan_id=plan_id)
    return plan


def sheet(session: Session, plan_id: int, *, scope: Scope) -> PlanSheet:
    """Return a plan with its stops, by technician and time, and its omissions, by ticket.

    :raises UnknownPlan: if there is none for the caller.
    """
    plan = plan_of(session, plan_id, scope=scope)
    stops = select(PlanStop).where(PlanStop.plan_id == plan_id)
    omissions = select(PlanOmission).where(PlanOmission.plan_id == plan_id)
    return PlanSheet(
        plan=plan,
        stops=tuple(session.scalars(stops.order_by(PlanStop.technician_id, PlanStop.starts_at, PlanStop.id))),
        omissions=tuple(session.scalars(omissions.order_by(PlanOmission.ticket_id))),
    )


def _plans(scope: Scope) -> ColumnElement[bool]:
    if scope.station_id is not None or scope.technician_id is not None:
        return false()
    return Plan.region_id == scope.region_id if scope.region_id is not None else true()


def offers(
    session: Session,
    *,
    scope: Scope,
    status: OfferStatus | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> Sequence[Offer]:
    """Return offers by when they end, soonest first, and one more than the limit if there are more.

    :param after: (expires_at, id) of the last one of the page before.
    """
    found = select(Offer).where(_offers(scope)).order_by(Offer.expires_at, Offer.id).limit(limit + 1)
    if status is not None:
        found = found.where(Offer.status == status)
    if after is not None:
        found = found.where(tuple_(Offer.expires_at, Offer.id) > after)
    return session.scalars(found).all()


def offer_of(session: Session, offer_id: int, *, scope: Scope) -> Offer:
    """Return an offer of the caller's.

    :raises UnknownOffer: if there is none for him.
    """
    offer = session.scalar(select(Offer).where(Offer.id == offer_id, _offers(scope)))
    if offer is None:
        raise UnknownOffer(offer_id=offer_id)
    return offer


def open_offers_of(session: Session, *, technician_id: int) -> Sequence[tuple[Offer, Visit, Ticket, Site | None]]:
    """Return what a technician has not answered yet, with visit, ticket and place, the soonest end first."""
    rows = session.execute(
        select(Offer, Visit, Ticket, Site)
        .join(Visit, Visit.id == Offer.visit_id)
        .join(Ticket, Ticket.id == Offer.ticket_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(Offer.technician_id == technician_id, Offer.status == OfferStatus.OPEN)
        .order_by(Offer.expires_at, Offer.id)
    )
    return [(offer, visit, ticket, site) for offer, visit, ticket, site in rows]


def _offers(scope: Scope) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if scope.region_id is not None:
        conditions.append(Offer.ticket_id.in_(select(Ticket.id).where(Ticket.region_id == scope.region_id)))
    if scope.station_id is not None:
        own = select(Technician.id).where(Technician.station_id == scope.station_id)
        conditions.append(Offer.technician_id.in_(own))
    if scope.technician_id is not None:
        conditions.append(Offer.technician_id == scope.technician_id)
    return and_(*conditions)


def open_escalations(
    session: Session, *, scope: Scope, after: tuple[datetime, int] | None = None, limit: int = 50
) -> Sequence[Escalation]:
    """Return what waits for a human, the longest waiting first, and one more than the limit if there are more.

    :param after: (raised_at, id) of the last one of the page before.
    """
    found = (
        select(Escalation)
        .where(Escalation.settled_at.is_(None))
        .order_by(Escalation.raised_at, Escalation.id)
        .limit(limit + 1)
    )
    if scope.station_id is not None or scope.technician_id is not None:
        found = found.where(false())
    if scope.region_id is not None:
        found = found.where(Escalation.region_id == scope.region_id)
    if after is not None:
        found = found.where(tuple_(Escalation.raised_at, Escalation.id) > after)
    return session.scalars(found).all()
