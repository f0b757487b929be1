"""Triggers: what the database itself refuses, whoever asks.

One list of rules serves both databases. A rule is a condition on OLD and NEW under which the
statement is refused. On SQLite a row can also disappear because another one is put in its place
(INSERT OR REPLACE, UPDATE OR REPLACE), which fires no delete trigger unless a pragma is set; so
rules for INSERT and UPDATE refuse to take a protected row's place.
"""

from __future__ import annotations

from typing import NamedTuple

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HAS_SEALED = (
    "EXISTS (SELECT 1 FROM versions v WHERE v.document_id = {row}.id AND v.sealed_at IS NOT NULL)"
)
CLOSED_CASE = (
    "EXISTS (SELECT 1 FROM handovers h WHERE h.id = {row}.handover_id AND h.state <> 'running')"
)
CLOSED_CASE_OF_VERSION = (
    "EXISTS (SELECT 1 FROM documents d JOIN handovers h ON h.id = d.handover_id"
    " WHERE d.id = {row}.document_id AND h.state <> 'running')"
)
TAKES_SEALED_PLACE = (
    "EXISTS (SELECT 1 FROM versions v WHERE v.sealed_at IS NOT NULL{other} AND (v.id = NEW.id"
    " OR v.public_id = NEW.public_id"
    " OR (v.document_id = NEW.document_id AND v.number = NEW.number)"
    " OR (v.uploaded_by_id = NEW.uploaded_by_id AND v.upload_token = NEW.upload_token)))"
)
# The gate once more, for whoever changes the state without the portal.
MISSING_ITEM = (
    "NEW.state = 'completed' AND EXISTS (SELECT 1 FROM items i JOIN requirements r"
    " ON r.id = i.requirement_id WHERE i.handover_id = NEW.id AND r.required"
    " AND i.state NOT IN ('accepted', 'waived'))"
)


class Rule(NamedTuple):
    """Refuse `operation` on `table` where `condition` holds, with the words `message`."""

    name: str
    table: str
    operation: str
    condition: str
    message: str


def _changed(*columns: str) -> str:
    return " OR ".join(
        f"COALESCE(CAST(OLD.{name} AS TEXT), '') <> COALESCE(CAST(NEW.{name} AS TEXT), '')"
        for name in columns
    )


def _taken(table: str, other: str = "") -> str:
    """A row with the new one's key, or its public id, is there already."""
    return (
        f"EXISTS (SELECT 1 FROM {table} t"
        f" WHERE t.id = NEW.id OR t.public_id = NEW.public_id{other})"
    )


RULES = (
    Rule("version_sealed_update", "versions", "UPDATE", "OLD.sealed_at IS NOT NULL", "sealed"),
    Rule("version_sealed_delete", "versions", "DELETE", "OLD.sealed_at IS NOT NULL", "sealed"),
    Rule(
        "version_replace_insert",
        "versions",
        "INSERT",
        TAKES_SEALED_PLACE.format(other=""),
        "sealed",
    ),
    Rule(
        "version_replace_update",
        "versions",
        "UPDATE",
        TAKES_SEALED_PLACE.format(other=" AND v.id <> OLD.id"),
        "sealed",
    ),
    Rule(
        "version_closed_insert",
        "versions",
        "INSERT",
        CLOSED_CASE_OF_VERSION.format(row="NEW"),
        "closed",
    ),
    Rule(
        "version_closed_update",
        "versions",
        "UPDATE",
        CLOSED_CASE_OF_VERSION.format(row="NEW"),
        "closed",
    ),
    Rule("blob_update", "blobs", "UPDATE", "1 = 1", "sealed"),
    Rule(
        "blob_delete",
        "blobs",
        "DELETE",
        "EXISTS (SELECT 1 FROM versions v WHERE v.digest = OLD.digest)",
        "sealed",
    ),
    Rule(
        "blob_replace",
        "blobs",
        "INSERT",
        "EXISTS (SELECT 1 FROM blobs b WHERE b.digest = NEW.digest AND b.size <> NEW.size)",
        "sealed",
    ),
    Rule("document_delete", "documents", "DELETE", HAS_SEALED.format(row="OLD"), "sealed"),
    Rule(
        "document_update",
        "documents",
        "UPDATE",
        "("
        + _changed(
            "id",
            "public_id",
            "handover_id",
            "item_id",
            "owner_id",
            "title",
            "created_at",
            "removed_at",
        )
        + ") AND "
        + HAS_SEALED.format(row="OLD"),
        "sealed",
    ),
    Rule("document_renamed", "documents", "UPDATE", _changed("id", "public_id"), "sealed"),
    Rule("document_replace", "documents", "INSERT", _taken("documents"), "sealed"),
    Rule("event_update", "events", "UPDATE", "1 = 1", "append-only"),
    Rule("event_delete", "events", "DELETE", "1 = 1", "append-only"),
    Rule(
        "event_replace",
        "events",
        "INSERT",
        "EXISTS (SELECT 1 FROM events e WHERE e.id = NEW.id)",
        "append-only",
    ),
    Rule("item_closed_insert", "items", "INSERT", CLOSED_CASE.format(row="NEW"), "closed"),
    Rule(
        "item_closed_update",
        "items",
        "UPDATE",
        CLOSED_CASE.format(row="OLD") + " OR " + CLOSED_CASE.format(row="NEW"),
        "closed",
    ),
    Rule("item_closed_delete", "items", "DELETE", CLOSED_CASE.format(row="OLD"), "closed"),
    Rule(
        "item_sealed_delete",
        "items",
        "DELETE",
        "EXISTS (SELECT 1 FROM documents d WHERE d.item_id = OLD.id AND "
        + HAS_SEALED.format(row="d")
        + ")",
        "sealed",
    ),
    Rule(
        "item_moved",
        "items",
        "UPDATE",
        _changed("id", "public_id", "handover_id", "requirement_id"),
        "closed",
    ),
    Rule(
        "item_replace",
        "items",
        "INSERT",
        _taken(
            "items",
            " OR (t.handover_id = NEW.handover_id AND t.requirement_id = NEW.requirement_id)",
        ),
        "closed",
    ),
    Rule("handover_closed_update", "handovers", "UPDATE", "OLD.state <> 'running'", "closed"),
    Rule("handover_closed_delete", "handovers", "DELETE", "OLD.state <> 'running'", "closed"),
    Rule(
        "handover_sealed_delete",
        "handovers",
        "DELETE",
        "EXISTS (SELECT 1 FROM documents d WHERE d.handover_id = OLD.id AND "
        + HAS_SEALED.format(row="d")
        + ")",
        "sealed",
    ),
    Rule(
        "handover_frozen",
        "handovers",
        "UPDATE",
        _changed("id", "public_id", "leaver_id", "position_id", "blueprint_id", "started_at"),
        "frozen",
    ),
    Rule("handover_gate", "handovers", "UPDATE", MISSING_ITEM, "incomplete"),
    Rule("handover_born_closed", "handovers", "INSERT", "NEW.state <> 'running'", "incomplete"),
    Rule(
        "handover_replace",
        "handovers",
        "INSERT",
        _taken(
            "handovers",
            " OR (t.state = 'running' AND t.leaver_id = NEW.leaver_id"
            " AND t.position_id = NEW.position_id)",
        ),
        "closed",
    ),
    *(
        Rule(
            f"receiver_closed_{operation.lower()}",
            "handover_receivers",
            operation,
            CLOSED_CASE.format(row=row),
            "closed",
        )
        for operation, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))
    ),
    Rule("receiver_moved", "handover_receivers", "UPDATE", _changed("handover_id"), "closed"),
    Rule("blueprint_update", "blueprints", "UPDATE", "1 = 1", "frozen"),
    Rule("blueprint_delete", "blueprints", "DELETE", "1 = 1", "frozen"),
    Rule("requirement_update", "requirements", "UPDATE", "1 = 1", "frozen"),
    Rule("requirement_delete", "requirements", "DELETE", "1 = 1", "frozen"),
    Rule(
        "requirement_insert",
        "requirements",
        "INSERT",
        "EXISTS (SELECT 1 FROM handovers h WHERE h.blueprint_id = NEW.blueprint_id)"
        " OR EXISTS (SELECT 1 FROM requirements r WHERE r.id = NEW.id"
        " OR (r.blueprint_id = NEW.blueprint_id AND r.key = NEW.key))",
        "frozen",
    ),
    Rule(
        "blueprint_replace",
        "blueprints",
        "INSERT",
        "EXISTS (SELECT 1 FROM blueprints b WHERE b.id = NEW.id OR b.public_id = NEW.public_id"
        " OR (b.position_id = NEW.position_id AND b.number = NEW.number))",
        "frozen",
    ),
)
KEPT_WHOLE = ("versions", "blobs", "documents", "events", "items", "handovers", "blueprints",
              "requirements", "handover_receivers")  # fmt: skip


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for rule in RULES:
        for statement in _postgresql(rule) if postgresql else _sqlite(rule):
            op.execute(statement)
    if postgresql:
        for table in KEPT_WHOLE:
            op.execute(_no_truncate(table))


def _sqlite(rule: Rule) -> list[str]:
    return [
        f"CREATE TRIGGER {rule.name} BEFORE {rule.operation} ON {rule.table}"
        f" WHEN {rule.condition}"
        f" BEGIN SELECT RAISE(ABORT, 'portal: {rule.message}'); END"
    ]


def _postgresql(rule: Rule) -> list[str]:
    """PostgreSQL allows no subquery in a trigger's WHEN; the condition stands in the function."""
    returned = "OLD" if rule.operation == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {rule.condition} THEN RAISE EXCEPTION 'portal: {rule.message}'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        f" RETURN {returned}; END $$",
        f"CREATE TRIGGER {rule.name} BEFORE {rule.operation} ON {rule.table}"
        f" FOR EACH ROW EXECUTE FUNCTION {rule.name}()",
    ]


def _no_truncate(table: str) -> str:
    return (
        f"CREATE FUNCTION {table}_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'portal: sealed' USING ERRCODE = 'integrity_constraint_violation';"
        f" END $$; CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_truncate()"
    )
