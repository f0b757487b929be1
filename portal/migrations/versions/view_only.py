"""Documents that are for viewing only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "view_only"
down_revision = "searches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "documents",
        sa.Column("view_only", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
