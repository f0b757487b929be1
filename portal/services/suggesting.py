"""Suggestions: what a question could be about, from titles and headings this person may read."""

from __future__ import annotations

from sqlalchemy import func, select

from indexing.block import BlockKind
from indexing.query import parse
from portal.models import Block, Document, Reading
from portal.permissions import Action
from portal.services.findable_rows import findable
from portal.unit_of_work import UnitOfWork

SUGGESTIONS = 8
EXAMPLES = 4
# Characters of a heading that reads like something one would ask for.
EXAMPLE_LENGTH = (4, 40)


def suggestions(uow: UnitOfWork, text: str) -> list[str]:
    """Titles and headings that hold what was typed; none for blanks. Raises Forbidden."""
    uow.permit(Action.SEARCH)
    typed = parse(text).text
    if not typed:
        return []
    titles = findable(uow, Document.title).where(Document.title.icontains(typed, autoescape=True))
    headings = select(Block.text).where(
        Block.reading_id.in_(findable(uow, Reading.id)),
        Block.kind == BlockKind.HEADING.value,
        Block.text.icontains(typed, autoescape=True),
    )
    both = [
        found
        for wanted in (titles, headings)
        for found in uow.session.scalars(wanted.distinct().limit(SUGGESTIONS))
    ]
    # What begins with it first, then the shortest: the more of it is what was typed, the likelier.
    begins = typed.casefold()
    both.sort(key=lambda found: (not found.casefold().startswith(begins), len(found), found))
    return list(dict.fromkeys(both))[:SUGGESTIONS]


def examples(uow: UnitOfWork) -> list[str]:
    """A few things one could ask for, each from another document, newest first.

    Raises Forbidden.
    """
    uow.permit(Action.SEARCH)
    first = (
        select(Block.reading_id, func.min(Block.ordinal).label("ordinal"))
        .where(
            Block.reading_id.in_(findable(uow, Reading.id)),
            Block.kind == BlockKind.HEADING.value,
            # The outermost heading is the title, which says what the document is and asks nothing.
            Block.level > 1,
            func.length(Block.text).between(*EXAMPLE_LENGTH),
        )
        .group_by(Block.reading_id)
        .subquery()
    )
    found = uow.session.scalars(
        select(Block.text)
        .join(first, (Block.reading_id == first.c.reading_id) & (Block.ordinal == first.c.ordinal))
        .order_by(Block.reading_id.desc())
        .limit(10 * EXAMPLES)
    )
    return list(dict.fromkeys(found))[:EXAMPLES]
