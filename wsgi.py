"""The portal for any WSGI server, as in `gunicorn wsgi:application`; `handover web` needs none."""

from __future__ import annotations

import os

from portal.app import create_app
from portal.settings import Settings

application = create_app(Settings.from_environment(os.environ))
