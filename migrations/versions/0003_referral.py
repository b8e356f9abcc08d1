"""referral."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=True),
        sa.Column("scene", sa.String(length=64), nullable=True),
        sa.Column("slug", sa.String(length=64), nullable=True),
        sa.Column("ticket", sa.String(length=200), nullable=True),
        sa.Column("url", sa.String(length=300), nullable=True),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.CheckConstraint("(scene IS NULL) <> (slug IS NULL)", name=op.f("ck_code_scene_or_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("appid", "scene", name=op.f("uq_code_appid_scene")),
        sa.UniqueConstraint("slug", name=op.f("uq_code_slug")),
    )
    op.create_table(
        "code_budget",
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= capacity", name=op.f("ck_code_budget_capacity")),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_code_budget")),
    )
    op.create_table(
        "forged_count",
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("business_on", "source", "reason", name=op.f("pk_forged_count")),
    )
    op.create_table(
        "forged_sample",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("sample", sa.String(length=80), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forged_sample")),
    )
    with op.batch_alter_table("forged_sample", schema=None) as batch_op:
        batch_op.create_index("ix_forged_sample_day", ["business_on"], unique=False)

    op.create_table(
        "policy_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_policy_version_staff_id")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_policy_version_valid_from")),
    )
    op.create_table(
        "share",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("parent_key", sa.BigInteger(), nullable=False),
        sa.Column("sharer_key", sa.String(length=32), nullable=False),
        sa.Column("rep_id", BigId, nullable=True),
        sa.Column("identity_id", BigId, nullable=True),
        sa.Column("root_rep_id", BigId, nullable=True),
        sa.Column("subject", sa.String(length=12), nullable=False),
        sa.Column("subject_key", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("depth >= 0", name=op.f("ck_share_depth")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_share_identity_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["share.id"], name=op.f("fk_share_parent_id")),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_share_rep_id")),
        sa.ForeignKeyConstraint(["root_rep_id"], ["rep.id"], name=op.f("fk_share_root_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
        sa.UniqueConstraint(
            "parent_key",
            "sharer_key",
            "subject",
            "subject_key",
            "place",
            name=op.f("uq_share_parent_key_sharer_key_subject_subject_key_place"),
        ),
    )
    with op.batch_alter_table("share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_share_root_rep", ["root_rep_id", "created_at"], unique=False)

    op.create_table(
        "code_target",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("code_id", BigId, nullable=False),
        sa.Column("share_id", BigId, nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["code_id"], ["code.id"], name=op.f("fk_code_target_code_id")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_code_target_share_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_code_target_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_target")),
        sa.UniqueConstraint(
            "code_id", "valid_from", name=op.f("uq_code_target_code_id_valid_from")
        ),
    )
    op.create_table(
        "sighting_count",
        sa.Column("share_id", BigId, nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_sighting_count_share_id")
        ),
        sa.PrimaryKeyConstraint("share_id", "business_on", "kind", name=op.f("pk_sighting_count")),
    )
    op.create_table(
        "touch",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("identity_id", BigId, nullable=True),
        sa.Column("visitor_id", BigId, nullable=True),
        sa.Column("share_id", BigId, nullable=True),
        sa.Column("code_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("certainty", sa.String(length=12), nullable=False),
        sa.Column("scene", sa.String(length=64), nullable=True),
        sa.Column("event_at", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "(identity_id IS NULL) <> (visitor_id IS NULL)", name=op.f("ck_touch_one_subject")
        ),
        sa.ForeignKeyConstraint(["code_id"], ["code.id"], name=op.f("fk_touch_code_id")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_touch_identity_id")
        ),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_touch_share_id")),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"], name=op.f("fk_touch_visitor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touch")),
        sa.UniqueConstraint("key", name=op.f("uq_touch_key")),
    )
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.create_index("ix_touch_identity", ["identity_id", "event_at"], unique=False)
        batch_op.create_index("ix_touch_share", ["share_id", "event_at"], unique=False)
        batch_op.create_index("ix_touch_visitor", ["visitor_id", "event_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.drop_index("ix_touch_visitor")
        batch_op.drop_index("ix_touch_share")
        batch_op.drop_index("ix_touch_identity")

    op.drop_table("touch")
    op.drop_table("sighting_count")
    op.drop_table("code_target")
    with op.batch_alter_table("share", schema=None) as batch_op:
        batch_op.drop_index("ix_share_root_rep")
        batch_op.drop_index(batch_op.f("ix_share_parent_id"))

    op.drop_table("share")
    op.drop_table("policy_version")
    with op.batch_alter_table("forged_sample", schema=None) as batch_op:
        batch_op.drop_index("ix_forged_sample_day")

    op.drop_table("forged_sample")
    op.drop_table("forged_count")
    op.drop_table("code_budget")
    op.drop_table("code")
