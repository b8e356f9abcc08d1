"""Pay-outs of one place can be stopped by themselves."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

OPEN = "lifted_at IS NULL"
EVERYWHERE = sa.text(f"{OPEN} AND node_id IS NULL")
OF_A_PLACE = sa.text(f"{OPEN} AND node_id IS NOT NULL")
# The version before knows no places: what one of them holds back it would send.
HOLD_ALL = (
    "INSERT INTO stop (line, reason, stopped_by, stopped_at)"
    " SELECT 'payouts', '程序退回旧版本时有地区停止发放，旧版本不分地区，因此全部停止', 'system', max(stopped_at)"
    " FROM stop WHERE lifted_at IS NULL AND node_id IS NOT NULL AND NOT EXISTS ("
    " SELECT 1 FROM stop WHERE line = 'payouts' AND lifted_at IS NULL AND node_id IS NULL)"
    " HAVING count(*) > 0"
)


def upgrade() -> None:
    op.drop_index("uq_stop_open", table_name="stop")
    with op.batch_alter_table("stop") as table:
        table.add_column(sa.Column("node_id", BigId, nullable=True))
        table.create_foreign_key(op.f("fk_stop_node_id_org_node"), "org_node", ["node_id"], ["id"])
        table.create_check_constraint(op.f("ck_stop_place"), "node_id IS NULL OR line = 'payouts'")
    _unique("uq_stop_open", ["line"], EVERYWHERE)
    _unique("uq_stop_open_place", ["line", "node_id"], OF_A_PLACE)


def downgrade() -> None:
    op.drop_index("uq_stop_open_place", table_name="stop")
    op.drop_index("uq_stop_open", table_name="stop")
    op.execute(HOLD_ALL)
    op.execute("DELETE FROM stop WHERE node_id IS NOT NULL")
    with op.batch_alter_table("stop") as table:
        table.drop_constraint(op.f("ck_stop_place"), type_="check")
        table.drop_constraint(op.f("fk_stop_node_id_org_node"), type_="foreignkey")
        table.drop_column("node_id")
    _unique("uq_stop_open", ["line"], sa.text(OPEN))


def _unique(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "stop", columns, unique=True, sqlite_where=where, postgresql_where=where)
