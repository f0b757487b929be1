"""Questions, and answers that come after a case was completed.

A closed case takes no version, with one exception: the answer to a question about a completed one,
first and only version of its document and sealed as it arrives. Nothing that was handed over
changes by it; who asks the head a year later still gets the answer where the knowledge lies.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "questions"
down_revision = "findings"
branch_labels = None
depends_on = None

CLOSED = (
    "EXISTS (SELECT 1 FROM documents d JOIN handovers h ON h.id = d.handover_id"
    " WHERE d.id = NEW.document_id AND h.state <> 'running'"
    " AND NOT (h.state = 'completed' AND NEW.number = 1 AND NEW.sealed_at IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.document_id = d.id)"
    " AND EXISTS (SELECT 1 FROM questions q WHERE q.document_id = d.id"
    " AND q.handover_id = d.handover_id AND q.state = 'open')))"
)
# An answered question vouches for its document's place in the case: it stays as it is.
MOVED = "OLD.state = 'answered' AND (" + (
    " OR ".join(
        f"COALESCE(CAST(OLD.{name} AS TEXT), '') <> COALESCE(CAST(NEW.{name} AS TEXT), '')"
        for name in ("id", "public_id", "handover_id", "asker_id", "document_id", "text", "state")
    )
    + ")"
)
# As in the rules before these: nothing takes the place of what is protected.
TAKEN = (
    "EXISTS (SELECT 1 FROM questions q WHERE q.state = 'answered'{other} AND (q.id = NEW.id"
    " OR q.public_id = NEW.public_id OR q.document_id = NEW.document_id))"
)
RULES = (
    ("version_closed_insert", "versions", "INSERT", CLOSED, "closed"),
    ("question_replace_insert", "questions", "INSERT", TAKEN.format(other=""), "sealed"),
    (
        "question_replace_update",
        "questions",
        "UPDATE",
        TAKEN.format(other=" AND q.id <> OLD.id"),
        "sealed",
    ),
    ("question_answered_update", "questions", "UPDATE", MOVED, "sealed"),
    ("question_answered_delete", "questions", "DELETE", "OLD.state = 'answered'", "sealed"),
)


def upgrade() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'answered' OR document_id IS NOT NULL",
            name=op.f("ck_questions_answer_is_there"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["people.id"], name=op.f("fk_questions_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["asker_id"], ["people.id"], name=op.f("fk_questions_asker_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_questions_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name=op.f("fk_questions_handover_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("document_id", name=op.f("uq_questions_document_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_questions_public_id")),
    )
    op.create_index(op.f("ix_questions_asker_id"), "questions", ["asker_id"])
    op.create_index(op.f("ix_questions_handover_id"), "questions", ["handover_id"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for rule in RULES:
        for statement in _postgresql(*rule) if postgresql else _sqlite(*rule):
            op.execute(statement)
    if postgresql:
        op.execute(
            "CREATE FUNCTION questions_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'portal: sealed' USING ERRCODE = 'integrity_constraint_violation';"
            " END $$; CREATE TRIGGER questions_truncate BEFORE TRUNCATE ON questions"
            " FOR EACH STATEMENT EXECUTE FUNCTION questions_truncate()"
        )


def _sqlite(name: str, table: str, operation: str, condition: str, message: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {operation} ON {table} WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, 'portal: {message}'); END",
    ]


def _postgresql(name: str, table: str, operation: str, condition: str, message: str) -> list[str]:
    returned = "OLD" if operation == "DELETE" else "NEW"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION 'portal: {message}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {returned}; END $$",
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {operation} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
