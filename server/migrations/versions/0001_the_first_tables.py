"""the first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "customer",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("fictional", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_index(
        "ix_customer_name",
        "customer",
        [sa.literal_column("lower(name)")],
        unique=False,
        postgresql_ops={"lower(name)": "text_pattern_ops"},
    )
    op.create_index(
        "uq_customer_external",
        "customer",
        ["source", "external_id"],
        unique=True,
        postgresql_where="external_id is not null",
    )
    op.create_table(
        "domain_event",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "staff",
                "technician",
                "customer",
                "system",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "via",
            sa.Enum(
                "api",
                "console",
                "app",
                "sms",
                "link",
                "import",
                "system",
                name="via",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_event")),
    )
    op.create_index("ix_domain_event_kind", "domain_event", ["kind", "id"], unique=False)
    op.create_index("ix_domain_event_subject", "domain_event", ["subject", "subject_id", "id"], unique=False)
    op.create_index(
        "ix_domain_event_ticket",
        "domain_event",
        ["ticket_id", "id"],
        unique=False,
        postgresql_where="ticket_id is not null",
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
    )
    op.create_index(
        "ix_idempotency_key_age", "idempotency_key", ["created_at"], unique=False, postgresql_where="not keep"
    )
    op.create_index("uq_idempotency_key", "idempotency_key", ["caller", "route", "key"], unique=True)
    op.create_table(
        "inbound_message",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
    )
    op.create_index("ix_inbound_message_phone", "inbound_message", ["phone", "id"], unique=False)
    op.create_index(
        "ix_inbound_message_unread", "inbound_message", ["id"], unique=False, postgresql_where="handled_at is null"
    )
    op.create_index("uq_inbound_message_provider", "inbound_message", ["provider", "provider_id"], unique=True)
    op.create_table(
        "labour_price",
        sa.Column(
            "key",
            sa.String(),
            sa.Computed(
                "product_category || '/' || work_type || '/' || zone || '/' || charge_category || '/' || result",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("product_category", sa.String(), nullable=False),
        sa.Column(
            "work_type",
            sa.Enum(
                "installation",
                "repair",
                "upgrade",
                "patrol",
                "maintenance",
                "testing",
                "training",
                "complaint",
                name="worktype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "zone",
            sa.Enum("urban", "out_of_town", name="zone", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "charge_category",
            sa.Enum("A", "B", "C", "D", name="chargecategory", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "result",
            sa.Enum(
                "done_without_part",
                "done_company_part",
                "done_self_bought_part",
                "no_fault",
                "taken_back",
                "exchanged",
                "part_missing",
                "customer_absent",
                "customer_declined",
                "site_not_ready",
                "not_possible",
                name="visitresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(hashtextextended(key, 0), hashtextextended(key, 0), '[]')"), "&&"),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="ex_labour_price_one_at_a_time",
        ),
        sa.CheckConstraint("price_amount >= 0", name=op.f("ck_labour_price_not_negative")),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_labour_price_days_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labour_price")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index("ix_login_attempt_key", "login_attempt", ["key", "at"], unique=False)
    op.create_table(
        "outbox_message",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "delivered",
                "failed",
                "suppressed",
                "unknown",
                name="messagestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("once", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_zone", sa.String(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("segments", sa.SmallInteger(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status in ('sent', 'delivered')) <= (provider_id is not null)",
            name=op.f("ck_outbox_message_sent_has_provider_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    op.create_index(
        "ix_outbox_message_open",
        "outbox_message",
        ["status", "due_at"],
        unique=False,
        postgresql_where="status in ('waiting', 'sending', 'sent')",
    )
    op.create_index("ix_outbox_message_phone", "outbox_message", ["phone", "id"], unique=False)
    op.create_index(
        "uq_outbox_message_once", "outbox_message", ["once"], unique=True, postgresql_where="once is not null"
    )
    op.create_index(
        "uq_outbox_message_provider",
        "outbox_message",
        ["provider", "provider_id"],
        unique=True,
        postgresql_where="provider_id is not null",
    )
    op.create_table(
        "part",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("number", name=op.f("uq_part_number")),
    )
    op.create_table(
        "policy",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("values", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("name", "valid_from", name=op.f("uq_policy_name_valid_from")),
    )
    op.create_table(
        "region",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("detour", sa.Double(), nullable=False),
        sa.Column("speed_kmh", sa.Double(), nullable=False),
        sa.Column("leg_seconds", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("detour >= 1 and speed_kmh > 0 and leg_seconds >= 0", name=op.f("ck_region_travel_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
        sa.UniqueConstraint("name", name=op.f("uq_region_name")),
    )
    op.create_table(
        "simulation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_simulation_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation")),
    )
    op.create_table(
        "skill",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill")),
        sa.UniqueConstraint("code", name=op.f("uq_skill_code")),
    )
    op.create_table(
        "special_sale",
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_sale")),
        sa.UniqueConstraint("serial", name=op.f("uq_special_sale_serial")),
    )
    op.create_table(
        "suppression",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("phone", name=op.f("uq_suppression_phone")),
    )
    op.create_table(
        "travel_pair",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("from_lat", sa.Double(), nullable=False),
        sa.Column("from_lon", sa.Double(), nullable=False),
        sa.Column("to_lat", sa.Double(), nullable=False),
        sa.Column("to_lon", sa.Double(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("metres", sa.BigInteger(), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_travel_pair_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_travel_pair")),
    )
    op.create_index(
        "uq_travel_pair", "travel_pair", ["source", "from_lat", "from_lon", "to_lat", "to_lon"], unique=True
    )
    op.create_table(
        "customer_phone",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_phone_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_phone")),
        sa.UniqueConstraint("customer_id", "number", name=op.f("uq_customer_phone_customer_id_number")),
    )
    op.create_index("ix_customer_phone_number", "customer_phone", ["number"], unique=False)
    op.create_table(
        "message_notice",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_message_notice_message_id_outbox_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_notice")),
    )
    op.create_index(op.f("ix_message_notice_message_id"), "message_notice", ["message_id"], unique=False)
    op.create_table(
        "part_price",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("price_amount >= 0", name=op.f("ck_part_price_not_negative")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_part_price_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_price")),
    )
    op.create_index("uq_part_price_day", "part_price", ["part_id", "valid_from"], unique=True)
    op.create_table(
        "site",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("position_trusted", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column(
            "zone",
            sa.Enum("urban", "out_of_town", name="zone", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("access", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("(lat is null) = (lon is null)", name=op.f("ck_site_position_whole")),
        sa.CheckConstraint(
            "lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_site_position_in_range")
        ),
        sa.CheckConstraint("not (lat = 0 and lon = 0)", name=op.f("ck_site_position_not_zero")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_site_customer_id_customer")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_site_region_id_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_index(op.f("ix_site_customer_id"), "site", ["customer_id"], unique=False)
    op.create_index(op.f("ix_site_region_id"), "site", ["region_id"], unique=False)
    op.create_index(
        "uq_site_external", "site", ["source", "external_id"], unique=True, postgresql_where="external_id is not null"
    )
    op.create_table(
        "station",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("is_payee", sa.Boolean(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("(lat is null) = (lon is null)", name=op.f("ck_station_position_whole")),
        sa.CheckConstraint(
            "lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_station_position_in_range")
        ),
        sa.CheckConstraint("not (lat = 0 and lon = 0)", name=op.f("ck_station_position_not_zero")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_station_region_id_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("name", name=op.f("uq_station_name")),
    )
    op.create_index(op.f("ix_station_region_id"), "station", ["region_id"], unique=False)
    op.create_table(
        "equipment",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("serial", sa.String(), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("installed_on", sa.Date(), nullable=True),
        sa.Column("labour_warranty_until", sa.Date(), nullable=True),
        sa.Column("parts_warranty_until", sa.Date(), nullable=True),
        sa.Column("expenses_warranty_until", sa.Date(), nullable=True),
        sa.Column("pre_sale", sa.Boolean(), nullable=False),
        sa.Column("unsafe_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "purchased_on is null or installed_on is null or purchased_on <= installed_on",
            name=op.f("ck_equipment_bought_first"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_equipment_customer_id_customer")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_equipment_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
        sa.UniqueConstraint("serial", name=op.f("uq_equipment_serial")),
    )
    op.create_index(op.f("ix_equipment_customer_id"), "equipment", ["customer_id"], unique=False)
    op.create_index(op.f("ix_equipment_site_id"), "equipment", ["site_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "not ('station' = any(roles) or 'station_clerk' = any(roles)) or station_id is not null",
            name=op.f("ck_staff_station_named"),
        ),
        sa.CheckConstraint("cardinality(roles) > 0", name=op.f("ck_staff_has_a_role")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_staff_region_id_region")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_staff_station_id_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_index("uq_staff_login", "staff", [sa.literal_column("lower(login)")], unique=True)
    op.create_table(
        "technician",
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("working", "left", name="technicianstatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fictional", sa.Boolean(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("(status = 'left') = (left_at is not null)", name=op.f("ck_technician_left_has_time")),
        sa.CheckConstraint("(lat is null) = (lon is null)", name=op.f("ck_technician_position_whole")),
        sa.CheckConstraint(
            "lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_technician_position_in_range")
        ),
        sa.CheckConstraint("not (lat = 0 and lon = 0)", name=op.f("ck_technician_position_not_zero")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_technician_station_id_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician")),
        sa.UniqueConstraint("phone", name=op.f("uq_technician_phone")),
    )
    op.create_index(op.f("ix_technician_station_id"), "technician", ["station_id"], unique=False)
    op.create_table(
        "absence",
        sa.Column(
            "status",
            sa.Enum(
                "reported", "cancelled", name="absencestatus", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at is not null)", name=op.f("ck_absence_cancelled_has_time")
        ),
        sa.CheckConstraint(
            "starts_at < ends_at and isfinite(starts_at) and isfinite(ends_at)", name=op.f("ck_absence_real_interval")
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_absence_technician_id_technician")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_technician_id"), "absence", ["technician_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_api_token_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_staff_id"), "api_token", ["staff_id"], unique=False)
    op.create_table(
        "console_session",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_console_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_console_session_token_hash")),
    )
    op.create_index(op.f("ix_console_session_staff_id"), "console_session", ["staff_id"], unique=False)
    op.create_table(
        "login_code",
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_login_code_technician_id_technician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_code")),
        sa.UniqueConstraint("request", name=op.f("uq_login_code_request")),
    )
    op.create_index(op.f("ix_login_code_technician_id"), "login_code", ["technician_id"], unique=False)
    op.create_table(
        "plan",
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("earliest", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "solving",
                "proposed",
                "published",
                "cancelled",
                "failed",
                name="planstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("iterations", sa.BigInteger(), nullable=True),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("watched", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("bound", sa.BigInteger(), nullable=True),
        sa.Column("findings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_plan_days_in_order")),
        sa.CheckConstraint("seconds between 1 and 3600", name=op.f("ck_plan_limit_in_range")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_plan_region_id_region")),
        sa.ForeignKeyConstraint(["requested_by"], ["staff.id"], name=op.f("fk_plan_requested_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index("ix_plan_region", "plan", ["region_id", "first_day", "id"], unique=False)
    op.create_table(
        "shift",
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("break_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("break_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("break_seconds", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(technician_id, technician_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_shift_one_at_a_time",
        ),
        sa.CheckConstraint(
            "(break_from is null) = (break_to is null) and (break_from is null) = (break_seconds is null)",
            name=op.f("ck_shift_break_whole"),
        ),
        sa.CheckConstraint(
            "break_from >= starts_at and break_from <= break_to and break_to <= ends_at",
            name=op.f("ck_shift_break_inside"),
        ),
        sa.CheckConstraint(
            "starts_at < ends_at and isfinite(starts_at) and isfinite(ends_at)", name=op.f("ck_shift_real_interval")
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_shift_technician_id_technician")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_starts_at", "shift", ["starts_at"], unique=False)
    op.create_index(op.f("ix_shift_technician_id"), "shift", ["technician_id"], unique=False)
    op.create_table(
        "statement",
        sa.Column("station_id", sa.BigInteger(), nullable=True),
        sa.Column("technician_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "audited",
                "published",
                "approved",
                "paid",
                name="statementstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audited_by", sa.BigInteger(), nullable=True),
        sa.Column("audited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_hash", sa.LargeBinary(), nullable=True),
        sa.Column("paid_by", sa.BigInteger(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status <> 'draft') = (audited_by is not null)", name=op.f("ck_statement_audited_by_somebody")
        ),
        sa.CheckConstraint("(status = 'paid') = (paid_by is not null)", name=op.f("ck_statement_paid_by_somebody")),
        sa.CheckConstraint(
            "(status in ('approved', 'paid')) = (approved_by is not null)",
            name=op.f("ck_statement_approved_by_somebody"),
        ),
        sa.CheckConstraint(
            "(status in ('published', 'approved', 'paid')) = (published_at is not null)",
            name=op.f("ck_statement_published_sometime"),
        ),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_hash is null)", name=op.f("ck_statement_approval_binds_the_lines")
        ),
        sa.CheckConstraint("(station_id is null) <> (technician_id is null)", name=op.f("ck_statement_one_payee")),
        sa.CheckConstraint(
            "approved_by is null or audited_by is null or approved_by <> audited_by",
            name=op.f("ck_statement_approver_is_not_auditor"),
        ),
        sa.CheckConstraint("extract(day from month) = 1", name=op.f("ck_statement_month_by_first_day")),
        sa.CheckConstraint(
            "paid_by is null or (paid_by <> audited_by and paid_by <> approved_by)",
            name=op.f("ck_statement_payer_is_neither"),
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_statement_approved_by_staff")),
        sa.ForeignKeyConstraint(["audited_by"], ["staff.id"], name=op.f("fk_statement_audited_by_staff")),
        sa.ForeignKeyConstraint(["paid_by"], ["staff.id"], name=op.f("fk_statement_paid_by_staff")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_statement_policy_id_policy")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_statement_region_id_region")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_statement_station_id_station")),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_statement_technician_id_technician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(
        "uq_statement_station",
        "statement",
        ["station_id", "month"],
        unique=True,
        postgresql_where="station_id is not null",
    )
    op.create_index(
        "uq_statement_technician",
        "statement",
        ["technician_id", "month"],
        unique=True,
        postgresql_where="technician_id is not null",
    )
    op.create_table(
        "technician_skill",
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("level between 1 and 9", name=op.f("ck_technician_skill_level_in_range")),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_technician_skill_skill_id_skill")),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_technician_skill_technician_id_technician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician_skill")),
        sa.UniqueConstraint("technician_id", "skill_id", name=op.f("uq_technician_skill_technician_id_skill_id")),
    )
    op.create_index(op.f("ix_technician_skill_skill_id"), "technician_skill", ["skill_id"], unique=False)
    op.create_table(
        "technician_token",
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_technician_token_technician_id_technician")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_technician_token_token_hash")),
    )
    op.create_index(op.f("ix_technician_token_technician_id"), "technician_token", ["technician_id"], unique=False)
    op.create_table(
        "ticket",
        sa.Column(
            "status",
            sa.Enum(
                "incomplete",
                "ready",
                "planned",
                "waiting",
                "done",
                "closed",
                "declined",
                "cancelled",
                "not_accepted",
                name="ticketstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "phone",
                "walk_in",
                "email",
                "web",
                "qr",
                "seller",
                "station",
                "manufacturer",
                "sales",
                "alert",
                "complaint",
                "public_work",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column(
            "work_type",
            sa.Enum(
                "installation",
                "repair",
                "upgrade",
                "patrol",
                "maintenance",
                "testing",
                "training",
                "complaint",
                name="worktype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("product_category", sa.String(), nullable=False),
        sa.Column(
            "charge_category",
            sa.Enum("A", "B", "C", "D", name="chargecategory", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum(
                "urgent", "high", "normal", "low", name="priority", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("equipment_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_name", sa.String(), nullable=True),
        sa.Column("contact_phone", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("wish", sa.String(), nullable=True),
        sa.Column("skill", sa.String(), nullable=True),
        sa.Column("skill_level", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_fault", sa.Boolean(), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("read_on_site", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column(
            "warranty",
            sa.Enum(
                "covered",
                "not_covered",
                "undetermined",
                "not_applicable",
                name="warrantyverdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts_complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("partner_deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'incomplete') <= (cardinality(missing) > 0)", name=op.f("ck_ticket_incomplete_says_why")
        ),
        sa.CheckConstraint("(agreed_from is null) = (agreed_to is null)", name=op.f("ck_ticket_agreed_whole")),
        sa.CheckConstraint("agreed_from < agreed_to", name=op.f("ck_ticket_agreed_real")),
        sa.CheckConstraint("duration > 0", name=op.f("ck_ticket_takes_time")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_ticket_customer_id_customer")),
        sa.ForeignKeyConstraint(["equipment_id"], ["equipment.id"], name=op.f("fk_ticket_equipment_id_equipment")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_ticket_policy_id_policy")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_ticket_region_id_region")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_ticket_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    op.create_index(op.f("ix_ticket_customer_id"), "ticket", ["customer_id"], unique=False)
    op.create_index(
        "ix_ticket_equipment", "ticket", ["equipment_id"], unique=False, postgresql_where="equipment_id is not null"
    )
    op.create_index("ix_ticket_opened_at", "ticket", ["opened_at", "id"], unique=False)
    op.create_index(
        "ix_ticket_place",
        "ticket",
        ["site_id", "work_type"],
        unique=False,
        postgresql_where="status in ('incomplete', 'planned', 'ready', 'waiting')",
    )
    op.create_index("ix_ticket_region_status", "ticket", ["region_id", "status", "opened_at", "id"], unique=False)
    op.create_index(op.f("ix_ticket_site_id"), "ticket", ["site_id"], unique=False)
    op.create_index("ix_ticket_status", "ticket", ["status", "opened_at", "id"], unique=False)
    op.create_index("ix_ticket_waiting", "ticket", ["waits_until"], unique=False, postgresql_where="status = 'waiting'")
    op.create_index(
        "uq_ticket_external",
        "ticket",
        ["source", "external_id"],
        unique=True,
        postgresql_where="external_id is not null",
    )
    op.create_table(
        "van",
        sa.Column("plate", sa.String(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_van_station_id_station")),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_van_technician_id_technician")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_van")),
        sa.UniqueConstraint("plate", name=op.f("uq_van_plate")),
        sa.UniqueConstraint("technician_id", name=op.f("uq_van_technician_id")),
    )
    op.create_index(op.f("ix_van_station_id"), "van", ["station_id"], unique=False)
    op.create_table(
        "correction",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "staff",
                "technician",
                "customer",
                "system",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "via",
            sa.Enum(
                "api",
                "console",
                "app",
                "sms",
                "link",
                "import",
                "system",
                name="via",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_correction_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_ticket_id"), "correction", ["ticket_id"], unique=False)
    op.create_table(
        "customer_link",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "confirm_visit",
                "authorise_extra",
                "follow",
                "rebook",
                "survey",
                name="linkpurpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("bound", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_customer_link_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_customer_link_token_hash")),
    )
    op.create_index(op.f("ix_customer_link_ticket_id"), "customer_link", ["ticket_id"], unique=False)
    op.create_table(
        "escalation",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_escalation_region_id_region")),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_escalation_settled_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_escalation_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
    )
    op.create_index(
        "ix_escalation_region", "escalation", ["region_id"], unique=False, postgresql_where="settled_at is null"
    )
    op.create_index(op.f("ix_escalation_ticket_id"), "escalation", ["ticket_id"], unique=False)
    op.create_index(
        "uq_escalation_open", "escalation", ["ticket_id", "kind"], unique=True, postgresql_where="settled_at is null"
    )
    op.create_table(
        "hindrance",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "customer_date",
                "part_on_order",
                "supervisor",
                "manufacturer",
                "take_back",
                "faulty_new_unit",
                "site_not_ready",
                "other",
                name="hindrancereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.BigInteger(), nullable=True),
        sa.Column("false_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("false_by", sa.BigInteger(), nullable=True),
        sa.Column("false_evidence", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(accepted_at is null) = (accepted_by is null)", name=op.f("ck_hindrance_accepted_by_somebody")
        ),
        sa.CheckConstraint(
            "(false_at is null) = (false_by is null) and (false_at is null) = (false_evidence is null)",
            name=op.f("ck_hindrance_false_on_evidence"),
        ),
        sa.ForeignKeyConstraint(["accepted_by"], ["staff.id"], name=op.f("fk_hindrance_accepted_by_staff")),
        sa.ForeignKeyConstraint(["false_by"], ["staff.id"], name=op.f("fk_hindrance_false_by_staff")),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_hindrance_technician_id_technician")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_hindrance_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hindrance")),
    )
    op.create_index(op.f("ix_hindrance_ticket_id"), "hindrance", ["ticket_id"], unique=False)
    op.create_table(
        "human_reading",
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("waits_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound_message.id"], name=op.f("fk_human_reading_inbound_id_inbound_message")
        ),
        sa.ForeignKeyConstraint(["read_by"], ["staff.id"], name=op.f("fk_human_reading_read_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_human_reading_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_human_reading")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_human_reading_inbound_id")),
    )
    op.create_index("ix_human_reading_open", "human_reading", ["id"], unique=False, postgresql_where="read_at is null")
    op.create_index(op.f("ix_human_reading_ticket_id"), "human_reading", ["ticket_id"], unique=False)
    op.create_table(
        "open_question",
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "job",
                "confirm_visit",
                "authorise_extra",
                "survey",
                "outcome",
                name="questionkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended",
            sa.Enum(
                "answered",
                "expired",
                "withdrawn",
                "over",
                name="ended",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("code ~ '^[1-9][0-9]{2}$'", name=op.f("ck_open_question_three_digits")),
        sa.CheckConstraint("(closed_at is null) = (ended is null)", name=op.f("ck_open_question_closed_says_how")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_open_question_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_question")),
    )
    op.create_index("ix_open_question_phone", "open_question", ["phone", "closed_at"], unique=False)
    op.create_index(
        "ix_open_question_subject",
        "open_question",
        ["kind", "subject_id"],
        unique=False,
        postgresql_where="closed_at is null",
    )
    op.create_index(op.f("ix_open_question_ticket_id"), "open_question", ["ticket_id"], unique=False)
    op.create_index(
        "uq_open_question_code", "open_question", ["phone", "code"], unique=True, postgresql_where="closed_at is null"
    )
    op.create_index(
        "uq_open_question_subject",
        "open_question",
        ["phone", "kind", "subject_id"],
        unique=True,
        postgresql_where="closed_at is null",
    )
    op.create_table(
        "payment",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("sum_amount", sa.BigInteger(), nullable=False),
        sa.Column("sum_currency", sa.String(length=3), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_by", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("sum_amount >= 0", name=op.f("ck_payment_not_negative")),
        sa.ForeignKeyConstraint(["paid_by"], ["staff.id"], name=op.f("fk_payment_paid_by_staff")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_payment_statement_id_statement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("statement_id", name=op.f("uq_payment_statement_id")),
    )
    op.create_table(
        "plan_omission",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_omission_plan_id_plan")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_plan_omission_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_omission")),
        sa.UniqueConstraint("plan_id", "ticket_id", name=op.f("uq_plan_omission_plan_id_ticket_id")),
    )
    op.create_index(op.f("ix_plan_omission_ticket_id"), "plan_omission", ["ticket_id"], unique=False)
    op.create_table(
        "ticket_report",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "phone",
                "walk_in",
                "email",
                "web",
                "qr",
                "seller",
                "station",
                "manufacturer",
                "sales",
                "alert",
                "complaint",
                "public_work",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_report_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_report")),
    )
    op.create_index(op.f("ix_ticket_report_ticket_id"), "ticket_report", ["ticket_id"], unique=False)
    op.create_index(
        "uq_ticket_report_external",
        "ticket_report",
        ["source", "external_id"],
        unique=True,
        postgresql_where="external_id is not null",
    )
    op.create_table(
        "urge",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=True),
        sa.Column("urged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_urge_technician_id_technician")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_urge_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urge")),
    )
    op.create_index(op.f("ix_urge_ticket_id"), "urge", ["ticket_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "offered",
                "accepted",
                "on_the_way",
                "on_site",
                "done",
                "not_finished",
                "customer_absent",
                "customer_declined",
                "withdrawn",
                name="visitstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("travel_seconds", sa.BigInteger(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("limit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "result",
            sa.Enum(
                "done_without_part",
                "done_company_part",
                "done_self_bought_part",
                "no_fault",
                "taken_back",
                "exchanged",
                "part_missing",
                "customer_absent",
                "customer_declined",
                "site_not_ready",
                "not_possible",
                name="visitresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(technician_id, technician_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("status <> 'withdrawn'"),
            using="gist",
            name="ex_visit_one_at_a_time",
        ),
        sa.CheckConstraint(
            "(status in ('done', 'not_finished', 'customer_absent', 'customer_declined')) = (result is not null)",
            name=op.f("ck_visit_ended_has_result"),
        ),
        sa.CheckConstraint("(result is null) = (finished_at is null)", name=op.f("ck_visit_ended_has_time")),
        sa.CheckConstraint(
            "starts_at < ends_at and isfinite(starts_at) and isfinite(ends_at)", name=op.f("ck_visit_real_interval")
        ),
        sa.CheckConstraint("window_from < window_to", name=op.f("ck_visit_window_real")),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_visit_technician_id_technician")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_visit_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("ticket_id", "ordinal", name=op.f("uq_visit_ticket_id_ordinal")),
    )
    op.create_index(
        "ix_visit_finished_at", "visit", ["finished_at"], unique=False, postgresql_where="finished_at is not null"
    )
    op.create_index("ix_visit_starts_at", "visit", ["starts_at"], unique=False)
    op.create_index("ix_visit_technician_day", "visit", ["technician_id", "starts_at"], unique=False)
    op.create_index(
        "uq_visit_one_live",
        "visit",
        ["ticket_id"],
        unique=True,
        postgresql_where="status in ('planned', 'offered', 'accepted', 'on_the_way', 'on_site')",
    )
    op.create_table(
        "warranty_judgement",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "covered",
                "not_covered",
                "undetermined",
                "not_applicable",
                name="warrantyverdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("labour", sa.Boolean(), nullable=False),
        sa.Column("parts", sa.Boolean(), nullable=False),
        sa.Column("expenses", sa.Boolean(), nullable=False),
        sa.Column("grounds", sa.String(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "staff",
                "technician",
                "customer",
                "system",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_warranty_judgement_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warranty_judgement")),
    )
    op.create_index(op.f("ix_warranty_judgement_ticket_id"), "warranty_judgement", ["ticket_id"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accuracy_metres", sa.Double(), nullable=True),
        sa.Column("mocked", sa.Boolean(), nullable=False),
        sa.Column("distance_metres", sa.Double(), nullable=True),
        sa.Column("fence_metres", sa.Double(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "inside",
                "outside",
                "code",
                "no_position",
                "no_site_position",
                name="checkinoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("(lat is null) = (lon is null)", name=op.f("ck_check_in_position_whole")),
        sa.CheckConstraint("accuracy_metres >= 0", name=op.f("ck_check_in_accuracy_not_negative")),
        sa.CheckConstraint(
            "lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_check_in_position_in_range")
        ),
        sa.CheckConstraint("not (lat = 0 and lon = 0)", name=op.f("ck_check_in_position_not_zero")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_check_in_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
    )
    op.create_index(op.f("ix_check_in_visit_id"), "check_in", ["visit_id"], unique=False)
    op.create_table(
        "completion_card",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "reported",
                "received",
                "sent_back",
                name="cardstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("diagnosis", sa.String(), nullable=False),
        sa.Column("work_done", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_serial", sa.String(), nullable=True),
        sa.Column("fitted_serial", sa.String(), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.BigInteger(), nullable=True),
        sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_back_reason", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'reported') <= (received_at is null)", name=op.f("ck_completion_card_received_has_time")
        ),
        sa.CheckConstraint("started_at <= ended_at", name=op.f("ck_completion_card_work_in_order")),
        sa.ForeignKeyConstraint(["received_by"], ["staff.id"], name=op.f("fk_completion_card_received_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_completion_card_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_completion_card_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion_card")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_completion_card_visit_id")),
    )
    op.create_index("ix_completion_card_status", "completion_card", ["status", "id"], unique=False)
    op.create_index(op.f("ix_completion_card_ticket_id"), "completion_card", ["ticket_id"], unique=False)
    op.create_table(
        "customer_callback",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column(
            "respondent",
            sa.Enum(
                "customer",
                "owning_party",
                "responsible_contact",
                name="respondent",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "surveyed",
                "passed",
                "failed",
                "unreachable",
                "reconfirmed",
                "not_confirmed",
                "lapsed",
                name="callbackstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("survey_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "fail_reason",
            sa.Enum(
                "still_broken",
                "not_done",
                "nobody_came",
                "overcharged",
                "rude",
                "contradiction",
                name="failreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("without_customer", sa.Boolean(), nullable=False),
        sa.Column("reconfirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("reconfirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconfirmed_with", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(status = 'surveyed') <= (survey_ends_at is not null)", name=op.f("ck_customer_callback_survey_ends")
        ),
        sa.CheckConstraint(
            "(status = 'unreachable') <= (lapses_at is not null)", name=op.f("ck_customer_callback_lapses")
        ),
        sa.CheckConstraint(
            "(status in ('failed', 'not_confirmed')) <= (fail_reason is not null or without_customer)",
            name=op.f("ck_customer_callback_fail_says_why"),
        ),
        sa.CheckConstraint(
            "(status in ('reconfirmed', 'not_confirmed')) = (reconfirmed_by is not null)",
            name=op.f("ck_customer_callback_reconfirmed_by_somebody"),
        ),
        sa.CheckConstraint(
            "(claimed_by is null) = (claimed_until is null)", name=op.f("ck_customer_callback_claim_whole")
        ),
        sa.CheckConstraint("call_after < call_before", name=op.f("ck_customer_callback_window_real")),
        sa.CheckConstraint(
            "reconfirmed_with <> reconfirmed_by", name=op.f("ck_customer_callback_second_person_is_another")
        ),
        sa.ForeignKeyConstraint(["claimed_by"], ["staff.id"], name=op.f("fk_customer_callback_claimed_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_customer_callback_decided_by_staff")),
        sa.ForeignKeyConstraint(
            ["reconfirmed_by"], ["staff.id"], name=op.f("fk_customer_callback_reconfirmed_by_staff")
        ),
        sa.ForeignKeyConstraint(
            ["reconfirmed_with"], ["staff.id"], name=op.f("fk_customer_callback_reconfirmed_with_staff")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_customer_callback_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_customer_callback_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_callback")),
        sa.UniqueConstraint("id", "status", "visit_id", name="uq_customer_callback_proof"),
        sa.UniqueConstraint("visit_id", name=op.f("uq_customer_callback_visit_id")),
    )
    op.create_index(
        "ix_customer_callback_lapse",
        "customer_callback",
        ["lapses_at"],
        unique=False,
        postgresql_where="status = 'unreachable'",
    )
    op.create_index(
        "ix_customer_callback_survey",
        "customer_callback",
        ["survey_ends_at"],
        unique=False,
        postgresql_where="status = 'surveyed'",
    )
    op.create_index(op.f("ix_customer_callback_ticket_id"), "customer_callback", ["ticket_id"], unique=False)
    op.create_index(
        "ix_customer_callback_waiting",
        "customer_callback",
        ["due_at", "id"],
        unique=False,
        postgresql_where="status = 'waiting'",
    )
    op.create_index(
        "ix_customer_callback_window",
        "customer_callback",
        ["call_before"],
        unique=False,
        postgresql_where="status = 'waiting'",
    )
    op.create_index(
        "uq_customer_callback_ticket",
        "customer_callback",
        ["ticket_id"],
        unique=True,
        postgresql_where="visit_id is null and status in ('waiting', 'surveyed')",
    )
    op.create_table(
        "extra_work",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authorised", sa.Boolean(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("(answered_at is null) = (authorised is null)", name=op.f("ck_extra_work_answered_whole")),
        sa.CheckConstraint("price_amount > 0", name=op.f("ck_extra_work_costs_something")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_extra_work_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_work")),
    )
    op.create_index(op.f("ix_extra_work_visit_id"), "extra_work", ["visit_id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "accepted",
                "declined",
                "expired",
                "withdrawn",
                "handed_back",
                name="offerstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decline_reason",
            sa.Enum(
                "too_far",
                "not_my_skill",
                "no_time",
                "no_part",
                "ill",
                "vehicle",
                "other",
                name="declinereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("sent_at < expires_at", name=op.f("ck_offer_open_for_a_while")),
        sa.ForeignKeyConstraint(["technician_id"], ["technician.id"], name=op.f("fk_offer_technician_id_technician")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_offer_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_offer_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_expiry", "offer", ["expires_at"], unique=False, postgresql_where="status = 'open'")
    op.create_index(op.f("ix_offer_technician_id"), "offer", ["technician_id"], unique=False)
    op.create_index(op.f("ix_offer_ticket_id"), "offer", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_offer_visit_id"), "offer", ["visit_id"], unique=False)
    op.create_index("uq_offer_one_accepted", "offer", ["visit_id"], unique=True, postgresql_where="status = 'accepted'")
    op.create_index("uq_offer_one_open", "offer", ["visit_id"], unique=True, postgresql_where="status = 'open'")
    op.create_table(
        "plan_stop",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("travel_seconds", sa.BigInteger(), nullable=False),
        sa.Column("candidates", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("why", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("skipped", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_stop_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_plan_stop_technician_id_technician")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_plan_stop_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_plan_stop_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_stop")),
        sa.UniqueConstraint("plan_id", "ticket_id", name=op.f("uq_plan_stop_plan_id_ticket_id")),
    )
    op.create_index(op.f("ix_plan_stop_ticket_id"), "plan_stop", ["ticket_id"], unique=False)
    op.create_table(
        "callback_attempt",
        sa.Column("callback_id", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("third", sa.SmallInteger(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("contradictions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_callback_attempt_agent_id_staff")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["customer_callback.id"], name=op.f("fk_callback_attempt_callback_id_customer_callback")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_attempt")),
    )
    op.create_index(op.f("ix_callback_attempt_callback_id"), "callback_attempt", ["callback_id"], unique=False)
    op.create_table(
        "card_charge",
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "labour",
                "part",
                "call_out",
                "other",
                name="chargekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.Column("extra_work_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("price_amount >= 0", name=op.f("ck_card_charge_not_negative")),
        sa.ForeignKeyConstraint(
            ["card_id"], ["completion_card.id"], name=op.f("fk_card_charge_card_id_completion_card")
        ),
        sa.ForeignKeyConstraint(
            ["extra_work_id"], ["extra_work.id"], name=op.f("fk_card_charge_extra_work_id_extra_work")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_charge")),
        sa.UniqueConstraint("extra_work_id", name=op.f("uq_card_charge_extra_work_id")),
    )
    op.create_index(op.f("ix_card_charge_card_id"), "card_charge", ["card_id"], unique=False)
    op.create_table(
        "card_part",
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "company",
                "self_bought",
                "customer",
                name="partsource",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_card_part_quantity_positive")),
        sa.ForeignKeyConstraint(["card_id"], ["completion_card.id"], name=op.f("fk_card_part_card_id_completion_card")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_card_part_part_id_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_part")),
    )
    op.create_index(op.f("ix_card_part_card_id"), "card_part", ["card_id"], unique=False)
    op.create_table(
        "complaint",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("callback_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("handler_id", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["customer_callback.id"], name=op.f("fk_complaint_callback_id_customer_callback")
        ),
        sa.ForeignKeyConstraint(["handler_id"], ["staff.id"], name=op.f("fk_complaint_handler_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_complaint_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("callback_id", name=op.f("uq_complaint_callback_id")),
    )
    op.create_index(op.f("ix_complaint_ticket_id"), "complaint", ["ticket_id"], unique=False)
    op.create_table(
        "statement_line",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("technician_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "labour",
                "visit",
                "extra",
                "later",
                "rest",
                "carried",
                name="linekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.Column("price_id", sa.BigInteger(), nullable=True),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("net_currency", sa.String(length=3), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "open",
                "pay",
                "reduced",
                "hold",
                "refuse",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "proposed",
            sa.Enum(
                "open",
                "pay",
                "reduced",
                "hold",
                "refuse",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reasons", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("callback_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "callback_status",
            sa.Enum(
                "waiting",
                "surveyed",
                "passed",
                "failed",
                "unreachable",
                "reconfirmed",
                "not_confirmed",
                "lapsed",
                name="callbackstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("previous_id", sa.BigInteger(), nullable=True),
        sa.Column("rest_of_id", sa.BigInteger(), nullable=True),
        sa.Column("from_statement_id", sa.BigInteger(), nullable=True),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(kind = 'carried') = (from_statement_id is not null)",
            name=op.f("ck_statement_line_carried_from_somewhere"),
        ),
        sa.CheckConstraint(
            "(kind = 'rest') = (rest_of_id is not null)", name=op.f("ck_statement_line_rest_of_something")
        ),
        sa.CheckConstraint(
            "(verdict in ('refuse', 'hold', 'open')) <= (net_amount = 0)", name=op.f("ck_statement_line_unpaid_is_zero")
        ),
        sa.CheckConstraint(
            "(verdict in ('refuse', 'hold', 'reduced')) <= (cardinality(reasons) > 0)",
            name=op.f("ck_statement_line_no_verdict_without_reason"),
        ),
        sa.CheckConstraint(
            "kind in ('rest', 'carried') or net_amount >= 0", name=op.f("ck_statement_line_net_not_negative")
        ),
        sa.CheckConstraint(
            "kind not in ('labour', 'visit') or verdict not in ('pay', 'reduced') or coalesce(callback_status in ('passed', 'reconfirmed') and callback_id is not null and visit_id is not null, false)",
            name=op.f("ck_statement_line_paid_is_verified"),
        ),
        sa.CheckConstraint(
            "kind not in ('labour', 'visit') or visit_id is not null", name=op.f("ck_statement_line_visit_named")
        ),
        sa.CheckConstraint("(decided_by is null) = (decided_at is null)", name=op.f("ck_statement_line_decided_whole")),
        sa.CheckConstraint(
            "price_currency = net_currency and net_amount <= price_amount",
            name=op.f("ck_statement_line_net_within_price"),
        ),
        sa.ForeignKeyConstraint(
            ["callback_id", "callback_status", "visit_id"],
            ["customer_callback.id", "customer_callback.status", "customer_callback.visit_id"],
            name="fk_statement_line_callback",
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_statement_line_decided_by_staff")),
        sa.ForeignKeyConstraint(
            ["from_statement_id"], ["statement.id"], name=op.f("fk_statement_line_from_statement_id_statement")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["statement_line.id"], name=op.f("fk_statement_line_previous_id_statement_line")
        ),
        sa.ForeignKeyConstraint(
            ["price_id"], ["labour_price.id"], name=op.f("fk_statement_line_price_id_labour_price")
        ),
        sa.ForeignKeyConstraint(
            ["rest_of_id"], ["statement_line.id"], name=op.f("fk_statement_line_rest_of_id_statement_line")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_line_statement_id_statement")
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technician.id"], name=op.f("fk_statement_line_technician_id_technician")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_statement_line_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_statement_line_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint("from_statement_id", name=op.f("uq_statement_line_from_statement_id")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_statement_line_previous_id")),
        sa.UniqueConstraint("rest_of_id", name=op.f("uq_statement_line_rest_of_id")),
        sa.UniqueConstraint(
            "statement_id", "visit_id", "kind", name=op.f("uq_statement_line_statement_id_visit_id_kind")
        ),
    )
    op.create_index(op.f("ix_statement_line_statement_id"), "statement_line", ["statement_id"], unique=False)
    op.create_index(op.f("ix_statement_line_ticket_id"), "statement_line", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_statement_line_visit_id"), "statement_line", ["visit_id"], unique=False)
    op.create_index(
        "uq_statement_line_first",
        "statement_line",
        ["visit_id"],
        unique=True,
        postgresql_where="kind in ('labour', 'visit') and previous_id is null",
    )
    op.create_index(
        "uq_statement_line_labour_once",
        "statement_line",
        ["ticket_id"],
        unique=True,
        postgresql_where="kind = 'labour' and verdict in ('pay', 'reduced')",
    )
    op.create_index(
        "uq_statement_line_paid_once",
        "statement_line",
        ["visit_id", "kind"],
        unique=True,
        postgresql_where="verdict in ('pay', 'reduced') and visit_id is not null",
    )
    op.create_table(
        "appeal",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "raised_by_kind",
            sa.Enum(
                "staff",
                "technician",
                "customer",
                "system",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("raised_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(answered_at is null) = (answered_by is null) and (answered_at is null) = (accepted is null) and (answered_at is null) = (answer is null)",
            name=op.f("ck_appeal_answered_whole"),
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["staff.id"], name=op.f("fk_appeal_answered_by_staff")),
        sa.ForeignKeyConstraint(["line_id"], ["statement_line.id"], name=op.f("fk_appeal_line_id_statement_line")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_appeal_statement_id_statement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index(op.f("ix_appeal_statement_id"), "appeal", ["statement_id"], unique=False)
    op.create_table(
        "deduction",
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "repeated_urge",
                "false_report",
                "late_card",
                "price_untrue",
                "no_fault_found",
                name="deductionkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("amount_amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_currency", sa.String(length=3), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("computation", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waived_by", sa.BigInteger(), nullable=True),
        sa.Column("waived_reason", sa.String(), nullable=True),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "(waived_at is null) = (waived_by is null) and (waived_at is null) = (waived_reason is null)",
            name=op.f("ck_deduction_waived_whole"),
        ),
        sa.CheckConstraint("amount_amount > 0", name=op.f("ck_deduction_takes_something")),
        sa.ForeignKeyConstraint(["line_id"], ["statement_line.id"], name=op.f("fk_deduction_line_id_statement_line")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_deduction_policy_id_policy")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_deduction_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["waived_by"], ["staff.id"], name=op.f("fk_deduction_waived_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deduction")),
        sa.UniqueConstraint("kind", "evidence_id", name=op.f("uq_deduction_kind_evidence_id")),
    )
    op.create_index(op.f("ix_deduction_line_id"), "deduction", ["line_id"], unique=False)
    op.create_index(op.f("ix_deduction_ticket_id"), "deduction", ["ticket_id"], unique=False)
    op.create_index(
        "uq_deduction_false_report", "deduction", ["ticket_id"], unique=True, postgresql_where="kind = 'false_report'"
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("uq_deduction_false_report", table_name="deduction", postgresql_where="kind = 'false_report'")
    op.drop_index(op.f("ix_deduction_ticket_id"), table_name="deduction")
    op.drop_index(op.f("ix_deduction_line_id"), table_name="deduction")
    op.drop_table("deduction")
    op.drop_index(op.f("ix_appeal_statement_id"), table_name="appeal")
    op.drop_table("appeal")
    op.drop_index(
        "uq_statement_line_paid_once",
        table_name="statement_line",
        postgresql_where="verdict in ('pay', 'reduced') and visit_id is not null",
    )
    op.drop_index(
        "uq_statement_line_labour_once",
        table_name="statement_line",
        postgresql_where="kind = 'labour' and verdict in ('pay', 'reduced')",
    )
    op.drop_index(
        "uq_statement_line_first",
        table_name="statement_line",
        postgresql_where="kind in ('labour', 'visit') and previous_id is null",
    )
    op.drop_index(op.f("ix_statement_line_visit_id"), table_name="statement_line")
    op.drop_index(op.f("ix_statement_line_ticket_id"), table_name="statement_line")
    op.drop_index(op.f("ix_statement_line_statement_id"), table_name="statement_line")
    op.drop_table("statement_line")
    op.drop_index(op.f("ix_complaint_ticket_id"), table_name="complaint")
    op.drop_table("complaint")
    op.drop_index(op.f("ix_card_part_card_id"), table_name="card_part")
    op.drop_table("card_part")
    op.drop_index(op.f("ix_card_charge_card_id"), table_name="card_charge")
    op.drop_table("card_charge")
    op.drop_index(op.f("ix_callback_attempt_callback_id"), table_name="callback_attempt")
    op.drop_table("callback_attempt")
    op.drop_index(op.f("ix_plan_stop_ticket_id"), table_name="plan_stop")
    op.drop_table("plan_stop")
    op.drop_index("uq_offer_one_open", table_name="offer", postgresql_where="status = 'open'")
    op.drop_index("uq_offer_one_accepted", table_name="offer", postgresql_where="status = 'accepted'")
    op.drop_index(op.f("ix_offer_visit_id"), table_name="offer")
    op.drop_index(op.f("ix_offer_ticket_id"), table_name="offer")
    op.drop_index(op.f("ix_offer_technician_id"), table_name="offer")
    op.drop_index("ix_offer_expiry", table_name="offer", postgresql_where="status = 'open'")
    op.drop_table("offer")
    op.drop_index(op.f("ix_extra_work_visit_id"), table_name="extra_work")
    op.drop_table("extra_work")
    op.drop_index(
        "uq_customer_callback_ticket",
        table_name="customer_callback",
        postgresql_where="visit_id is null and status in ('waiting', 'surveyed')",
    )
    op.drop_index("ix_customer_callback_window", table_name="customer_callback", postgresql_where="status = 'waiting'")
    op.drop_index("ix_customer_callback_waiting", table_name="customer_callback", postgresql_where="status = 'waiting'")
    op.drop_index(op.f("ix_customer_callback_ticket_id"), table_name="customer_callback")
    op.drop_index("ix_customer_callback_survey", table_name="customer_callback", postgresql_where="status = 'surveyed'")
    op.drop_index(
        "ix_customer_callback_lapse", table_name="customer_callback", postgresql_where="status = 'unreachable'"
    )
    op.drop_table("customer_callback")
    op.drop_index(op.f("ix_completion_card_ticket_id"), table_name="completion_card")
    op.drop_index("ix_completion_card_status", table_name="completion_card")
    op.drop_table("completion_card")
    op.drop_index(op.f("ix_check_in_visit_id"), table_name="check_in")
    op.drop_table("check_in")
    op.drop_index(op.f("ix_warranty_judgement_ticket_id"), table_name="warranty_judgement")
    op.drop_table("warranty_judgement")
    op.drop_index(
        "uq_visit_one_live",
        table_name="visit",
        postgresql_where="status in ('planned', 'offered', 'accepted', 'on_the_way', 'on_site')",
    )
    op.drop_index("ix_visit_technician_day", table_name="visit")
    op.drop_index("ix_visit_starts_at", table_name="visit")
    op.drop_index("ix_visit_finished_at", table_name="visit", postgresql_where="finished_at is not null")
    op.drop_table("visit")
    op.drop_index(op.f("ix_urge_ticket_id"), table_name="urge")
    op.drop_table("urge")
    op.drop_index("uq_ticket_report_external", table_name="ticket_report", postgresql_where="external_id is not null")
    op.drop_index(op.f("ix_ticket_report_ticket_id"), table_name="ticket_report")
    op.drop_table("ticket_report")
    op.drop_index(op.f("ix_plan_omission_ticket_id"), table_name="plan_omission")
    op.drop_table("plan_omission")
    op.drop_table("payment")
    op.drop_index("uq_open_question_subject", table_name="open_question", postgresql_where="closed_at is null")
    op.drop_index("uq_open_question_code", table_name="open_question", postgresql_where="closed_at is null")
    op.drop_index(op.f("ix_open_question_ticket_id"), table_name="open_question")
    op.drop_index("ix_open_question_subject", table_name="open_question", postgresql_where="closed_at is null")
    op.drop_index("ix_open_question_phone", table_name="open_question")
    op.drop_table("open_question")
    op.drop_index(op.f("ix_human_reading_ticket_id"), table_name="human_reading")
    op.drop_index("ix_human_reading_open", table_name="human_reading", postgresql_where="read_at is null")
    op.drop_table("human_reading")
    op.drop_index(op.f("ix_hindrance_ticket_id"), table_name="hindrance")
    op.drop_table("hindrance")
    op.drop_index("uq_escalation_open", table_name="escalation", postgresql_where="settled_at is null")
    op.drop_index(op.f("ix_escalation_ticket_id"), table_name="escalation")
    op.drop_index("ix_escalation_region", table_name="escalation", postgresql_where="settled_at is null")
    op.drop_table("escalation")
    op.drop_index(op.f("ix_customer_link_ticket_id"), table_name="customer_link")
    op.drop_table("customer_link")
    op.drop_index(op.f("ix_correction_ticket_id"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_van_station_id"), table_name="van")
    op.drop_table("van")
    op.drop_index("uq_ticket_external", table_name="ticket", postgresql_where="external_id is not null")
    op.drop_index("ix_ticket_waiting", table_name="ticket", postgresql_where="status = 'waiting'")
    op.drop_index("ix_ticket_status", table_name="ticket")
    op.drop_index(op.f("ix_ticket_site_id"), table_name="ticket")
    op.drop_index("ix_ticket_region_status", table_name="ticket")
    op.drop_index(
        "ix_ticket_place",
        table_name="ticket",
        postgresql_where="status in ('incomplete', 'planned', 'ready', 'waiting')",
    )
    op.drop_index("ix_ticket_opened_at", table_name="ticket")
    op.drop_index("ix_ticket_equipment", table_name="ticket", postgresql_where="equipment_id is not null")
    op.drop_index(op.f("ix_ticket_customer_id"), table_name="ticket")
    op.drop_table("ticket")
    op.drop_index(op.f("ix_technician_token_technician_id"), table_name="technician_token")
    op.drop_table("technician_token")
    op.drop_index(op.f("ix_technician_skill_skill_id"), table_name="technician_skill")
    op.drop_table("technician_skill")
    op.drop_index("uq_statement_technician", table_name="statement", postgresql_where="technician_id is not null")
    op.drop_index("uq_statement_station", table_name="statement", postgresql_where="station_id is not null")
    op.drop_table("statement")
    op.drop_index(op.f("ix_shift_technician_id"), table_name="shift")
    op.drop_index("ix_shift_starts_at", table_name="shift")
    op.drop_table("shift")
    op.drop_index("ix_plan_region", table_name="plan")
    op.drop_table("plan")
    op.drop_index(op.f("ix_login_code_technician_id"), table_name="login_code")
    op.drop_table("login_code")
    op.drop_index(op.f("ix_console_session_staff_id"), table_name="console_session")
    op.drop_table("console_session")
    op.drop_index(op.f("ix_api_token_staff_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_absence_technician_id"), table_name="absence")
    op.drop_table("absence")
    op.drop_index(op.f("ix_technician_station_id"), table_name="technician")
    op.drop_table("technician")
    op.drop_index("uq_staff_login", table_name="staff")
    op.drop_table("staff")
    op.drop_index(op.f("ix_equipment_site_id"), table_name="equipment")
    op.drop_index(op.f("ix_equipment_customer_id"), table_name="equipment")
    op.drop_table("equipment")
    op.drop_index(op.f("ix_station_region_id"), table_name="station")
    op.drop_table("station")
    op.drop_index("uq_site_external", table_name="site", postgresql_where="external_id is not null")
    op.drop_index(op.f("ix_site_region_id"), table_name="site")
    op.drop_index(op.f("ix_site_customer_id"), table_name="site")
    op.drop_table("site")
    op.drop_index("uq_part_price_day", table_name="part_price")
    op.drop_table("part_price")
    op.drop_index(op.f("ix_message_notice_message_id"), table_name="message_notice")
    op.drop_table("message_notice")
    op.drop_index("ix_customer_phone_number", table_name="customer_phone")
    op.drop_table("customer_phone")
    op.drop_index("uq_travel_pair", table_name="travel_pair")
    op.drop_table("travel_pair")
    op.drop_table("suppression")
    op.drop_table("special_sale")
    op.drop_table("skill")
    op.drop_table("simulation")
    op.drop_table("region")
    op.drop_table("policy")
    op.drop_table("part")
    op.drop_index("uq_outbox_message_provider", table_name="outbox_message", postgresql_where="provider_id is not null")
    op.drop_index("uq_outbox_message_once", table_name="outbox_message", postgresql_where="once is not null")
    op.drop_index("ix_outbox_message_phone", table_name="outbox_message")
    op.drop_index(
        "ix_outbox_message_open",
        table_name="outbox_message",
        postgresql_where="status in ('waiting', 'sending', 'sent')",
    )
    op.drop_table("outbox_message")
    op.drop_index("ix_login_attempt_key", table_name="login_attempt")
    op.drop_table("login_attempt")
    op.drop_table("labour_price")
    op.drop_index("uq_inbound_message_provider", table_name="inbound_message")
    op.drop_index("ix_inbound_message_unread", table_name="inbound_message", postgresql_where="handled_at is null")
    op.drop_index("ix_inbound_message_phone", table_name="inbound_message")
    op.drop_table("inbound_message")
    op.drop_index("uq_idempotency_key", table_name="idempotency_key")
    op.drop_index("ix_idempotency_key_age", table_name="idempotency_key", postgresql_where="not keep")
    op.drop_table("idempotency_key")
    op.drop_index("ix_domain_event_ticket", table_name="domain_event", postgresql_where="ticket_id is not null")
    op.drop_index("ix_domain_event_subject", table_name="domain_event")
    op.drop_index("ix_domain_event_kind", table_name="domain_event")
    op.drop_table("domain_event")
    op.drop_index("uq_customer_external", table_name="customer", postgresql_where="external_id is not null")
    op.drop_index("ix_customer_name", table_name="customer", postgresql_ops={"lower(name)": "text_pattern_ops"})
    op.drop_table("customer")
