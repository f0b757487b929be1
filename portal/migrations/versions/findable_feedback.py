"""Feedback moves hits: it counts among what can be found, see `findable_changes`."""

from __future__ import annotations

from alembic import op

revision = "findable_feedback"
down_revision = "progress"
branch_labels = None
depends_on = None

COLUMNS = ("version_id", "word", "settled_at")
SQLITE_MARK = "abs(random() % 2147483648)"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for operation in ("INSERT", "DELETE", f"UPDATE OF {', '.join(COLUMNS)}"):
        name = f"findable_feedback_{operation.partition(' ')[0].lower()}"
        op.execute(
            f"CREATE TRIGGER {name} AFTER {operation} ON feedback"
            " FOR EACH STATEMENT EXECUTE FUNCTION findable_changed()"
            if postgresql
            else f"CREATE TRIGGER {name} AFTER {operation} ON feedback"
            f" BEGIN INSERT INTO findable_changes (mark) VALUES ({SQLITE_MARK}); END"
        )
