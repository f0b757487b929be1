"""`handover init`, `handover index` and the checks of `handover doctor` that look at data."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from portal.cli.check import Finding, State, database, index, model
from portal.cli.errors import sentence_for
from portal.cli.init import prepare
from portal.errors import NotReady
from portal.models import EmbeddingModel
from portal.resources import Resources
from portal.services import index_rows, reembedding
from portal.settings import Settings
from tests.platform.processes import handover
from tests.services.conftest import Desk


@pytest.fixture
def plain(tmp_path: Path, model_folder: Path) -> Settings:
    """Settings of a portal that was never started."""
    return Settings(data_folder=tmp_path / "data", model_folder=model_folder)


def run(settings: Settings, *arguments: str) -> str:
    done = handover(
        *arguments,
        cwd=settings.data_folder.parent,
        HANDOVER_DATA_FOLDER=settings.data_folder,
        HANDOVER_DATABASE_URL=settings.database_url,
        HANDOVER_MODEL_FOLDER=settings.model_folder,
        HANDOVER_ENCODER_THREADS=1,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def test_init_prepares_once_and_again(plain: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        prepare(plain)
        said = capsys.readouterr().out
        assert [line.split()[0] for line in said.splitlines()][:2] == ["Folder", "Database"]
        assert said.splitlines()[-1].startswith("Model")
    assert database(plain).state is State.OK
    assert model(plain).state is State.OK
    assert index(plain).state is State.OK


def test_init_hides_the_password(
    plain: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.database.upgrade", lambda url: None)
    prepare(replace(plain, database_url="postgresql+psycopg://me:hidden@host/name"))
    assert "hidden" not in capsys.readouterr().out


def test_commands_say_that_the_database_is_not_prepared(tmp_path: Path) -> None:
    done = handover("index", "status", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "Error: the database does not exist yet: `handover init` prepares it.\n"
    assert not list(tmp_path.rglob("*.sqlite"))


def test_the_commands(desk: Desk, case: str) -> None:
    from portal.services.uploads import ToHandover

    settings = desk.resources.settings
    for number in range(2):
        desk.upload("leaver", ToHandover(case), f"文件 {number}", f"{number}.txt")
    desk.work()
    status = json.loads(run(settings, "index", "status", "--json"))
    assert (status["readings"], status["passages"], status["waiting"]) == (2, 2, 2)
    assert status["model"] == desk.resources.encoder.identity
    assert run(settings, "index", "fold") == "Generation 1: 2 passages.\n"
    assert "2 passages of 2 versions" in run(settings, "index", "status")
    agree = "The index and the database agree; 2 passages were searched for.\n"
    assert run(settings, "index", "verify") == agree
    shutil.rmtree(settings.index_folder)
    assert "holds 2 passages" in run(settings, "index", "rebuild")
    assert json.loads(run(settings, "index", "verify", "--json"))["sound"] is True


def test_verify_ends_with_status_1(desk: Desk, case: str) -> None:
    from sqlalchemy import delete

    from portal.models import IndexLogEntry
    from portal.services.uploads import ToHandover

    desk.upload("leaver", ToHandover(case))
    desk.work()
    with desk.resources.write() as uow:
        uow.session.execute(delete(IndexLogEntry))
    settings = desk.resources.settings
    done = handover(
        "index",
        "verify",
        cwd=settings.data_folder,
        HANDOVER_DATA_FOLDER=settings.data_folder,
        HANDOVER_DATABASE_URL=settings.database_url,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("1 versions were read and are not findable.")
    assert index(settings).state is State.FAIL


class TestDoctor:
    def test_a_database_that_is_not_there_is_not_made(self, plain: Settings) -> None:
        for check in (database, index):
            assert check(plain).state is State.WARN
        assert not plain.data_folder.exists()

    def test_a_database_that_does_not_answer(self, plain: Settings) -> None:
        url = "postgresql+psycopg://me:hidden@127.0.0.1:1/name"
        found = database(replace(plain, database_url=url))
        assert found.state is State.FAIL
        assert "hidden" not in found.text

    def test_a_database_of_somebody_else(self, plain: Settings) -> None:
        import sqlite3

        plain.data_folder.mkdir()
        path = plain.data_folder / "portal.sqlite"
        for statement, words in (
            ("CREATE TABLE other (id)", "is empty"),
            ("CREATE TABLE alembic_version (version_num)", "is empty"),
            ("INSERT INTO alembic_version VALUES ('9999')", "schema 9999"),
        ):
            connection = sqlite3.connect(path)
            connection.execute(statement)
            connection.commit()
            connection.close()
            found = database(plain)
            assert found.state is State.WARN
            assert words in found.text

    def test_models(self, plain: Settings, tmp_path: Path) -> None:
        missing = model(replace(plain, model_folder=tmp_path / "none"))
        assert (missing.state, "handover init" in missing.advice) == (State.WARN, True)
        assert not (tmp_path / "none").exists()
        assert model(replace(plain, model=str(tmp_path))).state is State.OK
        assert model(replace(plain, model="BAAI/bge-m3")).state is State.WARN

    def test_an_index_of_another_model(self, desk: Desk) -> None:
        with desk.resources.write() as uow:
            uow.session.add(EmbeddingModel(identity="another", dimension=4, active=True))
        found = index(desk.resources.settings)
        assert found.state is State.WARN
        assert "rebuild" in found.advice
        with desk.resources.write() as uow:
            wanted = EmbeddingModel(identity="new", dimension=4, wanted_since=uow.resources.clock())
            uow.session.add(wanted)
        assert index(desk.resources.settings).text.endswith("changing to new: 0 of 0 passages")

    def test_a_damaged_index(self, desk: Desk, case: str) -> None:
        from portal.services.uploads import ToHandover

        desk.upload("leaver", ToHandover(case))
        desk.work()
        settings = desk.resources.settings
        assert index(settings) == Finding("index", State.OK, "1 passages of 1 versions")
        index_rows.fold(desk.resources)
        for path in settings.index_folder.rglob("*.npy"):
            path.chmod(0o644)
            path.write_bytes(b"x")
        found = index(settings)
        assert (found.state, "fold" in found.advice) == (State.WARN, True)


def test_errors_of_model_and_index_have_sentences(plain: Settings, tmp_path: Path) -> None:
    from indexing.model_unavailable import ModelUnavailable

    reasons = ("package_missing", "package_unknown", "folder_unusable", "not_loadable")
    for reason in reasons:
        assert "cannot be used (why)" in str(sentence_for(ModelUnavailable("m", reason, "why")))
    assert "handover index fold" in str(sentence_for(NotReady("index_mismatch")))
    made = Resources(replace(plain, model=str(tmp_path / "none")), lambda job: None)
    with pytest.raises(NotReady) as caught:
        reembedding.rebuild(made)
    assert "none" in str(sentence_for(caught.value))
