"""Where Alembic finds the connection: `portal.database.upgrade` hands it over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum

from portal.models import Base
from portal.models.base import UtcDateTime


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write migrations in plain types: the models may move on, a migration may not."""
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String({item.length})"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render_item,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
