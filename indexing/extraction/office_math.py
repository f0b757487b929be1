"""Formulas of office documents (OMML) written on one line, as one types them."""

from __future__ import annotations

from indexing.extraction.package import Element, attribute, child, local

_PROPERTIES = frozenset(
    {
        "rPr",
        "ctrlPr",
        "fPr",
        "sSupPr",
        "sSubPr",
        "sSubSupPr",
        "radPr",
        "dPr",
        "naryPr",
        "funcPr",
        "limLowPr",
        "limUppPr",
        "accPr",
        "mPr",
        "eqArrPr",
    }
)


def linear(element: Element) -> str:
    """Return a formula (``m:oMath`` or a part of one) as text, such as ``(a+b)/2`` or ``x^2``."""
    name = local(element)
    if name == "t":
        return element.text or ""
    if name in _PROPERTIES:
        return ""
    match name:
        case "f":
            return f"{_grouped(element, 'num')}/{_grouped(element, 'den')}"
        case "sSup":
            return f"{_part(element, 'e')}^{_grouped(element, 'sup')}"
        case "sSub":
            return f"{_part(element, 'e')}_{_grouped(element, 'sub')}"
        case "sSubSup":
            base, low = _part(element, "e"), _grouped(element, "sub")
            return f"{base}_{low}^{_grouped(element, 'sup')}"
        case "rad":
            degree = _part(element, "deg")
            return f"{degree and f'[{degree}]'}√{_grouped(element, 'e')}"
        case "d":
            return _delimited(element)
        case "nary":
            return _nary(element)
    return "".join(linear(inner) for inner in element)


def _part(element: Element, name: str) -> str:
    found = child(element, name)
    return "" if found is None else "".join(linear(inner) for inner in found)


def _grouped(element: Element, name: str) -> str:
    text = _part(element, name)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _delimited(element: Element) -> str:
    properties = child(element, "dPr")
    begin = attribute(child(properties, "begChr"), "val")
    end = attribute(child(properties, "endChr"), "val")
    inner = ", ".join("".join(linear(i) for i in e) for e in element if local(e) == "e")
    return f"{'(' if begin is None else begin}{inner}{')' if end is None else end}"


def _nary(element: Element) -> str:
    sign = attribute(child(element, "naryPr", "chr"), "val") or "∫"
    low, high = _grouped(element, "sub"), _grouped(element, "sup")
    return f"{sign}{low and f'_{low}'}{high and f'^{high}'} {_part(element, 'e')}"
