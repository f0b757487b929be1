"""Charts and diagrams of office documents: the titles, names and numbers they show."""

from __future__ import annotations

from indexing.extraction.package import Element, child, local
from indexing.table import table_text

_MOST_POINTS = 5000


def chart_text(root: Element) -> tuple[str, str]:
    """Return a chart's titles, and its series as a table: a row for each category."""
    titles = [text for title in root.iter("{*}title") if (text := drawn_text(title))]
    columns: list[tuple[str, dict[int, str]]] = []
    categories: dict[int, str] = {}
    for series in root.iter("{*}ser"):
        name = " ".join(_points(child(series, "tx")).values())
        categories = categories or _points(child(series, "cat")) or _points(child(series, "xVal"))
        columns.append((name, _points(child(series, "val")) or _points(child(series, "yVal"))))
    points = sorted({number for _, values in columns for number in values} | set(categories))
    rows = [["", *(name for name, _ in columns)]]
    for number in points[:_MOST_POINTS]:
        row = [values.get(number, "") for _, values in columns]
        rows.append([categories.get(number, ""), *row])
    return "\n".join(titles), table_text(rows) if len(rows) > 1 else ""


def drawn_text(element: Element) -> str:
    """Return the text of a drawing's paragraphs (``a:p``), a line each."""
    lines = ("".join(_runs(paragraph)) for paragraph in element.iter("{*}p"))
    return "\n".join(line.strip() for line in lines if line.strip())


def _runs(paragraph: Element) -> list[str]:
    found = []
    for inner in paragraph.iter():
        name = local(inner)
        if name == "t":
            found.append(inner.text or "")
        elif name == "br":
            found.append("\n")
        elif name == "tab":
            found.append("\t")
    return found


def _points(element: Element | None) -> dict[int, str]:
    """Return the values a chart remembers of the cells it was drawn from, by their index."""
    found: dict[int, str] = {}
    for point in [] if element is None else element.iter("{*}pt"):
        value = child(point, "v")
        index = point.get("idx", "")
        if value is not None and value.text and index.isdecimal():
            found[int(index)] = value.text.strip()
        if len(found) >= _MOST_POINTS:
            break
    return found
