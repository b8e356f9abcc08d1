"""Menus as editions, looks at the platform, adoptions, tags; reply rules that can be switched off."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

APPID = sa.String(length=32)


def upgrade() -> None:
    op.create_table(
        "menu_edition",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", APPID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("published_by", BigId, nullable=True),
        sa.Column("published_at", Instant(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_menu_edition_staff_id")),
        sa.ForeignKeyConstraint(
            ["published_by"], ["staff.id"], name=op.f("fk_menu_edition_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_edition")),
        sa.UniqueConstraint("appid", "number", name=op.f("uq_menu_edition_appid_number")),
    )
    for status in ("draft", "publishing"):
        condition = sa.text(f"status = '{status}'")
        op.create_index(
            f"uq_menu_edition_{status}",
            "menu_edition",
            ["appid"],
            unique=True,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    op.create_table(
        "menu_look",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", APPID, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_look")),
        sa.UniqueConstraint("appid", name=op.f("uq_menu_look_appid")),
    )
    op.create_table(
        "menu_adoption",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", APPID, nullable=False),
        sa.Column("adopted_at", Instant(), nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_menu_adoption_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_adoption")),
        sa.UniqueConstraint("appid", name=op.f("uq_menu_adoption_appid")),
    )
    op.create_table(
        "account_tag",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", APPID, nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_tag")),
        sa.UniqueConstraint("appid", "name", name=op.f("uq_account_tag_appid_name")),
    )
    op.create_table(
        "reply_book",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", APPID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_reply_book_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_book")),
        sa.UniqueConstraint("appid", name=op.f("uq_reply_book_appid")),
    )
    op.add_column(
        "reply_rule",
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
    )


def downgrade() -> None:
    """What is switched off must not answer, and there is no other way to say so: it goes."""
    op.execute("DELETE FROM reply_rule WHERE NOT is_active")
    op.drop_column("reply_rule", "is_active")
    for table in ("reply_book", "account_tag", "menu_adoption", "menu_look", "menu_edition"):
        op.drop_table(table)
