"""The reading process: reads one file and writes what it finds as JSON lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from indexing.extraction.dispatch import dispatch
from indexing.extraction.limits import Limits
from indexing.extraction.sandbox import confine
from indexing.extraction.sink import Sink
from indexing.extraction.sniff import sniff
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.notice import Notice


def main() -> None:
    """Do the job that stands on standard input as one line of JSON, confined."""
    # A line; what follows on standard input are answers to what the reader asks.
    job = json.loads(sys.stdin.buffer.readline())
    send = _private_output()
    limits = Limits(**job["limits"])
    seconds = limits.seconds + limits.seconds_per_page * limits.pages
    confine(seconds, limits.memory_bytes, limits.ocr_bytes, limits.unpacked_bytes)
    try:
        if job["do"] == "read":
            _read(job, limits, send)
        else:
            _render(job, limits, send)
    except MemoryError:
        facts = {"limit_bytes": limits.memory_bytes}
        _send_notice(send, Notice("reader_out_of_memory", facts))
    except BaseException as error:
        # A defect of a reader: its trace goes to standard error, which the parent logs.
        _send_notice(send, Notice("reader_crashed", {"error": type(error).__name__}))
        raise


def _private_output() -> Callable[[bytes], None]:
    """Keep standard output for the lines alone; whatever a library prints goes to the trace."""
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[output.write(view) :]

    return send


def _send_notice(send: Callable[[bytes], None], notice: Notice) -> None:
    send(json.dumps({"failed": notice.to_json()}).encode() + b"\n")


def _read(job: dict[str, str], limits: Limits, send: Callable[[bytes], None]) -> None:
    sink = Sink(send, limits, sys.stdin.buffer.readline)
    source = Source(
        path=Path(job["path"]),
        filename=job["filename"],
        media_type="",
        folder=Path(job["folder"]),
        limits=limits,
        password=job["password"],
    )
    read_source(source, sink)
    sink.finish()


def read_source(source: Source, sink: Sink) -> None:
    """Read a file with the reader for its content; what stops it becomes the reason."""
    if source.path.stat().st_size == 0:
        sink.stop("empty_file")
        return
    source = replace(source, media_type=sniff(source.path, source.filename))
    # Before the reading, so that it is known of a file that kills its reader, too.
    sink.set_media_type(source.media_type)
    try:
        dispatch(source, sink)
    except Unreadable as stopped:
        sink.stop(stopped.notice.code, **stopped.notice.facts)


def _render(job: dict[str, str], limits: Limits, send: Callable[[bytes], None]) -> None:
    from indexing.extraction.picture import draw

    try:
        answer = draw(job, limits)
    except Unreadable as stopped:
        _send_notice(send, stopped.notice)
    else:
        send(json.dumps(answer).encode() + b"\n")
