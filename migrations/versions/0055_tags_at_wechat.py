"""What WeChat was told of tags; those that menus used are tags like all others from now on."""

import sqlalchemy as sa
from alembic import op

from wx_backend import clock
from wx_backend.db import BigId, Instant

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

COUNTS = ("singles", "listed", "strangers", "to_tell", "told", "refused")
REP_TAG, REP_RULE = "销售员工", {"is_rep": True}
OLD = sa.table(
    "account_tag", sa.column("appid"), sa.column("name"), sa.column("tag_id", sa.Integer)
)
TAG = sa.table(
    "tag",
    sa.column("appid"),
    sa.column("name"),
    sa.column("rule", sa.JSON),
    sa.column("run"),
    sa.column("fault"),
    sa.column("wechat_id"),
    sa.column("is_stopped", sa.Boolean),
    sa.column("created_by"),
    sa.column("created_at", Instant()),
)


def upgrade() -> None:
    op.add_column("tag", sa.Column("wechat_id", sa.Integer(), nullable=True))
    op.add_column(
        "tag", sa.Column("is_stopped", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("tag", sa.Column("removed_at", Instant(), nullable=True))
    op.add_column(
        "tag_holder",
        sa.Column("there", sa.String(length=8), nullable=False, server_default="no"),
    )
    op.add_column("tag_holder", sa.Column("refusal", sa.String(length=12), nullable=True))
    op.add_column("tag_holder", sa.Column("listed_by", BigId, nullable=True))
    op.create_index("ix_tag_holder_there", "tag_holder", ["tag_id", "there", "id"])
    op.create_table(
        "tag_sync",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("next_openid", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_tag_sync_tag_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_sync")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_tag_sync_open",
        "tag_sync",
        ["tag_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_tag_sync_tag", "tag_sync", ["tag_id", "id"])
    _take_over()
    op.drop_table("account_tag")


def downgrade() -> None:
    op.create_table(
        "account_tag",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_tag")),
        sa.UniqueConstraint("appid", "name", name=op.f("uq_account_tag_appid_name")),
    )
    told = sa.select(TAG.c.appid, TAG.c.name, TAG.c.wechat_id).where(TAG.c.wechat_id.is_not(None))
    op.execute(OLD.insert().from_select(["appid", "name", "tag_id"], told))
    op.drop_table("tag_sync")
    op.drop_index("ix_tag_holder_there", "tag_holder")
    for name in ("listed_by", "refusal", "there"):
        op.drop_column("tag_holder", name)
    for name in ("removed_at", "is_stopped", "wechat_id"):
        op.drop_column("tag", name)


def _take_over() -> None:
    """A tag somebody made here under the same name goes on as the one that WeChat knows."""
    connection = op.get_bind()
    for appid, name, number in connection.execute(sa.select(OLD)).all():
        here = sa.and_(TAG.c.appid == appid, TAG.c.name == name)
        found = connection.execute(TAG.update().where(here).values(wechat_id=number))
        if not found.rowcount:
            connection.execute(
                TAG.insert().values(
                    appid=appid,
                    name=name,
                    rule=REP_RULE if name == REP_TAG else {},
                    run=0,
                    fault="",
                    wechat_id=number,
                    is_stopped=False,
                    created_by="system",
                    created_at=clock.now(),
                )
            )
