"""Whether the portal answers, for supervisors and proxies."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.blueprints.context import resources

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """«ok» when the database answers; says nothing else to whoever asks without signing in."""
    with resources().read() as uow:
        uow.ping()
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}
