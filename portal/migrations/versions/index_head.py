"""Every search looks up the newest published number of a model: in an index, not by a scan."""

from __future__ import annotations

from alembic import op

revision = "index_head"
down_revision = "reembeddings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_index_log_model_id_sequence", "index_log", ["model_id", "sequence"])
    op.drop_index("ix_index_log_model_id", "index_log")
