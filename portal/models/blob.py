"""Blobs: the bytes of versions, addressed by SHA-256; the bytes themselves are in `storage`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, UtcDateTime, now


class Blob(Base):
    """A digest the store holds. The row is written after the bytes, never before."""

    __tablename__ = "blobs"
    __table_args__ = (CheckConstraint("size > 0", name="not_empty"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
