"""The checks of `handover doctor`: each looks at one thing and says what to do about it."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from portal.cli.init import check_writable
from portal.settings import EMBEDDED, GIB, MIB, Settings, without_password

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


def broker(settings: Settings) -> Finding:
    """Whether the broker answers; the embedded one runs only together with `handover up`."""
    from portal.broker import broker_problem

    problem = broker_problem(settings)
    if problem is None:
        return ok("broker", f"{without_password(settings.broker_url)} answers")
    if settings.broker_url == EMBEDDED:
        return Finding("broker", State.WARN, problem, "`handover up` starts it.")
    return Finding("broker", State.FAIL, problem, "Start it, or check HANDOVER_BROKER_URL.")


def libreoffice(settings: Settings) -> Finding:
    """LibreOffice, which only the formats of before 2007 need."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found:
        return ok("libreoffice", found)
    return Finding(
        "libreoffice",
        State.WARN,
        "not installed: .doc, .xls and .ppt are stored but not read",
        "Install it if people hand such files over; everything else is read without it.",
    )


CHECKS: tuple[Callable[[Settings], Finding], ...] = (python, folders, disk, broker, libreoffice)
