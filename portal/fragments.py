"""Pieces of pages that many requests show alike, rendered once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flask import render_template
from flask_babel import get_locale
from markupsafe import Markup

from portal.findable import Remembered

# A piece has some ten kilobytes.
_pieces: Remembered[Markup] = Remembered(128)


def fragment(template: str, *key: Hashable, **values: Any) -> Markup:
    """The template, rendered with `values` in the language of the request.

    It is kept by `key`, which has to hold all that the piece depends on: the values, or what they
    were made of. So no person is shown what is another's, and a form with a token of the session
    must not be in it.
    """
    return _pieces.of(
        (template, str(get_locale()), *key), lambda: Markup(render_template(template, **values))
    )
