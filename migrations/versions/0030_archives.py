"""Archives: files with everything, and who did what with them."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

HISTORY = "archive_event"


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("is_clear", sa.Boolean(), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
        sa.UniqueConstraint("name", name=op.f("uq_archive_name")),
    )
    op.create_table(
        HISTORY,
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("archive_id", BigId, nullable=False),
        sa.Column("deed", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["archive_id"], ["archive.id"], name=op.f("fk_archive_event_archive_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_event")),
    )
    op.create_index("ix_archive_event_archive_id", HISTORY, ["archive_id"])
    _keep_unchanged()


def _keep_unchanged() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {HISTORY}_no_{verb} BEFORE {verb} ON {HISTORY}"
                " BEGIN SELECT RAISE(ABORT, 'history is added to, never changed'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {HISTORY}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'history is added to, never changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {HISTORY}_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON {HISTORY}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {HISTORY}_refuse()"
    )


def downgrade() -> None:
    op.drop_table(HISTORY)
    op.drop_table("archive")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {HISTORY}_refuse()")
