"""What later readings found in sealed versions, and that somebody has dealt with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "later_findings"
down_revision = "index_head"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = op.create_table(
        "later_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by_id IS NULL)"
            " AND (settled_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_later_findings_settled_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_later_findings_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["people.id"], name=op.f("fk_later_findings_settled_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_later_findings")),
    )
    op.create_index(
        "ix_later_findings_open",
        "later_findings",
        ["version_id"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    _told_already(made)


def _told_already(made: sa.Table) -> None:
    """What the log has told of sealed versions until now, nobody could settle."""
    moment = sa.DateTime(timezone=True)
    events = sa.table(
        "events",
        sa.column("id", sa.Integer()),
        sa.column("at", moment),
        sa.column("kind", sa.String()),
        sa.column("subject", sa.String()),
        sa.column("facts", sa.JSON()),
    )
    versions = sa.table(
        "versions",
        sa.column("id", sa.Integer()),
        sa.column("public_id", sa.String()),
        sa.column("sealed_at", moment),
    )
    told = op.get_bind().execute(
        sa.select(versions.c.id, events.c.at, events.c.facts)
        .join(versions, versions.c.public_id == events.c.subject)
        .where(events.c.kind == "findings_added", versions.c.sealed_at <= events.c.at)
        .order_by(events.c.id)
    )
    rows = [
        {"version_id": version, "kinds": facts["kinds"], "found_at": at}
        for version, at, facts in told
    ]
    if rows:
        op.bulk_insert(made, rows)
