"""Readings by a better reader, made beside the ones they will replace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "successors"
down_revision = "questions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "readings",
        sa.Column("successor", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
