"""Searches and the positions they were asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "searches"
down_revision = "successors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["opened_id"], ["documents.id"], name=op.f("fk_searches_opened_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_searches_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searches")),
        sa.UniqueConstraint("public_id", name=op.f("uq_searches_public_id")),
    )
    op.create_index(op.f("ix_searches_asked_at"), "searches", ["asked_at"])
    op.create_index("ix_searches_person", "searches", ["person_id", "asked_at"])
    op.create_table(
        "search_positions",
        sa.Column("position_id", sa.Integer(), nullable=False),
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["position_id"], ["positions.id"], name=op.f("fk_search_positions_position_id")
        ),
        sa.ForeignKeyConstraint(
            ["search_id"],
            ["searches.id"],
            name=op.f("fk_search_positions_search_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position_id", "search_id", name=op.f("pk_search_positions")),
    )
    op.create_index(op.f("ix_search_positions_search_id"), "search_positions", ["search_id"])
