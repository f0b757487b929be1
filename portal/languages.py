"""Which language a request is answered in."""

from __future__ import annotations

from flask import current_app, request, session
from flask_login import current_user

from portal.settings import LANGUAGES

NAMES = {"zh_CN": "中文", "en": "English"}
COOKIE = "language"


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
