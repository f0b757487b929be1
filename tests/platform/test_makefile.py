"""`make` before anything is installed: what a person with a fresh checkout meets first."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(
    folder: Path, *arguments: str, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    program = shutil.which("make")
    assert program is not None
    environment = {"PATH": path or os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("target", ["run", "test"])
def test_old_python_is_one_sentence_before_anything_is_made(tmp_path: Path, target: str) -> None:
    old = script(tmp_path / "python3.9", '[ "$1" = --version ] && echo "Python 3.9.2" || exit 1')
    done = make(tmp_path, target, f"PYTHON={old}")
    assert done.returncode == 2
    assert f"Python 3.11 or newer is needed; {old} is Python 3.9.2." in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_python_at_all_is_one_sentence(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "sed", "expand"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    done = make(tmp_path, "run", path=str(tools))
    assert done.returncode == 2
    assert "Python 3.11 or newer is needed and none was found." in done.stderr


def test_python_without_venv_names_the_package(tmp_path: Path) -> None:
    bare = script(tmp_path / "python3", '[ "$1" = -c ] || exit 1')
    done = make(tmp_path, "run", f"PYTHON={bare}")
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_second_run_skips_pip(tmp_path: Path) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    log = tmp_path / "calls"
    script(binaries / "python", f'echo "python $*" >> {log}')
    script(binaries / "handover", f'echo "handover $*" >> {log}')
    assert make(tmp_path, "run").returncode == 0
    first = log.read_text()
    assert "pip install" in first
    assert "-c constraints.txt" in first
    log.unlink()
    again = subprocess.run(["make", "run"], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0
    assert log.read_text() == "handover up --demo\n"


def test_interrupted_installation_is_taken_up_again(tmp_path: Path) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    script(binaries / "python", "exit 1")
    for _ in range(2):
        done = make(tmp_path, "run")
        assert done.returncode == 2
        assert not (tmp_path / ".venv" / ".ready").exists()


def test_help_lists_the_targets(tmp_path: Path) -> None:
    done = make(tmp_path, "help")
    for target in ("run", "test", "bench", "screenshots"):
        assert f"make {target} " in done.stdout


def test_check_script_is_sound() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert subprocess.run(["bash", "-n", str(run)]).returncode == 0
    assert run.read_text().rstrip().endswith("exec make test")
