"""What the addresses of a ticket share: how one is shown, and whether a report stays within the caller's scope."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.api.ticket_schemas import TicketView
from server.callbacks import queries as callbacks
from server.customers import queries as customers
from server.customers.files import NewSite
from server.orders import records
from server.orders.intake import NewReport, Registered, UnknownRegion
from server.orders.queries import TicketRow
from server.organisation.access import Scope
from server.web.context import current
from server.web.paging import Page, page


def show(session: Session, ticket_id: int) -> TicketView:
    """Return a ticket of the caller's as it is shown.

    :raises UnknownTicket: if there is none for him.
    """
    scope = current().scope
    session.flush()
    return TicketView(
        detail=records.ticket_detail(session, ticket_id=ticket_id, scope=scope),
        callbacks=callbacks.of_ticket(session, ticket_id=ticket_id, scope=scope),
    )


def show_registered(session: Session, done: Registered) -> TicketView:
    """Return the ticket that a report has become, or that it was added to, as it is shown."""
    if done.opened is None:
        return show(session, done.ticket.id)
    session.flush()
    return TicketView(detail=records.opened_detail(session, done.opened), callbacks=())


def page_of_rows(
    rows: Sequence[TicketRow], *, next_key: tuple[datetime, int] | None, query: Mapping[str, Any]
) -> Page[TicketRow]:
    """Return a page of tickets that was cut already."""
    # One row too many tells the page that there is a next one.
    shown = (*rows, rows[-1]) if next_key is not None else rows
    return page(shown, query=query, key=lambda row: (row.opened_at, row.id))


def demand_in_scope(session: Session, report: NewReport, *, scope: Scope) -> None:
    """Refuse a report about somebody or something outside the caller's part of the company.

    :raises UnknownCustomer: if the customer's file is not his.
    :raises UnknownSite: if the place is not his.
    :raises UnknownUnit: if the unit is not his.
    :raises UnknownRegion: if the region is not his.
    """
    if isinstance(report.customer, int):
        customers.customer_file(session, customer_id=report.customer, scope=scope)
    if isinstance(report.site, int):
        customers.site_of(session, report.site, scope=scope)
    if isinstance(report.equipment, int):
        customers.unit_of(session, report.equipment, scope=scope)
    region_id = report.site.region_id if isinstance(report.site, NewSite) else report.region_id
    if region_id is not None and scope.region_id not in {None, region_id}:
        raise UnknownRegion(region_id=region_id)
