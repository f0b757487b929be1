"""Tables of a web page as rows of cells."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

_MOST_COLUMNS = 200
_MOST_SPAN = 1000
_BLOCKS = "table, h1, h2, h3, h4, h5, h6, pre"


def is_layout(table: LexborNode) -> bool:
    """True if a table only arranges the page: it holds tables, headings, or a single column."""
    if any(node.mem_id != table.mem_id for node in _first(table)):
        return True
    return all(sum(1 for _ in _cells(row)) <= 1 for row in table.css("tr"))


def rows_of_table(table: LexborNode) -> list[list[str]]:
    """Return the texts of a table's cells.

    A cell over several rows is said again in each, so that each row tells by itself what it is
    about; over several columns it is said once.
    """
    rows: list[list[str]] = []
    caption = table.css_first("caption")
    if caption is not None:
        rows.append([caption.text(separator=" ", strip=True)])
    held: dict[int, tuple[int, str]] = {}
    rows.extend(_row(row, held) for row in table.css("tr"))
    return rows


def _row(row: LexborNode, held: dict[int, tuple[int, str]]) -> list[str]:
    """Return one row. `held`: for each column the rows that a cell above still covers."""
    texts: list[str] = []

    def fill() -> None:
        while len(texts) in held and len(texts) < _MOST_COLUMNS:
            column = len(texts)
            left, text = held.pop(column)
            texts.append(text)
            if left > 1:
                later[column] = (left - 1, text)

    later: dict[int, tuple[int, str]] = {}
    for cell in _cells(row):
        fill()
        if len(texts) >= _MOST_COLUMNS:
            break
        text = " ".join(cell.text(separator=" ", strip=True).split())
        down, across = _span(cell, "rowspan"), _span(cell, "colspan")
        for number in range(min(across, _MOST_COLUMNS - len(texts))):
            if down > 1:
                later[len(texts)] = (down - 1, text if number == 0 else "")
            texts.append(text if number == 0 else "")
    fill()
    held.update(later)
    return texts


def _first(table: LexborNode) -> list[LexborNode]:
    return table.css(_BLOCKS)[:2]


def _cells(row: LexborNode) -> list[LexborNode]:
    return [node for node in row.iter() if node.tag in ("td", "th")]


def _span(cell: LexborNode, name: str) -> int:
    value = (cell.attributes.get(name) or "").strip()
    return max(1, min(int(value), _MOST_SPAN)) if value.isdecimal() and len(value) < 6 else 1
