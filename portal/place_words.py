"""Where a passage stands, in the language of the request."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _


def place(value: dict[str, Any]) -> str:
    """Page, sheet and cells, slide or part of a place as a row keeps it; empty without any."""
    found = []
    if value.get("part"):
        found.append(str(value["part"]))
    if value.get("page"):
        found.append(str(_("page %(page)s", page=value["page"])))
    if value.get("slide"):
        found.append(str(_("slide %(slide)s", slide=value["slide"])))
    if value.get("sheet"):
        found.append(str(_("sheet %(sheet)s", sheet=value["sheet"])))
    if value.get("cells"):
        found.append(str(value["cells"]))
    return ", ".join(found)


def path(value: dict[str, Any]) -> list[str]:
    """The headings above the passage, outermost first."""
    return [str(heading) for heading in value.get("heading_path", [])]
