"""Damage files at random and read them: every reading must end, with a reason, and leave nothing.

Usage: python benchmarks/fuzzing.py FOLDER --seconds 900 [--seed 1] [--keep FOLDER]

FOLDER holds sound files of all kinds. Each turn takes one, injures it (bytes, members of archives,
streams of PDFs; see tests/indexing/extraction/mutations.py), and reads it as the portal does, in
the reading process with its bounds. Printed and kept is what must not be: a reader that crashed, a
reading beyond its time, a file left in the temporary folder, and text of a file outside, to which
injuries point. A turn can be repeated by its number. Exit status 1 if there was any.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from indexing.extraction import Extraction, Limits, extract
from indexing.notice import NOTICE_CODES
from tests.indexing.extraction.mutations import mutated

SECRET = "canary-9f1c-outside"
# Small, so that a bound is reached in seconds; recognition is another library's work.
LIMITS = Limits(seconds=20, seconds_per_page=0.5, unpacked_bytes=64 << 20, ocr=False)
# What the system needs to end and clear up.
GRACE = 10.0
# Worth a look, though within the bounds.
SLOW = 8.0
LARGEST = 1 << 20


@dataclass(frozen=True)
class Turn:
    """One damaged file and how its reading ended."""

    number: int
    seed: Path
    data: bytes
    found: Extraction


def main() -> None:
    """Read damaged files until the time is up, then print what became of them."""
    arguments = parsed()
    logging.getLogger("indexing").setLevel(logging.CRITICAL)
    seeds = sorted(p for p in arguments.folder.rglob("*") if 0 < size_of(p) <= LARGEST)
    contents = {path: path.read_bytes() for path in seeds}
    ends: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    defects = 0
    deadline = time.monotonic() + arguments.seconds
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as name:
        folder = Path(name)
        outside = folder / "outside"
        outside.mkdir()
        (outside / "secret").write_text(SECRET)
        tempfile.tempdir = str(folder / "temporary")
        Path(tempfile.tempdir).mkdir()
        number = arguments.first
        while time.monotonic() < deadline and number < arguments.last:
            turn = taken(number, arguments.seed, contents, folder)
            ends[f"{turn.found.status} {turn.found.reason.code if turn.found.reason else ''}"] += 1
            kinds[turn.found.media_type] += 1
            if turn.found.seconds > SLOW:
                print(f"turn {number}, {turn.seed.name}: {turn.found.seconds:.0f} s", flush=True)
            for defect in defects_of(turn, folder):
                defects += 1
                print(f"turn {number}, {turn.seed.name}: {defect}", flush=True)
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{number}-{turn.seed.name}").write_bytes(turn.data)
            number += 1
    print(f"{number - arguments.first} damaged files of {len(seeds)} seeds, {defects} defects")
    for counter in (ends, kinds):
        print("; ".join(f"{key.strip()}: {count}" for key, count in counter.most_common()))
    sys.exit(1 if defects else 0)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first turn")
    parser.add_argument("--last", type=int, default=sys.maxsize, help="end before this turn")
    parser.add_argument("--keep", type=Path, help="folder for the files that showed a defect")
    return parser.parse_args()


def size_of(path: Path) -> int:
    """The size of a plain file; 0 of anything else."""
    return path.stat().st_size if path.is_file() else 0


def taken(number: int, seed: int, contents: dict[Path, bytes], folder: Path) -> Turn:
    """Injure one file and read it."""
    random = Random(seed * 1_000_003 + number)
    # By kind first, so that the kind with the most files does not get the most turns.
    suffix = random.choice(sorted({path.suffix for path in contents}))
    path = random.choice([path for path in contents if path.suffix == suffix])
    data = mutated(contents[path], random, list(contents.values()), words(folder / "outside"))
    target = folder / "file"
    target.write_bytes(data)
    return Turn(number, path, data, extract(target, path.name, LIMITS))


def words(outside: Path) -> list[bytes]:
    """Pieces that point outside, and pieces that swell or nest."""
    secret = str(outside / "secret")
    return [
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode(),
        b"&e;",
        b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file://'
        + f'{secret}" parse="text"/>'.encode(),
        f'<img src="file://{secret}"><link href="{secret}">'.encode(),
        f"../../../../../../../..{outside}/made".encode(),
        b'Target="file://' + secret.encode() + b'" TargetMode="External"',
        b"<x>" * 5000,
        b"{\\b" * 5000,
        b"[" * 5000,
        b"(" * 5000,
        b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" * 50,
        b" " * 100_000,
        b"\xe4\xb8\xad" * 10_000,
        b'<!DOCTYPE l [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>&b;',
    ]


def defects_of(turn: Turn, folder: Path) -> list[str]:
    """Say what must not have happened and did."""
    found, defects = turn.found, []
    reason = found.reason
    if reason is not None and reason.code == "reader_crashed":
        defects.append(f"crashed: {dict(reason.facts)}")
    if (reason is None) != (found.status == "read") or (reason and reason.code not in NOTICE_CODES):
        defects.append(f"{found.status} without a reason")
    pages = min(found.pages or 0, LIMITS.pages)
    if found.seconds > LIMITS.seconds + pages * LIMITS.seconds_per_page + GRACE:
        defects.append(f"took {found.seconds:.0f} s")
    if left := sorted(path.name for path in (folder / "temporary").iterdir()):
        defects.append(f"left {left}")
    if [path.name for path in (folder / "outside").iterdir()] != ["secret"]:
        defects.append("wrote outside")
    # A file that names it is no proof; its content is in none of them.
    if any(SECRET in block.text for block in found.blocks):
        defects.append("read outside")
    return defects


if __name__ == "__main__":
    main()
