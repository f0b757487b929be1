"""Credentials and personal numbers found in drafts, and why their owner keeps them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "findings"
down_revision = "parts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readings", sa.Column("findings", sa.JSON(), nullable=True))
    op.add_column("versions", sa.Column("findings_reason", sa.Text(), nullable=True))
