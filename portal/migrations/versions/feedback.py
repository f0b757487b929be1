"""What people say about versions they have found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "feedback"
down_revision = "findable_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("passage_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_feedback_person_id")),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["people.id"], name=op.f("fk_feedback_settled_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_feedback_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("public_id", name=op.f("uq_feedback_public_id")),
        sa.UniqueConstraint(
            "version_id", "person_id", name=op.f("uq_feedback_version_id_person_id")
        ),
    )
    op.create_index(op.f("ix_feedback_person_id"), "feedback", ["person_id"])
