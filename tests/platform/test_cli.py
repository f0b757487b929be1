"""The console command as a person meets it: in a process of its own, warnings as errors."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from tests.platform.processes import handover

# The first ones stand in the order in which a newcomer needs them.
COMMANDS = ["up", "init", "user", "doctor"]
PARTS = ["settings", "web", "worker", "beat", "index", "search", "evaluate", "extract"]


def test_help_lists_every_command_with_a_line(tmp_path: Path) -> None:
    done = handover("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    listed = re.findall(r"^  (\w+)  +\S.{10,}", done.stdout.partition("Commands:")[2], re.M)
    assert listed[: len(COMMANDS)] == COMMANDS
    assert set(PARTS) <= set(listed)


@pytest.mark.parametrize("command", [*COMMANDS, *PARTS])
def test_help_of_each_command_explains_it(tmp_path: Path, command: str) -> None:
    done = handover(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout) > 150
    assert done.stderr == ""


def test_help_writes_nothing(tmp_path: Path) -> None:
    handover("up", "--help", cwd=tmp_path)
    assert not list(tmp_path.iterdir())


MISUSE = [
    (["fly"], "No such command 'fly'"),
    (["up", "--fast"], "No such option"),
    (["worker", "--processes", "0"], "not in the range"),
    (["worker", "--processes", "many"], "not a valid integer"),
    (["settings", "extra"], "unexpected extra argument"),
]


@pytest.mark.parametrize(("arguments", "said"), MISUSE)
def test_misuse_ends_with_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = handover(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def assert_one_sentence(done: object, *parts: str) -> None:
    stderr = str(getattr(done, "stderr", ""))
    assert getattr(done, "returncode", 0) == 1, stderr
    assert len(stderr.splitlines()) == 1, stderr
    assert stderr.startswith("Error: ")
    for part in parts:
        assert part in stderr


@pytest.mark.parametrize("command", ["up", "init", "web", "worker", "beat", "settings"])
def test_bad_setting_stops_every_command(tmp_path: Path, command: str) -> None:
    done = handover(command, cwd=tmp_path, HANDOVER_LISTEN_PORT="http")
    assert_one_sentence(done, "HANDOVER_LISTEN_PORT: the value must be a whole number")
    done = handover(command, cwd=tmp_path, HANDOVER_PORT="1")
    assert_one_sentence(done, "HANDOVER_PORT: there is no such setting")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["up", "web"])
def test_busy_port_names_the_port_and_the_setting(tmp_path: Path, command: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = handover(command, cwd=tmp_path, HANDOVER_LISTEN_PORT=port)
    assert_one_sentence(done, f"port {port} on 127.0.0.1 is in use", "HANDOVER_LISTEN_PORT")


def test_host_of_another_machine_is_told(tmp_path: Path) -> None:
    done = handover("web", cwd=tmp_path, HANDOVER_LISTEN_HOST="192.0.2.1")
    assert_one_sentence(done, "cannot listen on 192.0.2.1", "HANDOVER_LISTEN_HOST")


@pytest.mark.parametrize("command", ["up", "init"])
def test_data_folder_that_cannot_be_made_is_told(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    done = handover(command, cwd=tmp_path, HANDOVER_DATA_FOLDER=folder)
    assert_one_sentence(done, str(folder), "cannot be used")


@pytest.mark.parametrize("command", ["up", "init"])
def test_full_disk_is_told(tmp_path: Path, command: str) -> None:
    # /dev/full refuses every write, as a full disk does; the probe file is a link to it.
    run = tmp_path / "data"
    run.mkdir()
    wrapper = tmp_path / "sitecustomize.py"
    wrapper.write_text(
        "import os, pathlib\n"
        f"pathlib.Path({str(run)!r}, f'.writable.{{os.getpid()}}').symlink_to('/dev/full')\n"
    )
    done = handover(command, cwd=tmp_path, PYTHONPATH=tmp_path, HANDOVER_DATA_FOLDER=run)
    assert_one_sentence(done, str(run), "No space left on device")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert_one_sentence(handover("init", cwd=tmp_path), "cannot be used: Permission denied")


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_worker_without_broker_says_what_starts_it(tmp_path: Path, command: str) -> None:
    done = handover(command, cwd=tmp_path)
    assert_one_sentence(done, "the embedded broker is not running", "handover up")


def test_settings_shows_values_and_marks_those_set(tmp_path: Path) -> None:
    done = handover("settings", cwd=tmp_path, HANDOVER_BROKER_URL="redis://:pw1@b/0")
    assert done.returncode == 0
    assert "* HANDOVER_BROKER_URL = redis://:***@b/0" in done.stdout
    assert f"  HANDOVER_DATA_FOLDER = {tmp_path / 'data'}" in done.stdout
    assert not list(tmp_path.iterdir())


def test_terminal_that_cannot_show_chinese_is_no_error(tmp_path: Path) -> None:
    done = handover("--help", cwd=tmp_path, PYTHONIOENCODING="iso8859-1")
    assert done.returncode == 0
    assert "\\u4ea4" in done.stdout
