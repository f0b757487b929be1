"""The checks of `handover doctor`: each looks at one thing and says what to do about it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from portal.cli.init import check_writable
from portal.cli.opening import database_problem
from portal.setting_parsers import without_password
from portal.settings import BUNDLED, EMBEDDED, GIB, MIB, Settings

# Below twice the reserve an upload of ordinary size may already be refused.
DISK_WARNING = 2


class State(StrEnum):
    """How a check ended: `warn` works with a restriction, `fail` does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What a check found (`text`), and what to do if it is not ok (`advice`)."""

    name: str
    state: State
    text: str
    advice: str = ""


def ok(name: str, text: str) -> Finding:
    """A finding that needs nothing."""
    return Finding(name, State.OK, text)


def python(settings: Settings) -> Finding:
    """The version that runs this; older ones end before any check."""
    return ok("python", f"Python {platform.python_version()} on {platform.system()}")


def folders(settings: Settings) -> Finding:
    """Whether every folder the settings name can be written."""
    places = [settings.data_folder, settings.model_folder, settings.index_folder]
    if "://" not in settings.blob_store:
        places.append(Path(settings.blob_store))
    for folder in places:
        existing = next(p for p in (folder, *folder.parents) if p.exists())
        try:
            check_writable(existing)
        except OSError as error:
            text = f"{folder} cannot be written: {error.strerror}"
            advice = "Allow writing there, or set another folder (`handover settings`)."
            return Finding("folders", State.FAIL, text, advice)
    if not settings.data_folder.exists():
        text = f"{settings.data_folder} does not exist yet"
        return Finding("folders", State.WARN, text, "Run `handover init` or `handover up`.")
    return ok("folders", f"{settings.data_folder} and the others can be written")


def disk(settings: Settings) -> Finding:
    """Whether uploads have room above the reserve."""
    existing = next(p for p in (settings.data_folder, *settings.data_folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    reserve = settings.free_disk_reserve_bytes
    text = f"{free / GIB:.1f} GiB free; {reserve / MIB:.0f} MiB are never used by uploads"
    advice = "Free some space, or move the data folder to a larger disk."
    if free <= reserve:
        return Finding("disk", State.FAIL, text + "; every upload is refused", advice)
    return Finding("disk", State.WARN if free < DISK_WARNING * reserve else State.OK, text, advice)


def database(settings: Settings) -> Finding:
    """Whether the database answers and has the schema of this program."""
    from sqlalchemy.exc import OperationalError

    shown = without_password(settings.database_url)
    try:
        problem = database_problem(settings)
    except OperationalError as error:
        said = str(error.orig or error).strip().splitlines()[0]
        text = f"{shown} does not answer: {said}"
        return Finding("database", State.FAIL, text, "Start it, or check HANDOVER_DATABASE_URL.")
    if problem is not None:
        advice = "Run `handover init` or `handover up`."
        return Finding("database", State.WARN, f"{shown} {problem}", advice)
    return ok("database", f"{shown} answers")


def broker(settings: Settings) -> Finding:
    """Whether the broker answers; the embedded one runs only together with `handover up`."""
    from portal.broker import broker_problem

    problem = broker_problem(settings)
    if problem is None:
        return ok("broker", f"{without_password(settings.broker_url)} answers")
    if settings.broker_url == EMBEDDED:
        return Finding("broker", State.WARN, problem, "`handover up` starts it.")
    return Finding("broker", State.FAIL, problem, "Start it, or check HANDOVER_BROKER_URL.")


def model(settings: Settings) -> Finding:
    """Whether the model is where it is expected; it is not loaded, which takes seconds."""
    if settings.model != BUNDLED:
        if Path(settings.model).is_dir():
            return ok("model", settings.model)
        text = f"«{settings.model}» is no folder: it has to be in the cache of models already"
        return Finding("model", State.WARN, text, "Nothing is downloaded; name a folder.")
    from indexing.encoder import bundled_built

    if bundled_built(settings.model_folder):
        return ok("model", f"the bundled one, in {settings.model_folder}")
    text = "the bundled one is not built, or its package is not installed"
    return Finding("model", State.WARN, text, "Run `handover init`: it builds it, or says why not.")


def index(settings: Settings) -> Finding:
    """Whether the search index and the database agree, and how far a change of the model is."""
    if database(settings).state is not State.OK:
        return Finding("index", State.WARN, "not looked at", "Mend the database first.")
    from indexing.shelf import IndexUnreachable
    from portal.cli.index import change_words
    from portal.cli.opening import opened_resources
    from portal.services import index_status, verifying

    try:
        with opened_resources(settings) as resources, resources.read() as uow:
            found, verdict = index_status.status(uow), verifying.verify(uow)
    except IndexUnreachable as error:
        text = f"{without_password(settings.index)} does not answer: {error}"
        return Finding("index", State.FAIL, text, "Start it, or check HANDOVER_INDEX.")
    if verdict.damage is not None:
        text = f"{verdict.damage}; searches go on from the database"
        return Finding("index", State.WARN, text, "Run `handover index fold`.")
    if not verdict.sound:
        text = "the index and the database do not agree"
        return Finding("index", State.FAIL, text, "`handover index verify` says more.")
    text = f"{found.passages} passages of {found.readings} versions"
    if found.change is not None:
        text += f"; changing to {found.change.model}: {change_words(found.change)}"
    elif _other_model(settings, found.model):
        text += f", made with «{found.model}», which is not the model in the settings"
        advice = "A running portal changes it; `handover index rebuild` does it at once."
        return Finding("index", State.WARN, text, advice)
    return ok("index", text)


def _other_model(settings: Settings, found: str | None) -> bool:
    """Whether the vectors are of another model for certain; only the bundled one tells unloaded."""
    if found is None or settings.model != BUNDLED:
        return False
    from indexing import bundled_model
    from indexing.model_unavailable import ModelUnavailable

    try:
        return found != bundled_model.identity()
    except ModelUnavailable:
        return False


def libreoffice(settings: Settings) -> Finding:
    """LibreOffice, which only formats need that our readers do not know."""
    from indexing.extraction.converting import office

    found = office()
    if found:
        return ok("libreoffice", f"{found}: files of very old kinds are converted and read")
    return Finding(
        "libreoffice",
        State.WARN,
        "not installed: Word 95, Excel 4, PowerPoint 95, Works, WordPerfect and older are not read",
        "Install it if people hand such files over; everything else is read without it.",
    )


def archives(settings: Settings) -> Finding:
    """The library that 7z and rar archives need."""
    from indexing.extraction import packed_archive

    if packed_archive.is_installed():
        return ok("archives", "7z and rar are read, with libarchive")
    return Finding(
        "archives",
        State.WARN,
        "no libarchive: 7z and rar archives are stored but not read",
        "Install it (Debian: libarchive13) if people hand such files over.",
    )


def answers(settings: Settings) -> Finding:
    """Whether a model may write answers, where text then goes, and whether it is there."""
    from portal.answer_endpoint import Endpoint

    endpoint = Endpoint.of(settings)
    if endpoint is None:
        return ok("answers", "no model writes answers; no text leaves the portal")
    text = f"«{endpoint.model}» writes them when asked; passages go to {endpoint.shown}"
    problem = endpoint.problem()
    if problem is not None:
        advice = "Check HANDOVER_ANSWER_URL and HANDOVER_ANSWER_KEY. Search works without it."
        return Finding("answers", State.WARN, f"{text}, which does not answer: {problem}", advice)
    if not endpoint.private:
        advice = "Use https: passages and the key can be read on the way."
        return Finding("answers", State.WARN, f"{text}, unencrypted", advice)
    return ok("answers", text)


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    python,
    folders,
    disk,
    database,
    broker,
    model,
    index,
    libreoffice,
    archives,
    answers,
)
