"""The text of a paragraph of a Word document, and what hangs on it: notes, text boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexing.extraction.office_math import linear
from indexing.extraction.package import Element, attribute, local

# Deleted and moved text, field codes, the reading aid above a ruby, drawings' properties.
_SKIPPED = frozenset(
    {
        "del",
        "moveFrom",
        "delText",
        "instrText",
        "delInstrText",
        "rt",
        "pPr",
        "rPr",
        "sdtPr",
        "fldData",
        "docPr",
        "sectPr",
        "tblPr",
        "oMathParaPr",
    }
)
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_NOTES = {
    "footnoteReference": "footnote",
    "endnoteReference": "endnote",
    "commentReference": "comment",
}
_BOX = "txbxContent"
_DRAWN = {"chart": "id", "relIds": "dm"}


@dataclass(slots=True)
class Text:
    """A paragraph. notes: kind and id of the notes it refers to; boxes: its text boxes.

    drawn: relations of its charts and diagrams. bold: all that is written is bold; None where
    nothing is written.
    """

    pieces: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    bold: bool | None = None

    @property
    def text(self) -> str:
        """The paragraph's text without leading and trailing space."""
        return "".join(self.pieces).strip(" \n")


def text_of(paragraph: Element) -> Text:
    """Return what a paragraph (``w:p``) says: insertions in, deletions out."""
    found = Text()
    _walk(paragraph, found)
    return found


def _walk(element: Element, found: Text) -> None:
    for inner in element:
        name = local(inner)
        if name in _SKIPPED or _took(inner, name, found):
            continue
        if name == "AlternateContent":
            # The same thing twice, for new and for old programs.
            _walk_first(inner, found)
            continue
        if name == "r" and found.bold is not False:
            bold = _is_bold(inner)
            found.bold = found.bold if bold is None else bold
        _walk(inner, found)


def _took(inner: Element, name: str, found: Text) -> bool:
    """Take what an element says itself; False if what it says lies inside it."""
    if name == "t":
        found.pieces.append(inner.text or "")
    elif name in _BREAKS:
        found.pieces.append(_BREAKS[name])
    elif name in _NOTES:
        found.notes.append((_NOTES[name], attribute(inner, "id") or ""))
    elif name == _BOX:
        found.boxes.append(inner)
    elif name == "oMath":
        found.pieces.append(linear(inner))
        found.bold = False
    elif name == "sym":
        found.pieces.append(_symbol(attribute(inner, "char")))
    elif name in _DRAWN:
        found.drawn.append(attribute(inner, _DRAWN[name]) or "")
    else:
        return False
    return True


def _walk_first(alternatives: Element, found: Text) -> None:
    before = len(found.pieces), len(found.boxes)
    for choice in alternatives:
        _walk(choice, found)
        if (len(found.pieces), len(found.boxes)) != before:
            return


def _is_bold(run: Element) -> bool | None:
    properties = next((inner for inner in run if local(inner) == "rPr"), None)
    if not any(local(inner) == "t" and (inner.text or "").strip() for inner in run):
        return None
    for inner in [] if properties is None else properties:
        if local(inner) == "b":
            return attribute(inner, "val") not in ("0", "false")
    return False


def _symbol(code: str | None) -> str:
    try:
        number = int(code or "", 16)
    except ValueError:
        return ""
    # Symbol fonts lie in the private area; what they show there, no other font does.
    return {0xF0FE: "☑", 0xF0A8: "☐", 0xF06F: "☐", 0xF0FC: "✓", 0xF0E0: "→"}.get(
        number, "" if 0xE000 <= number <= 0xF8FF or number > 0x10FFFF else chr(number)
    )
