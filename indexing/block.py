"""A block: a piece of a file's text that belongs together, with its kind and its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from indexing.place import Place


class BlockKind(StrEnum):
    """What a block is. `TABLE` and `CELLS` hold rows as `indexing.table` writes them."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    TABLE = "table"
    LIST = "list"
    CAPTION = "caption"
    CELLS = "cells"
    MAIL_HEADER = "mail_header"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `level` is a heading's depth, 1 the outermost; None for every other kind."""

    kind: BlockKind
    text: str
    place: Place
    level: int | None = None

    def to_json(self) -> dict[str, object]:
        """Return the block as a JSON object; `from_json` is the inverse."""
        return block_json(self.kind, self.text, self.place.to_json(), self.level)

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Block:
        """Build a block from `to_json`'s object. Raises ValueError if it is something else."""
        kind, text, place = value.get("kind"), value.get("text"), value.get("place")
        level = value.get("level")
        if not isinstance(text, str) or not isinstance(place, Mapping):
            raise ValueError("not a block")
        if level is not None and not isinstance(level, int):
            raise ValueError("a heading's level is a whole number")
        return cls(BlockKind(str(kind)), text, Place.from_json(place), level)


def block_json(
    kind: BlockKind, text: str, place: Mapping[str, object], level: int | None
) -> dict[str, object]:
    """Return what `Block.to_json` gives, of a block that was never made. place: as JSON."""
    value: dict[str, object] = {"kind": kind.value, "text": text, "place": place}
    if level is not None:
        value["level"] = level
    return value
