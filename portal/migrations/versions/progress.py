"""How far a reading is and since when; digests of passages, by which nearly equal texts are found.

The digests of passages that are there already are worked out here; a text of a hundred thousand
passages takes some seconds.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from indexing.likeness import digest

revision = "progress"
down_revision = "feedback"
branch_labels = None
depends_on = None

CHUNK = 2000


def upgrade() -> None:
    for name in ("started_at", "step_at"):
        op.add_column("readings", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("readings", sa.Column("passages", sa.Integer(), nullable=True))
    op.add_column(
        "readings", sa.Column("passages_done", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("readings", sa.Column("alike", sa.JSON(), nullable=True))
    op.add_column("passages", sa.Column("digest", sa.BigInteger(), nullable=True))
    _fill()
    op.create_index("ix_passages_digest", "passages", ["digest", "reading_id"])


def _fill() -> None:
    passages = sa.table("passages", *(sa.column(name) for name in ("id", "text", "digest")))
    connection = op.get_bind()
    last = 0
    written = (
        passages.update()
        .where(passages.c.id == sa.bindparam("row"))
        .values(digest=sa.bindparam("made"))
    )
    while rows := connection.execute(
        sa.select(passages.c.id, passages.c.text)
        .where(passages.c.id > last)
        .order_by(passages.c.id)
        .limit(CHUNK)
    ).all():
        connection.execute(written, [{"row": row, "made": digest(text)} for row, text in rows])
        last = rows[-1][0]
