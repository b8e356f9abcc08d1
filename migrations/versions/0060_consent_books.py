"""Consent books are counted; triggers note whose entries changed.

Everything of before is counted too, by and by.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

NOTE = (
    "INSERT INTO consent_delta (identity_id, template_id)"
    " VALUES ({row}.identity_id, {row}.template_id)"
)
NOTED = (("INSERT", "NEW"), ("DELETE", "OLD"))
BEFORE = (
    "INSERT INTO consent_delta (identity_id, template_id)"
    " SELECT DISTINCT identity_id, template_id FROM consent"
)


def upgrade() -> None:
    _tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for event, row in NOTED:
        name, note = f"consent_{event.lower()}_counted", NOTE.format(row=row)
        if is_sqlite:
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON consent BEGIN {note}; END")
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN {note}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON consent FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    if not is_sqlite:
        op.execute("SET LOCAL statement_timeout = 0")
    op.execute(BEFORE)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for event, _ in NOTED:
        name = f"consent_{event.lower()}_counted"
        op.execute(f"DROP TRIGGER {name}{'' if is_sqlite else ' ON consent'}")
        if not is_sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("consent_book", "consent_count", "consent_delta"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "consent_delta",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        _of_identity("consent_delta"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_delta")),
    )
    op.create_table(
        "consent_count",
        sa.Column("identity_id", BigId, autoincrement=False, nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        *_sums(sa.Integer()),
        _of_identity("consent_count"),
        sa.PrimaryKeyConstraint("identity_id", "template_id", name=op.f("pk_consent_count")),
    )
    op.create_table(
        "consent_book",
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        *_sums(sa.BigInteger()),
        sa.PrimaryKeyConstraint("appid", "template_id", name=op.f("pk_consent_book")),
    )


def _of_identity(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_identity_id")
    return sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=name)


def _sums(kind: sa.types.TypeEngine[int]) -> list[sa.Column[int]]:
    names = ("accepted", "refused", "used", "people")
    return [sa.Column(name, kind, nullable=False) for name in names]
