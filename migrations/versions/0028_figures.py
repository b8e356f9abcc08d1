"""Figures: what waits to be counted, facts, sums per place and day, the tree of every day.

Three triggers note what happened in the transaction in which it does; they refuse nothing.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

NOTE = "INSERT INTO figure_delta (source, source_id) VALUES ({source}, {row_id}) ON CONFLICT DO NOTHING"
# What is noted of which table: when, on which condition, as which row.
NOTED = (
    ("touch", "INSERT", "", "'touch'", "NEW.id"),
    (
        "order_transition",
        "INSERT",
        "NEW.line_id IS NULL AND NEW.to_status IN ('placed', 'paid')",
        "NEW.to_status",
        "NEW.order_id",
    ),
    (
        "refund",
        "UPDATE OF status",
        "NEW.status = 'succeeded' AND OLD.status <> 'succeeded'",
        "'refunded'",
        "NEW.id",
    ),
)
# Everything of before is counted too, by and by.
BEFORE = (
    "INSERT INTO figure_delta SELECT 'touch', id FROM touch",
    "INSERT INTO figure_delta SELECT 'placed', id FROM sales_order",
    "INSERT INTO figure_delta SELECT 'paid', id FROM sales_order WHERE paid_at IS NOT NULL",
    "INSERT INTO figure_delta SELECT 'refunded', id FROM refund WHERE status = 'succeeded'",
)


def upgrade() -> None:
    _tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, event, condition, source, row_id in NOTED:
        note = NOTE.format(source=source, row_id=row_id)
        when = f" WHEN ({condition})" if condition else ""
        name = f"{table}_counted"
        if is_sqlite:
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table}{when} BEGIN {note}; END")
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN {note}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {table}"
            f" FOR EACH ROW{when} EXECUTE FUNCTION {name}()"
        )
    _keep_unchanged(is_sqlite)
    for statement in BEFORE:
        op.execute(statement)
    op.execute("INSERT INTO figure_state (counted_at) VALUES (NULL)")


def _keep_unchanged(is_sqlite: bool) -> None:
    if is_sqlite:
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER figure_fact_no_{verb} BEFORE {verb} ON figure_fact"
                " BEGIN SELECT RAISE(ABORT, 'facts are added to, never changed'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION figure_fact_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'facts are added to, never changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER figure_fact_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON figure_fact"
        " FOR EACH STATEMENT EXECUTE FUNCTION figure_fact_refuse()"
    )


def _tables() -> None:
    op.create_table(
        "figure_delta",
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("source", "source_id", name=op.f("pk_figure_delta")),
    )
    op.create_table(
        "figure_state",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("counted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_state")),
    )
    op.create_table(
        "figure_fact",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("rep_id", BigId, nullable=True),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_figure_fact_outlet_id")
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_figure_fact_rep_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_figure_fact_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_fact")),
        sa.UniqueConstraint("kind", "row_id", name=op.f("uq_figure_fact_kind_row_id")),
    )
    op.create_index("ix_figure_fact_outlet", "figure_fact", ["outlet_id", "business_on", "kind"])
    op.create_index("ix_figure_fact_rep", "figure_fact", ["rep_id", "business_on", "kind"])
    op.create_index("ix_figure_fact_day", "figure_fact", ["business_on", "kind"])
    op.create_table(
        "figure_day",
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_figure_day_node_id")),
        sa.PrimaryKeyConstraint(
            "node_id", "part", "business_on", "kind", "key", name=op.f("pk_figure_day")
        ),
    )
    op.create_table(
        "tree_span",
        sa.Column("ancestor_id", BigId, nullable=False),
        sa.Column("descendant_id", BigId, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ancestor_id"], ["org_node.id"], name=op.f("fk_tree_span_ancestor_id")
        ),
        sa.ForeignKeyConstraint(
            ["descendant_id"], ["org_node.id"], name=op.f("fk_tree_span_descendant_id")
        ),
        sa.PrimaryKeyConstraint(
            "ancestor_id", "descendant_id", "first_on", name=op.f("pk_tree_span")
        ),
    )
    op.create_index("ix_tree_span_descendant", "tree_span", ["descendant_id", "until_on"])


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, *_ in NOTED:
        op.execute(f"DROP TRIGGER {table}_counted{'' if is_sqlite else f' ON {table}'}")
        if not is_sqlite:
            op.execute(f"DROP FUNCTION {table}_counted()")
    for table in ("tree_span", "figure_day", "figure_fact", "figure_state", "figure_delta"):
        op.drop_table(table)
    if not is_sqlite:
        op.execute("DROP FUNCTION figure_fact_refuse()")
