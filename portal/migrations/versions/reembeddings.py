"""What a change of the model needs: which one is wanted, how fast it goes, what is under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "reembeddings"
down_revision = "findable_feedback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("embedding_models") as table:
        table.add_column(sa.Column("name", sa.String(length=500), nullable=True))
        for name in ("wanted_since", "unused_since", "measured_from", "measured_to"):
            table.add_column(sa.Column(name, moment, nullable=True))
        table.add_column(sa.Column("measured", sa.Integer(), nullable=False, server_default="0"))
    models = sa.table(
        "embedding_models", sa.column("active", sa.Boolean), sa.column("unused_since", moment)
    )
    op.execute(
        models.update().where(~models.c.active).values(unused_since=sa.func.current_timestamp())
    )
    op.create_table(
        "reembeddings",
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("lease_until", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name=op.f("fk_reembeddings_reading_id")
        ),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_reembeddings")),
    )
