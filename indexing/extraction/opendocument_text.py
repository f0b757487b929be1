"""The text of a paragraph of an OpenDocument file, and what hangs on it: notes, frames."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexing.extraction.package import Element, attribute, local

_SKIPPED = frozenset({"note-citation", "ruby-text", "tracked-changes", "date", "creator", "desc"})
_MOST_SPACES = 200


@dataclass(slots=True)
class Text:
    """A paragraph. notes: texts of its notes and remarks; frames: its frames and shapes."""

    pieces: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    frames: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The paragraph's text without leading and trailing space."""
        return "".join(self.pieces).strip(" \n")


def text_of(paragraph: Element) -> Text:
    """Return what a paragraph or heading says."""
    found = Text()
    _walk(paragraph, found)
    return found


def _walk(element: Element, found: Text) -> None:
    found.pieces.append(_flat(element.text))
    for inner in element:
        name = local(inner)
        if name in ("note", "annotation"):
            found.notes.append(_note(inner))
        elif name == "frame" or name.startswith("custom-shape"):
            found.frames.append(inner)
        elif name == "s":
            count = attribute(inner, "c") or "1"
            found.pieces.append(" " * min(int(count) if count.isdecimal() else 1, _MOST_SPACES))
        elif name in ("tab", "line-break"):
            found.pieces.append("\t" if name == "tab" else "\n")
        elif name and name not in _SKIPPED:
            _walk(inner, found)
        found.pieces.append(_flat(inner.tail))


def _note(note: Element) -> str:
    lines = ("".join(text_of(paragraph).pieces).strip() for paragraph in note.iter("{*}p"))
    return " ".join(line for line in lines if line)


def _flat(text: str | None) -> str:
    """White space of the XML file is one space."""
    if not text:
        return ""
    flat = " ".join(text.split())
    return f"{' ' if text[0].isspace() else ''}{flat}{' ' if flat and text[-1].isspace() else ''}"
