"""Documents to findable by a real worker, against the bare encoder on the same passages.

    .venv/bin/python benchmarks/findable.py CORPUS.jsonl --documents 40 --rounds 3

The texts of a corpus in the BEIR layout become Markdown documents of a dozen texts each, uploaded
by the portal's own services. Each round sends the jobs of some of them to a real broker, from which
a real worker takes them: it reads, cuts, encodes and publishes, with the database in it, until the
last one is findable. Before and after each round this process encodes passages of the same texts
with the bare encoder, so that whatever else the machine does disturbs both; the ratio is to the
mean of the two. Tokens are those the model sees. By the clock, and by processor time of all
processes: the second says what the portal's work costs, the first what its waiting costs too.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy import func, select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from indexing.encoder import Encoder  # noqa: E402
from portal import models  # noqa: E402
from portal.broker import embedded_answers, server_command  # noqa: E402
from portal.database import upgrade  # noqa: E402
from portal.jobs import celery_sender  # noqa: E402
from portal.models import ReadingState  # noqa: E402
from portal.resources import Resources  # noqa: E402
from portal.services import uploads  # noqa: E402
from portal.settings import Settings, environment_key  # noqa: E402
from portal.unit_of_work import Job  # noqa: E402

# Marks at both ends of a text that the model sees beside the text's own tokens.
MARKS = 2
# Seconds between looks at the database; a hundredth of the shortest round.
LOOK = 0.05
LONGEST = 1800.0
TICKS = os.sysconf("SC_CLK_TCK")


Figures = dict[str, float]


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock and of processor time for so many tokens."""

    clock: float
    processor: float
    tokens: int = 0


def main() -> None:
    """Measure, and print a table."""
    options = _options()
    base = Settings.from_environment(os.environ)
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        given = {"database_url": options.database_url} if options.database_url else {}
        settings = Settings(
            data_folder=Path(scratch) / "data",
            model_folder=options.model_folder or base.model_folder,
            encoder_threads=options.threads,
            worker_processes=options.processes,
            **given,
        )
        rounds = measure(settings, options)
    print(table(rounds))
    if options.json:
        options.json.write_text(json.dumps(rounds, indent=1) + "\n", "utf-8")


def measure(settings: Settings, options: argparse.Namespace) -> list[Figures]:
    """Return the figures of each round."""
    portal, each = Portal(settings), options.documents
    jobs = portal.upload(_documents(options.corpus, each * (options.rounds + 1)))
    encoder = Encoder.load(settings.model, settings.model_folder, os.cpu_count())
    rounds = []
    with portal.running():
        # A worker loads the model with its first job; the bare encoder has it already.
        portal.work(jobs[:each])
        before = _bare(encoder, portal.passages(jobs[:each]))
        for begin in range(each, len(jobs), each):
            worked = portal.work(jobs[begin : begin + each])
            passages = portal.passages(jobs[begin : begin + each])
            after = _bare(encoder, passages)
            tokens = _tokens(encoder, passages)
            rounds.append(
                {"documents": each, "passages": len(passages), "tokens": tokens}
                | _rates("clock", tokens / worked.clock, before, after)
                | _rates("processor", tokens / worked.processor, before, after)
            )
            before = after
    return rounds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path, help="JSON lines with keys `title` and `text`")
    parser.add_argument("--documents", type=int, default=40, help="documents of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="of the worker")
    parser.add_argument("--threads", type=int, help="of the encoder in each, default one a core")
    parser.add_argument("--database-url", help="an empty PostgreSQL; default: SQLite")
    parser.add_argument("--model-folder", type=Path, help="folder of the built model, kept")
    parser.add_argument("--work", type=Path, help="folder for the data folder")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


def _documents(corpus: Path, count: int) -> list[str]:
    """Documents of a dozen texts each under their titles, repeated texts told apart by a number."""
    with corpus.open(encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    together = 12
    documents = []
    for number in range(count):
        chosen = [texts[(number * together + at) % len(texts)] for at in range(together)]
        parts = [f"# {each.get('title') or number}\n\n{each['text']}" for each in chosen]
        documents.append(f"{number}\n\n" + "\n\n".join(parts))
    return documents


class Portal:
    """A portal with one running case, whose leaver uploads documents."""

    def __init__(self, settings: Settings) -> None:
        """Prepare folder, database and case."""
        self.settings = settings
        (settings.data_folder / "run").mkdir(parents=True)
        upgrade(settings.database_url)
        self._jobs: list[Job] = []
        self.resources = Resources(settings, self._jobs.append)
        self._leaver, self._case = self._found()
        self._send = celery_sender(settings)
        self._processes: list[subprocess.Popen[bytes]] = []

    def _found(self) -> tuple[int, str]:
        with self.resources.write() as uow:
            session = uow.session

            leaver = models.Person(email="leaver@example.org", name="Leaver")
            place = models.Department(name="Company")
            session.add_all([leaver, place])
            session.flush()
            position = models.Position(name="Position", department_id=place.id)
            session.add(position)
            session.flush()
            blueprint = models.Blueprint(position_id=position.id, number=1)
            held = models.Assignment(
                person_id=leaver.id, position_id=position.id, starts_on=date(2020, 1, 1)
            )
            session.add_all([blueprint, held])
            session.flush()
            case = models.Handover(
                leaver_id=leaver.id,
                position_id=position.id,
                head_id=leaver.id,
                blueprint_id=blueprint.id,
                last_day=self.resources.today() + timedelta(days=30),
            )
            session.add(case)
            session.flush()
            return leaver.id, case.public_id

    def upload(self, documents: Sequence[str]) -> list[Job]:
        """Take documents in; the jobs that read them, not sent yet."""
        target, limit = uploads.ToHandover(self._case), self.settings.upload_limit_bytes
        for number, text in enumerate(documents):
            blob = uploads.store(self.resources, cast("BinaryIO", io.BytesIO(text.encode())), limit)
            with self.resources.write(self._leaver, "127.0.0.1") as uow:
                uploads.add(uow, target, uploads.Arrival(blob, f"{number}.md", None))
        return [job for job in self._jobs if job.name == "read_version"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Broker and worker, as processes of their own, while the block runs."""
        keys = ("data_folder", "database_url", "model_folder", "worker_processes")
        values = {environment_key(key): str(getattr(self.settings, key)) for key in keys}
        if self.settings.encoder_threads:
            values[environment_key("encoder_threads")] = str(self.settings.encoder_threads)
        environment = os.environ | values | {"PYTHONPATH": str(ROOT)}
        worker = [sys.executable, "-P", "-m", "portal.cli", "worker"]
        with (self.settings.data_folder / "log").open("wb") as log:
            try:
                for command in (server_command(self.settings), worker):
                    self._processes.append(
                        subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                    )
                    _wait(lambda: embedded_answers(self.settings))
                yield
            finally:
                for process in reversed(self._processes):
                    process.send_signal(signal.SIGTERM)
                    process.wait(60)

    def work(self, jobs: Sequence[Job]) -> Taken:
        """Send jobs and wait until what they read is findable. Raises RuntimeError if it is not."""
        wanted = [job.row_id for job in jobs]
        ended = select(func.count()).where(
            models.Reading.id.in_(wanted), models.Reading.finished_at.is_not(None)
        )

        def finished() -> bool:
            with self.resources.read() as uow:
                return uow.session.scalar(ended) == len(wanted)

        begin, processor = time.perf_counter(), self._processor()
        for job in jobs:
            self._send(job)
        _wait(finished)
        taken = Taken(time.perf_counter() - begin, self._processor() - processor)
        with self.resources.read() as uow:
            states = set(
                uow.session.scalars(
                    select(models.Reading.state).where(models.Reading.id.in_(wanted))
                )
            )
        if states != {ReadingState.FINDABLE}:
            raise RuntimeError(f"not all are findable: {states}")
        return taken

    def passages(self, jobs: Sequence[Job]) -> list[str]:
        """What was encoded of the documents of jobs."""
        with self.resources.read() as uow:
            readings = [job.row_id for job in jobs]
            return list(
                uow.session.scalars(
                    select(models.Passage.embedding_text)
                    .where(models.Passage.reading_id.in_(readings))
                    .order_by(models.Passage.id)
                )
            )

    def _processor(self) -> float:
        """Processor seconds of broker and worker with all their children, ended ones too."""
        return sum(_processor_of(process.pid) for process in self._processes)


def _processor_of(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
        listed = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        # It ended between the listing and the look.
        return 0.0
    # Own and of ended children: user and system time.
    own = sum(map(int, fields[11:15])) / TICKS
    return own + sum(_processor_of(int(child)) for child in listed)


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError("it takes too long")
        time.sleep(LOOK)


def _tokens(encoder: Encoder, passages: Sequence[str]) -> int:
    return sum(encoder.count_tokens(f"passage: {text}") + MARKS for text in passages)


def _bare(encoder: Encoder, passages: Sequence[str]) -> Taken:
    begin, processor = time.perf_counter(), time.process_time()
    encoder.encode_passages(passages)
    clock, spent = time.perf_counter() - begin, time.process_time() - processor
    return Taken(clock, spent, _tokens(encoder, passages))


def _rates(kind: str, worked: float, before: Taken, after: Taken) -> Figures:
    """Return tokens a second of both, and the ratio."""
    bare = statistics.mean(turn.tokens / getattr(turn, kind) for turn in (before, after))
    return {f"bare, {kind}": bare, f"portal, {kind}": worked, f"ratio, {kind}": worked / bare}


def table(rounds: Sequence[Figures]) -> str:
    """Return a Markdown table of the rounds and of their median ratio."""
    lines = [
        "| documents | passages | tokens | bare, tokens/s | portal | ratio "
        "| bare, tokens/s of processor time | portal | ratio |",
        "| ---: " * 9 + "|",
    ]
    for each in rounds:
        sizes = [f"{each[name]:,.0f}" for name in ("documents", "passages", "tokens")]
        rates = [
            f"{each[f'{who}, {kind}']:,.{2 if who == 'ratio' else 0}f}"
            for kind in ("clock", "processor")
            for who in ("bare", "portal", "ratio")
        ]
        lines.append(f"| {' | '.join(sizes + rates)} |")
    medians = {
        kind: statistics.median(each[f"ratio, {kind}"] for each in rounds)
        for kind in ("clock", "processor")
    }
    lines += [
        "",
        f"Median ratio {medians['clock']:.2f} by the clock, {medians['processor']:.2f} of "
        f"processor time; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
