"""Which language a request is answered in."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request, session
from flask_babel import Babel, Domain
from flask_login import current_user

from portal.settings import LANGUAGES

NAMES = {"zh_CN": "中文", "en": "English"}
COOKIE = "language"


class Texts(Domain):  # type: ignore[misc]  # the library has no types
    """The catalogue, looked up once a request: a page has hundreds of texts, and the library asks
    for locale and catalogue anew for each."""

    def get_translations(self) -> Any:
        """The translations into the language of the request."""
        if not g:
            return super().get_translations()
        if "translations" not in g:
            g.translations = super().get_translations()
        return g.translations


class Translating(Babel):  # type: ignore[misc]  # the library has no types
    """The library with our catalogue."""

    @property
    def domain_instance(self) -> Texts:
        """What texts are looked up in."""
        return TEXTS


TEXTS = Texts()


def chosen() -> str:
    """The person's choice, then this browser's remembered one, then what the browser asks for."""
    own = getattr(current_user, "language", None)
    for language in (own, session.get("language"), request.cookies.get(COOKIE)):
        if language in LANGUAGES:
            return str(language)
    asked = request.accept_languages.best_match(["zh-CN", "zh", "zh-TW", "zh-HK", "en", "en-US"])
    if asked is None:
        return str(current_app.extensions["portal"].settings.default_language)
    return "zh_CN" if asked.startswith("zh") else "en"
