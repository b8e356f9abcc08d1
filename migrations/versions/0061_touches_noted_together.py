"""On PostgreSQL the touches of one statement are noted for counting together.

A lot of pushes is one statement; a trigger for each of its rows was a tenth of what the database
does for a push. SQLite knows triggers for each row only.
"""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

NOTE = "INSERT INTO figure_delta (source, source_id) {rows} ON CONFLICT DO NOTHING"
TOGETHER = NOTE.format(rows="SELECT 'touch', id FROM added")
EACH = NOTE.format(rows="VALUES ('touch', NEW.id)")


def upgrade() -> None:
    _note(TOGETHER, "REFERENCING NEW TABLE AS added FOR EACH STATEMENT")


def downgrade() -> None:
    _note(EACH, "FOR EACH ROW")


def _note(note: str, how: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("DROP TRIGGER touch_counted ON touch")
    op.execute(
        "CREATE OR REPLACE FUNCTION touch_counted() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {note}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER touch_counted AFTER INSERT ON touch {how} EXECUTE FUNCTION touch_counted()"
    )
