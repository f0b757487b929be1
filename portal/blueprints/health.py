"""Whether the portal answers, for supervisors; how it does, for administrators."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from portal.blueprints.context import reading, resources
from portal.services import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """«ok» when the database answers; says nothing else to whoever asks without signing in."""
    with resources().read() as uow:
        uow.ping()
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.get("/admin/health")
@login_required
def index() -> ResponseReturnValue:
    """What an administrator may have to do something about."""
    with reading() as uow:
        return render_template("health/index.html", health=health.show(uow))
