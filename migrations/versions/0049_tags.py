"""Tags of an account, who has them, and who scanned the code of a scene."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

NAME = "ix_touch_scene"
HAS_SCENE = sa.text("scene IS NOT NULL")


def upgrade() -> None:
    _index()
    op.create_table(
        "tag",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("cursor", BigId, nullable=True),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("appid", "name", name=op.f("uq_tag_appid_name")),
    )
    op.create_table(
        "tag_holder",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("given_by", sa.String(length=40), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_tag_holder_tag_id")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_tag_holder_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_holder")),
        sa.UniqueConstraint("tag_id", "identity_id", name=op.f("uq_tag_holder_tag_id_identity_id")),
    )
    op.create_index("ix_tag_holder_identity", "tag_holder", ["identity_id"])
    is_held = sa.text("taken_at IS NULL")
    op.create_index(
        "ix_tag_holder_held",
        "tag_holder",
        ["tag_id", "identity_id"],
        sqlite_where=is_held,
        postgresql_where=is_held,
    )


def downgrade() -> None:
    op.drop_index(NAME, "touch")
    op.drop_table("tag_holder")
    op.drop_table("tag")


def _index() -> None:
    """On PostgreSQL built beside trade, with all the time it takes."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, "touch", ["scene", "identity_id"], sqlite_where=HAS_SCENE)
        return
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # what a broken-off build left
        op.create_index(
            NAME,
            "touch",
            ["scene", "identity_id"],
            postgresql_where=HAS_SCENE,
            postgresql_concurrently=True,
        )
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")
