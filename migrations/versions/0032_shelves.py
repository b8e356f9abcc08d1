"""Search by words and initials; gifts, promises, albums and reviews of products; picks of reps."""

import sqlalchemy as sa
from alembic import op

from catalog.search import search_text
from wx_backend.db import BigId

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# In place: SQLite's way round it, a new table, would lose what refers to it.
ADD_PRODUCT = """
ALTER TABLE fulfilment_review ADD COLUMN product_id {type}
CONSTRAINT fk_fulfilment_review_product_id REFERENCES product (id)
"""
FILL_PRODUCT = """
UPDATE fulfilment_review SET product_id = (
    SELECT product_id FROM order_line WHERE order_line.id = fulfilment_review.order_line_id)
"""


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
    _tell_reviews_their_product()


def downgrade() -> None:
    op.drop_index("ix_fulfilment_review_product", "fulfilment_review")
    op.drop_column("fulfilment_review", "product_id")
    op.drop_table("rep_pick")
    op.drop_column("product", "search")
    op.drop_column("product", "showing")


def _fill_search() -> None:
    product = sa.table("product", *map(sa.column, ("id", "name", "subtitle", "search")))
    connection = op.get_bind()
    for row in connection.execute(
        sa.select(product.c.id, product.c.name, product.c.subtitle)
    ).all():
        connection.execute(
            sa.update(product)
            .where(product.c.id == row.id)
            .values(search=search_text(row.name, row.subtitle))
        )


def _tell_reviews_their_product() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(ADD_PRODUCT.format(type=kind))
    op.execute(FILL_PRODUCT)
    op.create_index("ix_fulfilment_review_product", "fulfilment_review", ["product_id", "stars"])
