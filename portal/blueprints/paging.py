"""Pages of long lists, counted from 1."""

from __future__ import annotations

from flask import request

# Nobody turns so many pages; it keeps an offset from growing without bound.
LAST_PAGE = 1000


def page_number() -> int:
    """The page asked for; the first when it is missing or no number."""
    asked = request.args.get("page", 1, type=int)
    return min(max(asked, 1), LAST_PAGE)


def pages_of(total: int, size: int) -> int:
    """How many pages so many entries fill; an empty list has one."""
    return max(1, -(-total // size))
