"""Search by words and initials, gifts, promises and albums of products, picks of reps."""

import sqlalchemy as sa
from alembic import op

from catalog.search import search_text
from wx_backend.db import BigId

revision = "0023"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    showing = sa.Column("showing", sa.JSON(), server_default="{}", nullable=False)
    op.add_column("product", showing)
    op.add_column("product", sa.Column("search", sa.Text(), server_default="", nullable=False))
    _fill_search()
    op.create_table(
        "rep_pick",
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_rep_pick_rep_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_rep_pick_product_id")
        ),
        sa.PrimaryKeyConstraint("rep_id", "product_id", name=op.f("pk_rep_pick")),
    )


def downgrade() -> None:
    op.drop_table("rep_pick")
    op.drop_column("product", "search")
    op.drop_column("product", "showing")


def _fill_search() -> None:
    product = sa.table("product", *map(sa.column, ("id", "name", "subtitle", "search")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(product.c.id, product.c.name, product.c.subtitle)).all():
        connection.execute(
            sa.update(product)
            .where(product.c.id == row.id)
            .values(search=search_text(row.name, row.subtitle))
        )
