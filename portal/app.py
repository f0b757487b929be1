"""The web application: `create_app` puts the parts together."""

from __future__ import annotations

import importlib
import pkgutil
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import portal.blueprints
from portal import error_pages, formats, languages, navigation, words
from portal.fragments import fragment
from portal.jobs import celery_sender
from portal.resources import Resources, Sender
from portal.sessions import prepare_sign_in
from portal.settings import Settings

ROOT = Path(__file__).parent.parent
# Room for the fields and the wrapping of a form around the file itself.
FORM_BYTES = 2**20

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)


def create_app(settings: Settings, send: Sender | None = None) -> Flask:
    """Make the application of one process. `send` None means: jobs go to Celery.

    Connects to nothing yet; the first request does.
    """
    app = Flask("portal", template_folder=str(ROOT / "templates"), root_path=str(ROOT / "portal"))
    app.config.update(_config(settings))
    app.extensions["portal"] = Resources(settings, send or celery_sender(settings))
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
    CSRFProtect(app)
    languages.Translating(
        app, locale_selector=languages.chosen, timezone_selector=lambda: settings.time_zone
    )
    prepare_sign_in(app)
    error_pages.register(app)
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    app.after_request(_protect)
    _prepare_templates(app)
    return app


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.signing_key(),
        "MAX_CONTENT_LENGTH": settings.upload_limit_bytes + FORM_BYTES,
        "MAX_FORM_MEMORY_SIZE": FORM_BYTES,
        "SESSION_COOKIE_NAME": "handover",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.behind_tls,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        # The session ends by the line above; a token that ended sooner would lose long forms.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": settings.behind_tls,
        "BABEL_DEFAULT_LOCALE": settings.default_language,
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "portal" / "translations"),
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(hours=1),
    }


def _blueprints() -> list[Blueprint]:
    """Every module in `portal/blueprints` that has one, so that none can be forgotten."""
    found = []
    for module in pkgutil.iter_modules(portal.blueprints.__path__):
        blueprint = getattr(
            importlib.import_module(f"portal.blueprints.{module.name}"), "blueprint", None
        )
        if blueprint is not None:
            found.append(blueprint)
    return found


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        # What one person saw must not come out of a shared computer's cache for the next.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _prepare_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        file_size=formats.file_size,
        number=formats.number,
        about=formats.about,
        moment=formats.moment,
        day=formats.day,
        decimalformat=formats.number,
        option=lambda row: (row.public_id, row.name),
    )
    app.jinja_env.globals.update(words=words, languages=languages.NAMES, fragment=fragment)
    app.context_processor(navigation.template_values)

    @app.before_request
    def _number_request() -> None:
        g.request_number = secrets.token_hex(4)
