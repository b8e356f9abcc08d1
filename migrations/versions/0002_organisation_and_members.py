"""organisation and members."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("phone_proven_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("number", name=op.f("uq_member_number")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index("ix_member_phone", ["phone_index"], unique=False)

    op.create_table(
        "org_node",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column("opening_hours", sa.JSON(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["org_node.id"], name=op.f("fk_org_node_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_node")),
        sa.UniqueConstraint("code", name=op.f("uq_org_node_code")),
    )
    with op.batch_alter_table("org_node", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_org_node_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "visitor",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitor")),
        sa.UniqueConstraint("digest", name=op.f("uq_visitor_digest")),
    )
    op.create_table(
        "identity",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=True),
        sa.Column("unionid", sa.String(length=64), nullable=True),
        sa.Column("member_id", BigId, nullable=True),
        sa.Column("is_followed", sa.Boolean(), nullable=False),
        sa.Column("state_at", Instant(), nullable=True),
        sa.Column("subscribe_scene", sa.String(length=40), nullable=True),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_identity_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("appid", "openid", name=op.f("uq_identity_appid_openid")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index("ix_identity_member_id", ["member_id"], unique=False)
        batch_op.create_index("ix_identity_unionid", ["unionid"], unique=False)

    op.create_table(
        "org_path",
        sa.Column("ancestor_id", BigId, nullable=False),
        sa.Column("descendant_id", BigId, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ancestor_id"], ["org_node.id"], name=op.f("fk_org_path_ancestor_id")
        ),
        sa.ForeignKeyConstraint(
            ["descendant_id"], ["org_node.id"], name=op.f("fk_org_path_descendant_id")
        ),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name=op.f("pk_org_path")),
    )
    with op.batch_alter_table("org_path", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_org_path_descendant_id"), ["descendant_id"], unique=False
        )

    op.create_table(
        "rep",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("greeting", sa.String(length=120), nullable=False),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("channel_class", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("heir_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["heir_id"], ["rep.id"], name=op.f("fk_rep_heir_id")),
        sa.ForeignKeyConstraint(["outlet_id"], ["org_node.id"], name=op.f("fk_rep_outlet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rep")),
        sa.UniqueConstraint("number", name=op.f("uq_rep_number")),
    )
    with op.batch_alter_table("rep", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rep_outlet_id"), ["outlet_id"], unique=False)

    op.create_table(
        "staff",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_staff_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    op.create_table(
        "consent",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("event_at", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_consent_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("key", name=op.f("uq_consent_key")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(
            "ix_consent_identity_template", ["identity_id", "template_id", "event_at"], unique=False
        )

    op.create_table(
        "follow_event",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("event_at", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_follow_event_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_event")),
        sa.UniqueConstraint("key", name=op.f("uq_follow_event_key")),
    )
    with op.batch_alter_table("follow_event", schema=None) as batch_op:
        batch_op.create_index("ix_follow_event_identity", ["identity_id", "event_at"], unique=False)

    op.create_table(
        "identity_link",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("visitor_id", BigId, nullable=True),
        sa.Column("member_id", BigId, nullable=True),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(visitor_id IS NULL) <> (member_id IS NULL)",
            name=op.f("ck_identity_link_visitor_or_member"),
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_identity_link_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_identity_link_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["visitor_id"], ["visitor.id"], name=op.f("fk_identity_link_visitor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_link")),
        sa.UniqueConstraint(
            "visitor_id", "identity_id", name=op.f("uq_identity_link_visitor_id_identity_id")
        ),
    )
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.create_index("ix_identity_link_identity", ["identity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_link_member_id"), ["member_id"], unique=False)

    op.create_table(
        "invite",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_invite_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint("digest", name=op.f("uq_invite_digest")),
    )
    with op.batch_alter_table("invite", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invite_rep_id"), ["rep_id"], unique=False)

    op.create_table(
        "operator_identity",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("developer_code", sa.String(length=32), nullable=False),
        sa.Column("channel_code", sa.String(length=32), nullable=False),
        sa.Column("staff_number", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("ck_operator_identity_span"),
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_operator_identity_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_identity")),
        sa.UniqueConstraint(
            "rep_id", "valid_from", name=op.f("uq_operator_identity_rep_id_valid_from")
        ),
    )
    op.create_table(
        "rep_binding",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("member_id", BigId, nullable=False),
        sa.Column("bound_at", Instant(), nullable=False),
        sa.Column("unbound_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_rep_binding_member_id")
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_rep_binding_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rep_binding")),
    )
    with op.batch_alter_table("rep_binding", schema=None) as batch_op:
        batch_op.create_index(
            "uq_rep_binding_open_member",
            ["member_id"],
            unique=True,
            sqlite_where=sa.text("unbound_at IS NULL"),
            postgresql_where=sa.text("unbound_at IS NULL"),
        )
        batch_op.create_index(
            "uq_rep_binding_open_rep",
            ["rep_id"],
            unique=True,
            sqlite_where=sa.text("unbound_at IS NULL"),
            postgresql_where=sa.text("unbound_at IS NULL"),
        )

    op.create_table(
        "staff_session",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_session_digest")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_session_staff_id"), ["staff_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_session_staff_id"))

    op.drop_table("staff_session")
    with op.batch_alter_table("rep_binding", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_rep_binding_open_rep",
            sqlite_where=sa.text("unbound_at IS NULL"),
            postgresql_where=sa.text("unbound_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_rep_binding_open_member",
            sqlite_where=sa.text("unbound_at IS NULL"),
            postgresql_where=sa.text("unbound_at IS NULL"),
        )

    op.drop_table("rep_binding")
    op.drop_table("operator_identity")
    with op.batch_alter_table("invite", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invite_rep_id"))

    op.drop_table("invite")
    with op.batch_alter_table("identity_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_link_member_id"))
        batch_op.drop_index("ix_identity_link_identity")

    op.drop_table("identity_link")
    with op.batch_alter_table("follow_event", schema=None) as batch_op:
        batch_op.drop_index("ix_follow_event_identity")

    op.drop_table("follow_event")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_identity_template")

    op.drop_table("consent")
    op.drop_table("staff")
    with op.batch_alter_table("rep", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rep_outlet_id"))

    op.drop_table("rep")
    with op.batch_alter_table("org_path", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_org_path_descendant_id"))

    op.drop_table("org_path")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index("ix_identity_unionid")
        batch_op.drop_index("ix_identity_member_id")

    op.drop_table("identity")
    op.drop_table("visitor")
    with op.batch_alter_table("org_node", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_org_node_parent_id"))

    op.drop_table("org_node")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("ix_member_phone")

    op.drop_table("member")
