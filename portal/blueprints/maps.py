"""Knowledge maps: all one may see, one of them as picture and list, one of its areas."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from portal import map_words, place_words
from portal.blueprints.context import reading
from portal.permissions import Action
from portal.services import maps, pictures
from portal.services.maps import Caption, MapPage

blueprint = Blueprint("maps", __name__)
SHAPES = ("wide", "tall")


@blueprint.get("/maps")
@login_required
def index() -> ResponseReturnValue:
    """The positions whose map one may see."""
    with reading() as uow:
        return render_template(
            "maps/index.html", lines=maps.index(uow), held=uow.actor.positions, say=map_words
        )


@blueprint.get("/positions/<position_id>/map")
@login_required
def show(position_id: str) -> ResponseReturnValue:
    """The map of a position: its picture, and an equal list."""
    with reading() as uow:
        page = maps.show(uow, position_id)
        return render_template(
            "maps/show.html",
            page=page,
            pictures=_pictures(page),
            say=map_words,
            may_edit=uow.may(Action.EDIT_BLUEPRINT, page.position),
            may_view_asked=uow.may(Action.VIEW_ASKED, page.position),
        )


@blueprint.get("/positions/<position_id>/map/areas/<area_id>")
@login_required
def area(position_id: str, area_id: str) -> ResponseReturnValue:
    """An area: its documents and their best passages."""
    with reading() as uow:
        found = maps.area(uow, position_id, area_id)
        return render_template(
            "maps/area.html",
            found=found,
            previews=pictures.previews(uow, [each.version for each in found.documents]),
            say=map_words,
            place=place_words.place,
            path=place_words.path,
        )


def _pictures(page: MapPage) -> list[Markup]:
    """The picture for a window and the one for a phone; the stylesheet shows one of them."""
    label = _("Knowledge map: %(position)s", position=page.position.name)
    captions = {
        line.area.id: Caption(
            href=url_for("maps.area", position_id=page.position.public_id, area_id=line.area.id),
            count=str(line.documents or ""),
            note=map_words.note(line, page),
            spoken=map_words.spoken(line, page),
            tone=line.tone,
        )
        for line in page.areas
    }
    # The leaf has escaped every text it was given.
    return [Markup(maps.picture(page, shape, label, captions)) for shape in SHAPES]
