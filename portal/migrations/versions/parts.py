"""What lies in a file is kept with its reading: members of archives, attachments of mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "parts"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "readings",
        sa.Column("parts", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
    )
