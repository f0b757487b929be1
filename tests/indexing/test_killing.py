"""Folding killed 200 times, anywhere: nothing is lost, nothing is found twice.

A process that has everything imported and the tables of Chinese made forks a child for each kill: a
kill costs what the fold costs, not what starting Python costs. It must not have folded itself
before: neither the threads of FAISS nor those of the word index survive a fork.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from indexing.folding import fold
from tests.indexing.dying import run
from tests.indexing.rows import DIMENSION, MODEL, SharedRows
from tests.indexing.test_folding import assert_complete, fill

KILLS = 200

# Prints for each kill: the line it was at, the signal, and whether what was left is complete.
KILLING = """
import json, os, random, signal, sys
from pathlib import Path
from indexing import clusters
from indexing.folding import fold
from indexing.sounds import syllables_of
from indexing.tokens import tokenize
from tests.indexing.dying import die_at
from tests.indexing.rows import DIMENSION, MODEL, SharedRows
from tests.indexing.test_folding import assert_complete, fill
folder, rows, kills = Path(sys.argv[1]), SharedRows(Path(sys.argv[2])), int(sys.argv[3])
FILES = ("folding.py", "generation.py", "segment.py", "manifest.py", "words.py", "clusters.py")
SWAP = ("publish", "_remove_others", "_alone", "start_building", "carry_over")
# Small segments get clusters too, so that a kill in the middle of theirs is among the others.
clusters.CLUSTERED_FROM = 24
# Made at first use, which would be in each child anew: most of its time.
tokenize("合同 deploys")
syllables_of("lichang")

def child(work):
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.write(writing, str(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as file:
        answer = file.read()
    _, status = os.waitpid(pid, 0)
    return status, answer

def folded(line, functions):
    def work():
        counted = die_at(line, *FILES, functions=functions)
        fold(folder, MODEL, DIMENSION, rows)
        sys.settrace(None)
        return counted()
    return work

def checked():
    index = assert_complete(folder, rows, rows.head() - 2)
    assert index.damage is None, index.damage
    return index.generation

choice = random.Random(3)
# How many lines the next fold executes is not known before: the last one is the measure.
lines = {(): 0, SWAP: 0}
kill = 0
while kill < kills:
    functions = SWAP if kill % 2 else ()
    fill(rows, 1)
    if kill % 20 < 2 or not lines[functions]:
        status, count = child(folded(0, functions))
        assert status == 0
        lines[functions] = int(count)
        fill(rows, 1)
    # A fold may have fewer lines than the one that was counted; then it just ends.
    line = choice.randint(1, lines[functions])
    status, _ = child(folded(line, functions))
    well, generation = child(checked)
    kill += status == signal.SIGKILL
    print(json.dumps([line, status, well, int(generation or 0)]), flush=True)
"""


@pytest.mark.timeout(400)
def test_killed_at_any_line_nothing_is_lost_or_found_twice(tmp_path: Path) -> None:
    folder, shared = tmp_path / "index", SharedRows(tmp_path / "rows")
    fill(shared, 4)
    done = run(KILLING, folder, tmp_path / "rows", KILLS, seconds=400)
    assert done.returncode == 0, done.stderr
    kills = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(status == signal.SIGKILL for _, status, _, _ in kills) == KILLS
    assert all(well == 0 for _, _, well, _ in kills), done.stderr
    assert len({generation for *_, generation in kills}) > 10
    manifest = fold(folder, MODEL, DIMENSION, shared)
    assert manifest.watermark == shared.head()
    left = sorted(path.name for path in (folder / "generations").iterdir())
    assert left == [f"{manifest.generation:06}"]
    assert_complete(folder, shared)
