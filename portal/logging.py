"""One shape for the log lines of every process: web, worker, beat, command line."""

from __future__ import annotations

import logging

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# These tell at INFO about every message, job and file. The jobs themselves log what a person wants
# to know; the rest is there at level DEBUG.
CHATTY = (
    "kombu",
    "amqp",
    "celery.beat",
    "celery.worker.strategy",
    "celery.app.trace",
    "sentence_transformers",
    "onnxruntime",
    "faiss",
    "alembic.runtime",
    "PIL",
    "pypdf",
)


def configure_logging(level: str) -> None:
    """Send everything from `level` on to standard error. Replaces what was configured before."""
    logging.basicConfig(level=level, format=LINE, force=True)
    quiet = logging.DEBUG if level == "DEBUG" else logging.WARNING
    for name in CHATTY:
        logging.getLogger(name).setLevel(quiet)
    logging.captureWarnings(capture=True)
