from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexing.extraction import packed_archive
from portal.cli.check import CHECKS, State, archives, broker, disk, folders, libreoffice, python
from portal.settings import Settings
from tests.platform.processes import handover


def test_every_check_names_itself_and_advises_when_not_ok(tmp_path: Path) -> None:
    for check in CHECKS:
        finding = check(Settings(data_folder=tmp_path / "data"))
        assert finding.name
        assert finding.text
        assert finding.advice or finding.state is State.OK


def test_python_is_fine_here(tmp_path: Path) -> None:
    assert python(Settings(data_folder=tmp_path)).state is State.OK


def test_folders(tmp_path: Path) -> None:
    assert folders(Settings(data_folder=tmp_path)).state is State.OK
    assert not list(tmp_path.iterdir())
    missing = folders(Settings(data_folder=tmp_path / "not" / "yet"))
    assert missing.state is State.WARN
    assert "handover init" in missing.advice
    (tmp_path / "file").write_text("")
    for name in ("index_folder", "model_folder", "blob_store"):
        place = tmp_path / "file" / "x"
        value = str(place) if name == "blob_store" else place
        bad = folders(Settings(data_folder=tmp_path, **{name: value}))  # type: ignore[arg-type]
        assert bad.state is State.FAIL, name
        assert str(place) in bad.text
    assert folders(Settings(data_folder=tmp_path, blob_store="s3://b/p")).state is State.OK


@pytest.mark.parametrize(
    ("reserve", "state"), [(0, State.OK), (10**30, State.FAIL)], ids=["room", "no room"]
)
def test_disk(tmp_path: Path, reserve: int, state: State) -> None:
    assert disk(Settings(data_folder=tmp_path, free_disk_reserve_bytes=reserve)).state is state


def test_broker(tmp_path: Path) -> None:
    embedded = broker(Settings(data_folder=tmp_path))
    assert (embedded.state, embedded.advice) == (State.WARN, "`handover up` starts it.")
    given = broker(Settings(data_folder=tmp_path, broker_url="redis://127.0.0.1:1/0"))
    assert given.state is State.FAIL
    assert "HANDOVER_BROKER_URL" in given.advice


def test_libreoffice_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert libreoffice(Settings(data_folder=tmp_path)).state is State.WARN
    program = tmp_path / "soffice"
    program.write_text("")
    program.chmod(0o755)
    found = libreoffice(Settings(data_folder=tmp_path))
    assert (found.state, found.text.startswith(str(program))) == (State.OK, True)


@pytest.mark.parametrize(("there", "state"), [(True, State.OK), (False, State.WARN)])
def test_libarchive_is_optional(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, state: State
) -> None:
    monkeypatch.setattr(packed_archive, "is_installed", lambda: there)
    found = archives(Settings(data_folder=tmp_path))
    assert found.state is state
    assert ("libarchive13" in found.advice) == (not there)


def test_status_and_json(tmp_path: Path) -> None:
    done = handover("doctor", "--json", cwd=tmp_path, HANDOVER_FREE_DISK_RESERVE_BYTES="9999TiB")
    assert done.returncode == 1
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert findings["disk"]["state"] == "fail"
    assert set(findings["disk"]) == {"name", "state", "text", "advice"}
    assert not list(tmp_path.iterdir())


def test_lines_for_a_person(tmp_path: Path) -> None:
    done = handover("doctor", cwd=tmp_path)
    assert "OK    python" in done.stdout
    assert "WARN  broker" in done.stdout
    assert done.stderr == ""
