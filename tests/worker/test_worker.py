"""A real broker, a real worker, a real clock: what a person uploads becomes findable, once.

Eager tasks would hide what these tests are for: messages lost, delivered twice, or acknowledged by
a process that was killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select

from indexing.encoder import Encoder
from portal.broker import embedded_answers, server_command, socket_path
from portal.jobs import celery_sender
from portal.models import Embedding, Event, IndexLogEntry, ReadingState
from portal.resources import Resources
from portal.services.uploads import ToHandover
from portal.settings import Settings, environment_key
from tests.company import Company, found_company
from tests.conftest import Outbox
from tests.platform.processes import HANDOVER, clean_environment, running, wait_for
from tests.services.conftest import Desk

pytestmark = [pytest.mark.worker, pytest.mark.timeout(240)]

LEASE_SECONDS = 3.0
# Comments a reader has to walk through without finding a word: seconds of reading, little to embed.
SLOW_TO_READ = "<html><body><p>客户沟通记录</p>" + "<!-- 无 --><b></b>" * 250_000 + "</body></html>"
# Some hundred passages: seconds of embedding in several chunks.
SLOW_TO_EMBED = "\n\n".join(
    f"# 第{number}章\n\n" + f"第{number}个客户的沟通记录与订单说明。" * 8 for number in range(160)
)


@dataclass
class Machine:
    """One portal on one machine, part by part."""

    settings: Settings
    desk: Desk
    case: str
    parts: contextlib.ExitStack

    def start(self, name: str) -> int:
        """Start a part of the portal; its process id."""
        output = self.settings.data_folder / f"{name}.log"
        environment = clean_environment(
            {
                environment_key(key): getattr(self.settings, key)
                for key in (
                    "data_folder",
                    "database_url",
                    "model_folder",
                    "lease_seconds",
                    "reconcile_seconds",
                    "encoder_threads",
                )
            }
        )
        command = [*HANDOVER, name] if name != "broker" else server_command(self.settings)
        process = self.parts.enter_context(running(command, output, environment))
        if name == "broker":
            wait_for(lambda: embedded_answers(self.settings))
        if name == "worker":
            wait_for(lambda: " ready" in output.read_text(), 60)
        return process.pid

    def log(self, name: str) -> str:
        return (self.settings.data_folder / f"{name}.log").read_text()

    def upload(self, content: str, filename: str) -> str:
        return self.desk.upload("leaver", ToHandover(self.case), content, filename)

    def state(self, version: str) -> ReadingState:
        return self.desk.reading(version).state

    def vectors(self) -> int:
        with self.desk.resources.read() as uow:
            return uow.session.scalar(select(func.count()).select_from(Embedding)) or 0

    def wait_until_findable(self, version: str) -> None:
        def ended() -> bool:
            return self.desk.reading(version).finished

        try:
            wait_for(ended, 120)
        except AssertionError:
            print(self.log("worker"))
            raise
        reading = self.desk.reading(version)
        assert reading.state is ReadingState.FINDABLE, reading.reason

    def assert_once(self, readings: int) -> None:
        """Each reading is in the log and in the index once, and was told of once."""
        with self.desk.resources.read() as uow:
            entries = uow.session.scalars(select(IndexLogEntry.reading_id)).all()
            told = select(func.count()).select_from(Event).where(Event.kind == "version_read")
            assert uow.session.scalar(told) == readings
        assert len(entries) == len(set(entries)) == readings
        # `found` itself checks that no passage comes twice.
        assert self.desk.found("沟通记录")


@pytest.fixture
def machine(settings: Settings, encoder: Encoder, outbox: Outbox) -> Iterator[Machine]:
    settings = replace(settings, lease_seconds=LEASE_SECONDS, reconcile_seconds=0.5)
    (settings.data_folder / "run").mkdir(parents=True)
    resources = Resources(settings, celery_sender(settings))
    resources._encoder = encoder
    company: Company = found_company(resources)
    with contextlib.ExitStack() as parts:
        yield Machine(settings, Desk(company, outbox), company.handover(), parts)
    resources.close()


def kill(pid: int) -> None:
    """End the worker with all its processes, as a power cut would."""
    os.killpg(pid, signal.SIGKILL)


@pytest.mark.parametrize("moment", ["reading", "embedding"])
def test_a_worker_killed_in_the_middle(machine: Machine, moment: str) -> None:
    machine.start("broker")
    worker = machine.start("worker")
    if moment == "reading":
        version = machine.upload(SLOW_TO_READ, "slow.html")
        wait_for(lambda: machine.state(version) is ReadingState.READING, 60)
    else:
        version = machine.upload(SLOW_TO_EMBED, "slow.md")
        wait_for(lambda: machine.vectors() > 0, 60)
    kill(worker)
    reading = machine.desk.reading(version)
    assert reading.state == moment
    done = machine.vectors()
    machine.start("worker")
    machine.start("beat")
    machine.wait_until_findable(version)
    machine.assert_once(1)
    assert machine.desk.reading(version).attempts == 2
    assert machine.vectors() >= done


def test_one_process_of_a_worker_killed(machine: Machine) -> None:
    machine.start("broker")
    worker = machine.start("worker")
    machine.start("beat")
    version = machine.upload(SLOW_TO_EMBED, "slow.md")
    wait_for(lambda: machine.vectors() > 0, 60)
    (child,) = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    machine.wait_until_findable(version)
    machine.assert_once(1)


def test_jobs_that_were_lost_and_one_that_was_not(machine: Machine) -> None:
    """One could not be sent, the broker forgot the others, and the last one simply arrives."""
    versions = [machine.upload("客户沟通记录 0", "0.txt")]
    machine.start("broker")
    versions += [machine.upload(f"客户沟通记录 {number}", f"{number}.txt") for number in (1, 2)]
    with redis.Redis(unix_socket_path=str(socket_path(machine.settings))) as connection:
        assert connection.dbsize() > 0
        connection.flushall()
    machine.start("worker")
    clock = machine.start("beat")
    for version in versions:
        machine.wait_until_findable(version)
    # Without the clock nobody reconciles: the job itself has to arrive.
    kill(clock)
    last = machine.upload("客户沟通记录 3", "3.txt")
    machine.wait_until_findable(last)
    machine.assert_once(4)
    assert machine.desk.reading(last).attempts == 1
