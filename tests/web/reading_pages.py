"""Looking at a page as a browser and a screen reader do, for tests of every page's frame."""

from __future__ import annotations

from collections import Counter

from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node
from werkzeug.test import TestResponse


def tree_of(answer: TestResponse) -> HTMLParser:
    """The page as a tree."""
    return HTMLParser(answer.get_data(as_text=True))


def name_of(node: Node, page: HTMLParser) -> str:
    """What a screen reader calls a control; empty when it has no name."""
    labels = [node.attributes.get("aria-label") or ""]
    for reference in (node.attributes.get("aria-labelledby") or "").split():
        labels += [found.text() for found in page.css(f'[id="{reference}"]')]
    if node.tag in {"input", "select", "textarea"}:
        labels += [found.text() for found in page.css(f'label[for="{node.attributes.get("id")}"]')]
        labels.append(node.attributes.get("value") or "" if _pressed(node) else "")
    else:
        labels.append(node.text(deep=True))
        labels += [each.attributes.get("aria-label") or "" for each in node.css("svg, img")]
    return " ".join(" ".join(labels).split())


def unnamed(page: HTMLParser) -> list[str]:
    """Controls, pictures and dialogs without a name."""
    controls = page.css("button, a[href], summary, input, select, textarea, dialog, [role=img]")
    return [
        node.html or node.tag
        for node in controls
        if node.attributes.get("type") != "hidden" and not name_of(node, page)
    ]


def repeated_ids(page: HTMLParser) -> list[str]:
    """Ids that stand twice: labels and anchors would lead to the wrong one."""
    counted = Counter(node.attributes["id"] for node in page.css("[id]"))
    return [str(each) for each, count in counted.items() if count > 1]


def loose_references(page: HTMLParser) -> list[str]:
    """Labels, descriptions and controls that name an id the page does not have."""
    ids = {node.attributes["id"] for node in page.css("[id]")}
    return [
        f"{attribute}={reference}"
        for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list")
        for node in page.css(f"[{attribute}]")
        for reference in (node.attributes[attribute] or "").split()
        if reference not in ids
    ]


def refused_by_policy(page: HTMLParser) -> list[str]:
    """What the Content-Security-Policy would silently leave out."""
    found = [node.html or "" for node in page.css("[style], style")]
    found += [node.html or "" for node in page.css("script") if "src" not in node.attributes]
    for node in page.css("*"):
        found += [f"{node.tag} {name}" for name in node.attributes if name.startswith("on")]
    return found


def forms_without_token(page: HTMLParser) -> list[str]:
    """Forms that change something and would be refused."""
    return [
        node.attributes.get("action") or ""
        for node in page.css("form")
        if (node.attributes.get("method") or "get").lower() == "post"
        and node.css_first("input[name=csrf_token]") is None
    ]


def _pressed(node: Node) -> bool:
    return node.attributes.get("type") in {"submit", "button", "reset"}
