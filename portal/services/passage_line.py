"""A passage as pages and answers show it, with all it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from indexing.place import Place
from portal.models import Document, Handover, Passage, Person, Version


@dataclass(frozen=True)
class PassageLine:
    """A passage of a version, and the place in it that is shown, which may be narrower."""

    passage: Passage
    version: Version
    place: Place

    @property
    def document(self) -> Document:
        """The document of the version."""
        return self.version.document

    @property
    def handover(self) -> Handover:
        """The case the document belongs to."""
        return self.document.handover

    @property
    def author(self) -> Person:
        """Who brought it in."""
        return self.document.owner
