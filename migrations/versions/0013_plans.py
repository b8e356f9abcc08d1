"""Plans as they are sold: eligibility, number pool, real name, launch check-list."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
