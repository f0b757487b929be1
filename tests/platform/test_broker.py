"""The embedded broker: a real server, and a real worker that takes its messages."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.broker import (
    broker_problem,
    broker_url,
    embedded_answers,
    server_command,
    socket_path,
)
from portal.celery_app import make_celery
from portal.settings import Settings, SettingsError
from tests.platform.processes import alive, clean_environment, running, wait_for

# A worker like that of `handover worker`, with jobs of its own.
WORKER = """
import os, sys, time
from pathlib import Path
from portal.celery_app import make_celery
from portal.settings import Settings

app = make_celery(Settings.from_environment(os.environ))
app.conf.include = []
app.conf.beat_schedule = {}
FOLDER = Path(sys.argv[1])

@app.task(name="note")
def note(name):
    (FOLDER / name).write_text(str(os.getpid()))

@app.task(name="slow")
def slow(name):
    (FOLDER / f"{name}.begun").write_text(str(os.getpid()))
    time.sleep(1)
    note(name)

@app.task(name="for_ever")
def for_ever(name):
    with (FOLDER / f"{name}.begun").open("a") as file:
        print(os.getpid(), file=file, flush=True)
    if not (FOLDER / "stop").exists():
        time.sleep(600)

worker = app.Worker(loglevel="INFO", without_mingle=True, without_gossip=True, quiet=True)
worker.start()
sys.exit(worker.exitcode)
"""


def settings_in(folder: Path) -> Settings:
    (folder / "run").mkdir(parents=True, exist_ok=True)
    return Settings(data_folder=folder)


@contextlib.contextmanager
def broker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    output = settings.data_folder / "broker.log"
    with running(server_command(settings), output) as process:
        wait_for(lambda: embedded_answers(settings))
        yield process


@contextlib.contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WORKER, str(settings.data_folder)]
    environment = clean_environment({"HANDOVER_DATA_FOLDER": settings.data_folder})
    output = settings.data_folder / "worker.log"
    with running(command, output, environment) as process:
        wait_for(lambda: "ready" in output.read_text())
        yield process


@pytest.mark.parametrize(
    "name", ["plain", "数据 文件夹", "a#b%20c?d", "deep/" + "x" * 60 + "/" + "y" * 60]
)
def test_answers_on_its_socket_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    settings = settings_in(tmp_path / name)
    assert not embedded_answers(settings)
    assert broker_problem(settings) == "the embedded broker is not running"
    with broker(settings) as process:
        assert broker_problem(settings) is None
        celery = make_celery(settings)
        with celery.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1)
        celery.send_task("nothing")
        process.terminate()
        assert process.wait(10) == 0
    assert not embedded_answers(settings)


def test_only_its_owner_may_connect_and_nothing_is_kept(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with broker(settings):
        assert socket_path(settings).stat().st_mode & 0o077 == 0
        assert not list(tmp_path.rglob("*.rdb"))
        assert not list(tmp_path.rglob("*.aof"))


def test_starts_over_the_socket_file_of_a_killed_one(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with broker(settings) as process:
        process.kill()
        process.wait()
        assert socket_path(settings).exists()
        assert not embedded_answers(settings)
    with broker(settings):
        assert embedded_answers(settings)


def test_a_folder_somebody_else_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = Settings(data_folder=tmp_path / ("x" * 120))
    path = socket_path(settings)
    assert path.parent.parent == tmp_path
    path.parent.chmod(0o777)
    with pytest.raises(SettingsError, match="use a shorter path"):
        socket_path(settings)


@pytest.mark.parametrize(
    ("url", "problem"),
    [("redis://127.0.0.1:1/0", "refused"), ("amqp://guest@127.0.0.1:1//", "refused")],
)
def test_unreachable_broker_is_told_in_words(url: str, problem: str, tmp_path: Path) -> None:
    said = broker_problem(Settings(data_folder=tmp_path, broker_url=url))
    assert said is not None
    assert problem in said


def test_given_broker_is_used_as_it_is(tmp_path: Path) -> None:
    assert broker_url(Settings(broker_url="redis://b:6379/1")) == "redis://b:6379/1"


def test_configuration_keeps_its_promises(tmp_path: Path) -> None:
    conf = make_celery(Settings(data_folder=tmp_path, reconcile_seconds=7.0)).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_ignore_result
    assert list(conf.accept_content) == ["json"]
    assert conf.task_soft_time_limit < conf.task_time_limit
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit
    assert conf.beat_schedule["reconcile"]["schedule"].run_every.total_seconds() == 7.0
    assert Path(conf.beat_schedule_filename).is_relative_to(tmp_path)


def test_rabbitmq_gets_no_options_of_redis(tmp_path: Path) -> None:
    celery = make_celery(Settings(data_folder=tmp_path, broker_url="amqp://guest@127.0.0.1:1//"))
    assert celery.conf.broker_transport_options == {}


@pytest.mark.worker
def test_worker_does_jobs_after_the_fork_and_finishes_the_last_when_told_to_stop(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path)
    with broker(settings), worker(settings) as process:
        celery = make_celery(settings)
        celery.send_task("note", ["交接"])
        wait_for((tmp_path / "交接").exists)
        assert int((tmp_path / "交接").read_text()) != process.pid
        celery.send_task("slow", ["last"])
        wait_for((tmp_path / "last.begun").exists)
        process.terminate()
        assert process.wait(20) == 0
        assert (tmp_path / "last").exists()


@pytest.mark.worker
def test_job_of_a_killed_process_is_done_again_and_no_process_outlives_its_worker(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path)
    begun = tmp_path / "x.begun"
    with broker(settings), worker(settings) as process:
        make_celery(settings).send_task("for_ever", ["x"])
        first = int(wait_for(lambda: begun.exists() and begun.read_text()))
        os.kill(first, signal.SIGKILL)
        second = int(wait_for(lambda: begun.read_text().split()[1:])[0])
        assert second != first
        process.kill()
        process.wait()
        wait_for(lambda: not alive(second), 5)


@pytest.mark.worker
def test_worker_survives_a_restart_of_the_broker(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(broker(settings))
        stack.enter_context(worker(settings))
        first.kill()
        first.wait()
        stack.enter_context(broker(settings))
        make_celery(settings).send_task("note", ["after"])
        wait_for((tmp_path / "after").exists, 30)


CLOCK = """
import os
from portal.celery_app import make_celery
from portal.settings import Settings

app = make_celery(Settings.from_environment(os.environ))
app.conf.include = []
app.Beat(loglevel="DEBUG", quiet=True).run()
"""


def let_the_clock_strike(settings: Settings) -> None:
    """Run the clock until it has sent the order to reconcile."""
    environment = clean_environment(
        {
            "HANDOVER_DATA_FOLDER": settings.data_folder,
            "HANDOVER_RECONCILE_SECONDS": "0.5",
            "HANDOVER_LOG_LEVEL": "DEBUG",
        }
    )
    output = settings.data_folder / "beat.log"
    with running([sys.executable, "-c", CLOCK], output, environment) as process:
        wait_for(lambda: "portal.tasks.reconcile sent" in output.read_text())
        process.terminate()
        process.wait(10)


@pytest.mark.worker
@pytest.mark.parametrize("content", [b"", b"not a schedule", bytes(range(256)) * 16])
def test_clock_starts_over_a_damaged_schedule(tmp_path: Path, content: bytes) -> None:
    settings = settings_in(tmp_path)
    with broker(settings):
        let_the_clock_strike(settings)
        files = list((tmp_path / "run").glob("beat-schedule*"))
        assert files
        for file in files:
            file.write_bytes(content)
        let_the_clock_strike(settings)
