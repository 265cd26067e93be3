"""a customer's tickets by time

A caller is recognised with his newest tickets (R4). A city has tens of thousands, of which five are shown: the index
by customer now has them in the order of their reports, and is read from its end.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the order of the reports into the index by customer."""
    op.create_index("ix_ticket_customer", "ticket", ["customer_id", "opened_at", "id"])
    op.drop_index(op.f("ix_ticket_customer_id"), "ticket")


def downgrade() -> None:
    """Let the index by customer be that alone."""
    op.create_index(op.f("ix_ticket_customer_id"), "ticket", ["customer_id"])
    op.drop_index("ix_ticket_customer", "ticket")
