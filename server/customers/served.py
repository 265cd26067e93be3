"""Whom something new may be written about: not somebody who was erased."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.errors import Conflict
from server.customers.files import UnknownCustomer
from server.customers.models import Customer


class CustomerErased(Conflict):
    """Everything about this customer was cleared; his file takes nothing new."""

    code = "customer.erased"


def held(session: Session, customer_id: int) -> Customer:
    """Return a customer whom something new may be written about, held so that nobody erases him meanwhile.

    :raises UnknownCustomer: if there is none.
    :raises CustomerErased: if he was erased.
    """
    # What the lock prevents: an erasure that sees no open ticket, beside an intake that sees no erasure.
    customer = session.scalar(
        select(Customer)
        .where(Customer.id == customer_id)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if customer is None:
        raise UnknownCustomer
    if customer.erased_at is not None:
        raise CustomerErased(customer_id=customer_id)
    return customer
