"""Reading: speed, share of files read and likeness to expected text, against the named references.

    python benchmarks/extraction.py FOLDER [--truth FOLDER] [--ocr]
    python benchmarks/extraction.py FOLDER --turns 5    # speed on PDFs alone, by processor time

FOLDER holds files of any kind. References that are not installed are left out with a word.
Expected texts lie in the truth folder, each named like its file with `.md` behind.
"""

from __future__ import annotations

import argparse
import html
import importlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from indexing.extraction import Limits, Status, extract
from indexing.extraction.registry import reader_for
from indexing.extraction.sink import Sink
from indexing.extraction.sniff import sniff
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

Read = Callable[[Path], str]
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_MARKUP = re.compile(r"<!--.*?-->|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)", re.DOTALL)


@dataclass(slots=True)
class Result:
    """What one reader did with the files of one kind. seconds: wall time of all of them."""

    files: int = 0
    read: int = 0
    failed: int = 0
    characters: int = 0
    seconds: float = 0.0
    likeness: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print a table for each kind of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=Path, help="folder of expected texts")
    parser.add_argument("--ocr", action="store_true", help="recognise pictures and scans, too")
    parser.add_argument("--turns", type=int, help="of the readers of PDFs, each file in turns")
    arguments = parser.parse_args()
    limits = Limits(ocr=arguments.ocr)
    files = sorted(path for path in arguments.folder.rglob("*") if path.is_file())
    if arguments.turns:
        _take_turns([path for path in files if path.suffix.lower() == ".pdf"], arguments.turns)
        return
    kinds: dict[str, list[Path]] = {}
    for path in files:
        kinds.setdefault(path.suffix.lower().lstrip(".") or "none", []).append(path)
    readers = dict(_readers(limits))
    print("| kind | reader | files | read | failed | characters | seconds | likeness |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind, paths in sorted(kinds.items()):
        for name, read in readers.items():
            if name != "pdfium" or kind == "pdf":
                print(_line(kind, name, _measured(read, paths, arguments.truth)), flush=True)


def _take_turns(paths: list[Path], turns: int) -> None:
    """Print the processor time of each reader of PDFs in this process: the least of each file.

    A machine that others use disturbs all readers of a turn alike, and the least of several turns
    hardly at all.
    """
    readers = {
        name: read
        for name, read in _readers(Limits(ocr=False))
        if name in ("ours, no process", "pdfium", "kreuzberg")
    }
    least: dict[str, dict[Path, float]] = {name: {} for name in readers}
    for _ in range(turns):
        for path in paths:
            for name, read in readers.items():
                seconds = _processor_time(read, path)
                least[name][path] = min(seconds, least[name].get(path, seconds))
    bare = sum(least["pdfium"].values())
    print("| reader | files | seconds of processor time | speed, pdfium's being 1 |")
    print("| --- | ---: | ---: | ---: |")
    for name, times in least.items():
        seconds = sum(times.values())
        print(f"| {name} | {len(times)} | {seconds:.2f} | {bare / seconds:.2f} |")


def _processor_time(read: Read, path: Path) -> float:
    begin = time.process_time()
    # Damaged files are among them: what a reader costs until it gives up counts, too.
    with suppress(Exception):
        read(path)
    return time.process_time() - begin


def _line(kind: str, name: str, result: Result) -> str:
    mean = sum(result.likeness) / len(result.likeness) if result.likeness else None
    cells = (
        kind, name, result.files, result.read, result.failed, result.characters,
        f"{result.seconds:.2f}", "" if mean is None else f"{mean:.3f}",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _measured(read: Read, paths: list[Path], truth: Path | None) -> Result:
    result = Result(len(paths))
    for path in paths:
        begin = time.perf_counter()
        try:
            text = read(path)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 (a panic in Rust is no Exception; all are counted)
            result.failed += 1
            text = ""
        result.seconds += time.perf_counter() - begin
        result.characters += len(text)
        result.read += bool(text.strip())
        expected = _expected(path, truth)
        if expected is not None:
            result.likeness.append(likeness(text, expected))
    return result


def _expected(path: Path, truth: Path | None) -> str | None:
    if truth is None:
        return None
    stem = path.name.partition("__")[2] or path.name
    for name in (f"{stem}.md", f"{path.stem.partition('__')[2] or path.stem}.md"):
        found = next(iter(sorted(truth.glob(f"*{_glob(name)}"))), None)
        if found is not None and re.sub(r"^\w+?__[a-z]+__", "", found.name) == name:
            return found.read_text(encoding="utf-8")
    return None


def _glob(name: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", name)


def likeness(text: str, expected: str) -> float:
    """Return the F1 of the words (of Chinese: characters) of two texts, whatever their order."""
    found, wanted = _tokens(text), _tokens(expected)
    common = sum((found & wanted).values())
    total = sum(found.values()) + sum(wanted.values())
    return 2 * common / total if total else 1.0


def _tokens(text: str) -> Counter[str]:
    plain = html.unescape(_MARKUP.sub("", text)).replace("\\_", "_")
    return Counter(_TOKEN.findall(plain.lower()))


def _readers(limits: Limits) -> Iterator[tuple[str, Read]]:
    """Yield the readers that are installed: ours twice, in its process and in this one."""

    def ours(path: Path) -> str:
        found = extract(path, path.name, limits)
        if found.status is Status.FAILED and found.reason and "reader" in found.reason.code:
            raise RuntimeError(found.reason.code)
        return "\n".join(block.text for block in found.blocks)

    yield "ours", ours
    yield "ours, no process", lambda path: _in_process(path, limits)
    for name, make in (("pdfium", _pdfium), ("kreuzberg", _kreuzberg), ("markitdown", _markitdown)):
        try:
            yield name, make()
        except ImportError:
            print(f"{name} is not installed and is left out.")


def _in_process(path: Path, limits: Limits) -> str:
    """Read without the process of its own: what the reader itself costs."""
    lines: list[bytes] = []
    source = Source(path, path.name, sniff(path, path.name), Path("."), limits)
    try:
        reader_for(source.media_type)(source, Sink(lines.append, limits))
    except Unreadable:
        return ""
    messages = map(orjson.loads, lines)
    return "\n".join(message["block"]["text"] for message in messages if "block" in message)


def _pdfium() -> Read:
    pdfium = importlib.import_module("pypdfium2")

    def read(path: Path) -> str:
        document = pdfium.PdfDocument(path)
        texts = []
        for number in range(len(document)):
            page = document[number]
            text = page.get_textpage()
            texts.append(text.get_text_range())
            text.close()
            page.close()
        document.close()
        return "".join(texts)

    return read


def _kreuzberg() -> Read:
    kreuzberg = importlib.import_module("kreuzberg")

    def read(path: Path) -> str:
        return str(kreuzberg.extract_file_sync(str(path)).content)

    return read


def _markitdown() -> Read:
    converter = importlib.import_module("markitdown").MarkItDown()

    def read(path: Path) -> str:
        return str(converter.convert(str(path)).text_content)

    return read


if __name__ == "__main__":
    main()
