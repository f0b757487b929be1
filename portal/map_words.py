"""What a knowledge map says about itself, in the language of the request."""

from __future__ import annotations

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.services.maps import AreaLine, MapPage

# How an area looks by how long ago something was last handed in for it.
TONE: dict[str, LazyString] = {
    "fresh": _l("from the last six months"),
    "settled": _l("older than six months"),
    "old": _l("older than eighteen months"),
}
# The kinds of `ui.status` that go with them.
TONE_LOOK: dict[str, str] = {"fresh": "ok", "settled": "neutral", "old": "warn"}


def documents(count: int) -> str:
    """So many documents."""
    return str(ngettext("%(num)s document", "%(num)s documents", count))


def note(line: AreaLine, page: MapPage) -> str:
    """The small line under the name of an area."""
    if line.documents:
        return documents(line.documents)
    return empty(page)


def empty(page: MapPage) -> str:
    """What is wrong with an empty area: for who reads everything, that it is missing."""
    return str(_("missing") if page.complete else _("nothing for you"))


def spoken(line: AreaLine, page: MapPage) -> str:
    """The whole of an area in one sentence, for ears and as a tooltip."""
    if not line.documents:
        if page.complete:
            return str(_("%(area)s: nothing was handed over yet", area=line.area.title))
        return str(_("%(area)s: nothing you may read", area=line.area.title))
    return str(
        _(
            "%(area)s: %(documents)s, last on %(day)s, from %(people)s",
            area=line.area.title,
            documents=documents(line.documents),
            day=format_date(line.updated) if line.updated else "",
            people=people(line),
        )
    )


def people(line: AreaLine) -> str:
    """Who knows it: up to three names."""
    names = [person.name for person in line.authors]
    if len(names) <= 3:
        return ", ".join(names)
    return str(
        ngettext(
            "%(names)s and %(num)s other",
            "%(names)s and %(num)s others",
            len(names) - 2,
            names=", ".join(names[:2]),
        )
    )
