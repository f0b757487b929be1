"""Old office formats, turned by LibreOffice into new ones, which our own readers read."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from indexing.extraction import media
from indexing.extraction.limits import Limits
from indexing.extraction.office_start import INSIDE, UNFENCED
from indexing.extraction.process import PREFIX
from indexing.notice import Notice

BEAT_SECONDS = 1.0

_log = logging.getLogger(__name__)

_TARGETS: Mapping[str, str] = MappingProxyType(
    {
        media.DOC: "docx",
        media.WORKS: "docx",
        media.WORD_PERFECT: "docx",
        media.XLS: "xlsx",
        media.PPT: "pptx",
    }
)
# Isolated like the readers' template: neither the environment nor a folder brings other code in.
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from indexing.extraction.office_start import main; main()"
)
_ROOT = str(Path(__file__).resolve().parents[2])
# Macros never run, and nothing is loaded that a document links to.
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"""


def office() -> Path | None:
    """Where LibreOffice is installed; None if it is not on the search path."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return Path(found).resolve() if found else None


@contextmanager
def converted(
    path: Path, media_type: str, limits: Limits, beat: Callable[[], None]
) -> Iterator[Path | Notice]:
    """Convert a file of an old format; give the new file, or why there is none.

    beat: called each second; what it raises ends the program and is passed on. What was written
    is removed afterwards.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        yield _convert(path, media_type, folder, limits, beat)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _convert(
    path: Path, media_type: str, folder: Path, limits: Limits, beat: Callable[[], None]
) -> Path | Notice:
    program, target = office(), _TARGETS.get(media_type)
    missing = Notice("office_missing", {"media_type": media_type})
    if program is None or target is None:
        return missing
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(_PROFILE)
    # A copy: the program writes beside what it opens.
    shutil.copyfile(path, folder / "old")
    job = {
        "folder": str(folder),
        "seconds": int(limits.seconds) + 1,
        "memory_bytes": limits.memory_bytes + limits.ocr_bytes,
        "file_bytes": limits.unpacked_bytes,
        "command": [
            str(program),
            f"-env:UserInstallation={(INSIDE / 'profile').as_uri()}",
            *("--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
            *("--convert-to", target, "--outdir", str(INSIDE / "new"), str(INSIDE / "old")),
        ],
    }
    status = _run(job, folder / "trace", limits.seconds, beat)
    if status is None or status == -signal.SIGXCPU:
        return Notice("reader_timed_out", {"seconds": round(limits.seconds)})
    if status == UNFENCED:
        _log.warning("LibreOffice is not used: no network namespace or no Landlock on this system")
        return missing
    new = folder / "new" / f"old.{target}"
    return new if new.is_file() else Notice("corrupt", {"media_type": media_type})


def _run(
    job: Mapping[str, object], trace: Path, seconds: float, beat: Callable[[], None]
) -> int | None:
    """Run the program to its end; return its exit status, or None if its time was up."""
    deadline = time.monotonic() + seconds
    with trace.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, _ROOT, json.dumps(job)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={},
            # A group of its own, which is ended as a whole whatever happens.
            start_new_session=True,
        )
        try:
            while time.monotonic() < deadline:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(timeout=BEAT_SECONDS)
                beat()
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
