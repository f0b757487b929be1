"""`handover user`: the first administrator, new passwords, the list; in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.database import upgrade
from portal.models import Person, Role
from portal.resources import Resources
from portal.services import accounts, people
from portal.settings import Settings
from tests.conftest import Outbox
from tests.platform.processes import HANDOVER, clean_environment

MADE_UP = re.compile(r"^Password  (([a-z2-9]{4}-){3}[a-z2-9]{4})$", re.M)
GIVEN = "a password of her own"


@pytest.fixture
def resources(tmp_path: Path) -> Iterator[Resources]:
    """A portal with an empty database, as `handover init` leaves it."""
    settings = Settings(data_folder=tmp_path / "data")
    settings.data_folder.mkdir()
    upgrade(settings.database_url)
    made = Resources(settings, Outbox())
    yield made
    made.close()


def run(folder: Path, *arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*HANDOVER, "user", *arguments],
        input=typed,
        capture_output=True,
        env=clean_environment({"HANDOVER_DATA_FOLDER": folder}),
        timeout=90,
    )


def done(resources: Resources, *arguments: str, typed: bytes = b"") -> str:
    """Run it and expect it to succeed; what it printed."""
    answer = run(resources.settings.data_folder, *arguments, typed=typed)
    assert (answer.returncode, answer.stderr) == (0, b""), answer.stderr.decode()
    return answer.stdout.decode()


def refused(resources: Resources, *arguments: str, typed: bytes = b"") -> str:
    """Run it and expect one sentence."""
    answer = run(resources.settings.data_folder, *arguments, typed=typed)
    assert (answer.returncode, answer.stdout) == (1, b"")
    (sentence,) = answer.stderr.decode().splitlines()
    return sentence.removeprefix("Error: ")


def signs_in(resources: Resources, email: str, password: str) -> Person | None:
    with resources.write() as uow:
        return accounts.sign_in(uow, email, password)


def test_the_first_person_is_an_administrator_and_the_next_one_is_not(
    resources: Resources,
) -> None:
    said = done(resources, "create", "Ada@company.example", "--name", "Ada Admin")
    assert "Person    Ada Admin <ada@company.example>\nRoles     administrator\n" in said
    found = MADE_UP.search(said)
    assert found is not None
    person = signs_in(resources, "ada@company.example", found[1])
    assert person is not None
    assert person.roles == {Role.ADMINISTRATOR}
    said = done(resources, "create", "nora@company.example", "--name", "Nora")
    assert "Roles     employee\n" in said


def test_roles_and_a_password_from_standard_input(resources: Resources) -> None:
    said = done(
        resources, "create", "hr@company.example", "--name", "何", "--role", "hr", "--role",
        "auditor", "--language", "zh_CN", "--password-stdin", typed=f"{GIVEN}\nrest".encode(),
    )  # fmt: skip
    assert GIVEN not in said
    assert "Password" not in said
    person = signs_in(resources, "hr@company.example", GIVEN)
    assert person is not None
    assert (person.roles, person.language) == ({Role.HR, Role.AUDITOR}, "zh_CN")


def test_a_new_password_replaces_the_old_one(resources: Resources) -> None:
    done(resources, "create", "a@b.example", "--name", "A", "--password-stdin", typed=b"x" * 12)
    found = MADE_UP.search(done(resources, "password", "A@B.example"))
    assert found is not None
    assert signs_in(resources, "a@b.example", "x" * 12) is None
    assert signs_in(resources, "a@b.example", found[1]) is not None


def test_what_cannot_be_is_one_sentence_and_changes_nothing(resources: Resources) -> None:
    done(resources, "create", "a@b.example", "--name", "A")
    name = ("--name", "B")
    pipe = "--password-stdin"
    assert "already a person" in refused(resources, "create", "A@b.example", *name)
    assert "not an e-mail address" in refused(resources, "create", "b", *name)
    assert "fill this in" in refused(resources, "create", "b@b.example", "--name", " ")
    short = refused(resources, "create", "b@b.example", *name, pipe, typed=b"short\n")
    assert "at least 10 characters" in short
    assert "at least 10" in refused(resources, "create", "b@b.example", *name, pipe)
    assert "not UTF-8" in refused(resources, "create", "b@b.example", *name, pipe, typed=b"\xff\n")
    assert refused(resources, "password", "b@b.example") == "nobody has the address b@b.example."
    with resources.read() as uow:
        assert [person.email for person in people.everybody(uow)] == ["a@b.example"]


def test_misuse_ends_with_status_2(resources: Resources) -> None:
    for arguments in (
        ("create",),
        ("create", "a@b.example", "--name", "A", "--role", "king"),
        ("create", "a@b.example", "--name", "A", "--language", "xx"),
        ("create", "a@b.example", "--name", "A", "--ask", "--password-stdin"),
        ("delete", "a@b.example"),
    ):
        assert run(resources.settings.data_folder, *arguments).returncode == 2, arguments


def test_the_list_names_everybody(resources: Resources) -> None:
    assert done(resources, "list") == ""
    assert json.loads(done(resources, "list", "--json")) == []
    done(resources, "create", "ada@company.example", "--name", "Ada")
    with resources.write() as uow:
        uow.session.add(Person(name="何", email="he@company.example"))
        uow.session.add(Person(name="Off", email="off@company.example", active=False))
    assert done(resources, "list").splitlines() == [
        "ada@company.example  Ada (administrator)",
        "he@company.example   何 (no password yet)",
        "off@company.example  Off (switched off)",
    ]
    rows = json.loads(done(resources, "list", "--json"))
    assert rows[0] == {
        "email": "ada@company.example",
        "name": "Ada",
        "roles": ["administrator"],
        "active": True,
        "has_password": True,
    }
    assert "switched off" in done(resources, "password", "off@company.example")


def test_without_a_database_it_says_what_makes_one(tmp_path: Path) -> None:
    answer = run(tmp_path / "data", "create", "a@b.example", "--name", "A")
    assert answer.returncode == 1
    assert b"`handover init` prepares it" in answer.stderr
    assert not list(tmp_path.iterdir())
