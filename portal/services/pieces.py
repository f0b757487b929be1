"""Pieces: a file itself, or one of those that lie in it, and the tree of them all.

An archive has members, a mail has attachments, a workbook may hold a text. Each is a part with a
path; its blocks say in their place that they are of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select

from indexing.block import BlockKind
from indexing.extraction import media
from portal.models import Block, Reading
from portal.models.base import Facts
from portal.services.file_kinds import kind_of
from portal.services.versions import VersionHead
from portal.unit_of_work import UnitOfWork

ARCHIVES = frozenset(
    {media.ZIP, media.TAR, media.GZIP, media.BZIP2, media.XZ, media.SEVEN_ZIP, media.RAR}
)
COLLECTIONS = ARCHIVES | {media.MBOX}
# Deeper folders of an archive stand in the name; a page with hundreds of them in each other would
# be no easier to read.
MOST_FOLDERS = 8


class PieceKind(StrEnum):
    """How a piece is shown."""

    TEXT = "text"
    SHEET = "sheet"
    MAIL = "mail"
    COLLECTION = "collection"


class NodeState(StrEnum):
    """What became of a part: its text is there, it has none, or it was not read."""

    READ = "read"
    EMPTY = "empty"
    UNREAD = "unread"


@dataclass
class Node:
    """A part in the tree; `path` None is a folder. reason: the code why it was not read."""

    name: str
    path: str | None = None
    media_type: str | None = None
    size: int | None = None
    reason: str | None = None
    has_text: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The kind of file, as in `file_kinds`."""
        return kind_of(self.media_type)

    @property
    def state(self) -> NodeState:
        """What became of it."""
        if self.has_text or self.children:
            return NodeState.READ
        return NodeState.UNREAD if self.reason else NodeState.EMPTY


@dataclass(frozen=True)
class Piece:
    """The piece that is shown.

    path: None for the file itself. whole: its text is shown with that of everything in it. node:
    what is known of a part. inside: what lies in it. above: the parts it lies in, outermost first.
    """

    path: str | None
    kind: PieceKind
    whole: bool
    node: Node | None
    inside: list[Node]
    above: list[Node]


def part_is(path: str | None) -> ColumnElement[bool]:
    """The blocks of one piece, without those of what lies in it."""
    part: ColumnElement[str | None] = Block.place["part"].as_string()
    return part.is_(None) if path is None else part == path


def piece(uow: UnitOfWork, head: VersionHead, inside: str | None) -> Piece:
    """The piece asked for by path, or the one the passage is of; else the file itself.

    A path there is not is left aside.
    """
    if head.text is None:
        return Piece(None, PieceKind.TEXT, True, None, [], [])
    reading = head.text
    nodes, tree = _tree(reading, _with_text(uow, reading))
    kind = _kind(uow, reading, None, reading.media_type)
    path = inside if inside in nodes else None
    whole = path is None and kind is PieceKind.TEXT
    if path is None and not whole and head.passage is not None:
        path = head.passage.place.get("part")
    node = nodes.get(path) if path else None
    if path is None or node is None:
        return Piece(None, kind, whole, None, tree, [])
    own = _kind(uow, reading, path, node.media_type)
    above = [nodes[outer] for outer in _prefixes(path) if outer in nodes]
    return Piece(path, own, False, node, node.children, above)


def _kind(uow: UnitOfWork, reading: Reading, path: str | None, media_type: str | None) -> PieceKind:
    if media_type in COLLECTIONS:
        return PieceKind.COLLECTION
    own = exists().where(Block.reading_id == reading.id, part_is(path))
    for kind, wanted in (
        (PieceKind.MAIL, Block.kind == BlockKind.MAIL_HEADER.value),
        (PieceKind.SHEET, Block.place["cells"].as_string().is_not(None)),
    ):
        if uow.session.scalar(select(own.where(wanted))):
            return kind
    return PieceKind.TEXT


def _with_text(uow: UnitOfWork, reading: Reading) -> set[str]:
    part = Block.place["part"].as_string()
    wanted = select(part).where(Block.reading_id == reading.id, part.is_not(None)).distinct()
    return set(uow.session.scalars(wanted))


def _tree(reading: Reading, with_text: set[str]) -> tuple[dict[str, Node], list[Node]]:
    """Every part by its path, and the outermost ones."""
    nodes: dict[str, Node] = {}
    tops: list[Node] = []
    folders: dict[tuple[str | None, tuple[str, ...]], Node] = {}
    for part in reading.parts:
        path = str(part["path"])
        outer = next((each for each in reversed(list(_prefixes(path))) if each in nodes), None)
        within = nodes[outer].children if outer is not None else tops
        kind = nodes[outer].media_type if outer is not None else reading.media_type
        name = path[len(outer) + 1 :] if outer is not None else path
        if kind in ARCHIVES:
            *steps, name = name.replace("\\", "/").split("/", MOST_FOLDERS)
            within = _folder(folders, outer, within, steps)
        nodes[path] = _node(part, name or path, path in with_text)
        within.append(nodes[path])
    return nodes, tops


def _folder(
    folders: dict[tuple[str | None, tuple[str, ...]], Node],
    outer: str | None,
    within: list[Node],
    steps: Sequence[str],
) -> list[Node]:
    """What lies in a folder of an archive; the folder is made when it is new."""
    for depth in range(1, len(steps) + 1):
        key = (outer, tuple(steps[:depth]))
        if key not in folders:
            folders[key] = Node(steps[depth - 1] or "/")
            within.append(folders[key])
        within = folders[key].children
    return within


def _node(part: Facts, name: str, has_text: bool) -> Node:
    return Node(
        name=name,
        path=part["path"],
        media_type=part.get("media_type"),
        size=part.get("size"),
        reason=part.get("reason"),
        has_text=has_text,
    )


def _prefixes(path: str) -> Iterable[str]:
    """What a part may lie in, the shortest first."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)
