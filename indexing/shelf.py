"""Where the sealed part of an index stands: a folder of this machine, or a server many share.

What is published after it is in each process's own memory, whichever it is: so a document is found
as soon as it is published, and one writer moves what has gathered onto the shelf.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from indexing.contents import Contents, FolderContents
from indexing.entry import EntrySource
from indexing.folding import fold
from indexing.generation import Generation, current_manifest, open_generation, pointer_of
from indexing.manifest import Manifest, SegmentRecord
from indexing.segment import Segment


class IndexUnreachable(OSError):
    """The server that holds the sealed part does not answer, or refuses what is asked."""


class Shelf(Protocol):
    """The sealed part of the index of one model."""

    identity: str
    dimension: int

    def pointer(self) -> bytes:
        """Return what names the current generation, empty when nothing was folded yet."""

    def open(self, known: Mapping[SegmentRecord, Segment]) -> Generation:
        """Open the current generation; segments already `known` are not opened again.

        Raises IdentityMismatch when it was made with another model.
        """

    def manifest(self) -> Manifest | None:
        """Return what the current generation holds without opening it."""

    def fold(self, source: EntrySource, rebuild: bool = False) -> Manifest:
        """Put what was published since the last time onto the shelf, with `rebuild` everything.

        Raises FoldingBusy when another process does it, IdentityMismatch, OSError.
        """

    def contents(self) -> Contents:
        """Return what is written, for comparing it with the rows."""

    def remove(self) -> None:
        """Remove everything."""


class FolderShelf:
    """A folder, see indexing.generation."""

    def __init__(self, folder: Path, identity: str, dimension: int) -> None:
        """Name the folder and the model."""
        self._folder = folder
        self.identity = identity
        self.dimension = dimension

    def pointer(self) -> bytes:
        """Return what names the current generation, empty when nothing was folded yet."""
        return pointer_of(self._folder)

    def open(self, known: Mapping[SegmentRecord, Segment]) -> Generation:
        """Open the current generation. Raises IdentityMismatch."""
        return open_generation(self._folder, self.identity, self.dimension, known)

    def manifest(self) -> Manifest | None:
        """Return what the current generation holds without opening it."""
        return current_manifest(self._folder)

    def fold(self, source: EntrySource, rebuild: bool = False) -> Manifest:
        """Write what was published into segments. Raises as `indexing.folding.fold`."""
        return fold(self._folder, self.identity, self.dimension, source, rebuild)

    def contents(self) -> Contents:
        """Return what is written, for comparing it with the rows."""
        return FolderContents(self._folder, self.identity, self.dimension)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
