"""`handover sample` and what `handover up --demo` prints, as a person meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.cli.sample import SENTENCES, print_logins
from portal.database import upgrade
from portal.error_words import WORDS
from portal.resources import Resources
from portal.sample_company import PASSWORD, SampleCompany
from portal.services.accounts import PASSWORD_LENGTH
from portal.settings import Settings
from tests.company import found_company
from tests.conftest import Outbox
from tests.platform.processes import handover


@pytest.fixture
def prepared(tmp_path: Path) -> Settings:
    """A data folder with an empty database."""
    settings = Settings(data_folder=tmp_path / "data")
    settings.data_folder.mkdir()
    upgrade(settings.database_url)
    return settings


def run(settings: Settings, **more: object) -> tuple[int, str, str]:
    done = handover(
        "sample", cwd=settings.data_folder, HANDOVER_DATA_FOLDER=settings.data_folder, **more
    )
    return done.returncode, done.stdout, done.stderr


def test_it_fills_once_and_is_harmless_afterwards(prepared: Settings) -> None:
    room = {"HANDOVER_FREE_DISK_RESERVE_BYTES": "0"}
    status, out, err = run(prepared, **room)
    assert (status, err) == (0, "")
    assert out == "Sample    Sample Company: 13 people, 3 handovers, 23 files\n"
    assert run(prepared, **room) == (0, "", "")


def test_a_full_disk_is_one_sentence(prepared: Settings) -> None:
    status, _, err = run(prepared, HANDOVER_FREE_DISK_RESERVE_BYTES="1000TiB")
    assert (status, err) == (1, f"Error: {SENTENCES['disk_full']}\n")


def test_a_portal_with_people_is_refused_in_one_sentence(prepared: Settings) -> None:
    resources = Resources(prepared, Outbox())
    found_company(resources)
    resources.close()
    status, out, err = run(prepared)
    assert (status, out, err) == (1, "", f"Error: {SENTENCES['sample_not_empty']}\n")


def test_a_database_without_tables_is_one_sentence(tmp_path: Path) -> None:
    status, _, err = run(Settings(data_folder=tmp_path))
    assert status == 1
    assert len(err.splitlines()) == 1


def test_its_sentences_are_of_errors_there_are() -> None:
    assert SENTENCES.keys() <= WORDS.keys()


def test_logins_are_printed_with_what_they_show(
    capsys: pytest.CaptureFixture[str], sample: SampleCompany
) -> None:
    print_logins()
    printed = capsys.readouterr().out
    assert sample.notice.en in printed
    assert PASSWORD in printed
    for person in sample.people:
        assert (person.email in printed) is (person.shows is not None)
        if person.shows is not None:
            assert person.shows.en in printed


def test_the_password_is_one_the_portal_takes() -> None:
    assert len(PASSWORD) >= PASSWORD_LENGTH
