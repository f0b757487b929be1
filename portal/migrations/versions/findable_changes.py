"""A row for each change of what can be found, by whom, and how it is filtered.

Triggers write it, so that whoever changes these tables, a console included, is heard. On SQLite one
row for each row changed, on PostgreSQL one for each statement; the reconciler prunes them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "findable_changes"
down_revision = "view_only"
branch_labels = None
depends_on = None

# Table, and the columns of it a search depends on. A person's assignments, departments and roles
# are not among them: they are read anew with each request.
WATCHED = {
    "readings": ("version_id", "current", "state", "media_type", "language"),
    "versions": ("document_id", "number", "sealed_at"),
    "documents": ("handover_id", "item_id", "owner_id", "visibility", "removed_at"),
    "handovers": ("leaver_id", "position_id", "head_id", "last_day", "state"),
    "handover_receivers": ("handover_id", "person_id"),
    "items": ("handover_id", "state", "decided_by_id"),
    "positions": ("name", "department_id"),
    "people": ("name",),
}
SQLITE_MARK = "abs(random() % 2147483648)"
POSTGRESQL_MARK = "floor(random() * 2147483648)"


def upgrade() -> None:
    op.create_table(
        "findable_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_findable_changes"),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION findable_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO findable_changes (mark) VALUES ({POSTGRESQL_MARK});"
            " RETURN NULL; END $$"
        )
    for table, columns in WATCHED.items():
        for operation in ("INSERT", "DELETE", f"UPDATE OF {', '.join(columns)}"):
            name = f"findable_{table}_{operation.partition(' ')[0].lower()}"
            op.execute(
                f"CREATE TRIGGER {name} AFTER {operation} ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION findable_changed()"
                if postgresql
                else f"CREATE TRIGGER {name} AFTER {operation} ON {table}"
                f" BEGIN INSERT INTO findable_changes (mark) VALUES ({SQLITE_MARK}); END"
            )
