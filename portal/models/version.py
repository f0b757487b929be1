"""Versions: one upload each; sealed ones never change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now
from portal.models.blob import Blob
from portal.models.document import Document
from portal.models.person import Person


class Version(Public, Base):
    """The `number`-th upload of a document. `sealed_at` None is a draft.

    `upload_token` is chosen by the browser for one file: a request sent again after a broken
    connection finds the version the first one made instead of making a second.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        UniqueConstraint("uploaded_by_id", "upload_token"),
        CheckConstraint("(sealed_at IS NULL) = (sealed_by_id IS NULL)", name="seal_is_whole"),
    )

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(ForeignKey("blobs.digest"), index=True)
    filename: Mapped[str] = mapped_column(String(300))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    upload_token: Mapped[str | None] = mapped_column(String(64))
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    # Why the owner keeps what was found in it; None: nothing was decided.
    findings_reason: Mapped[str | None] = mapped_column(Text)

    document: Mapped[Document] = relationship()
    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)
    uploaded_by: Mapped[Person] = relationship(foreign_keys=uploaded_by_id)
    sealed_by: Mapped[Person | None] = relationship(foreign_keys=sealed_by_id)

    @property
    def sealed(self) -> bool:
        """Whether this version is read-only for ever."""
        return self.sealed_at is not None
