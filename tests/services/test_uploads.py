"""Uploads: who, in which state, what file; and what is left after each refusal and each kill."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from sqlalchemy import func, select

from portal.errors import FileRefused, Forbidden, NotFound, NotReady, PortalError, Refused
from portal.models import (
    Blob,
    Document,
    Event,
    Handover,
    HandoverState,
    Item,
    ItemState,
    Reading,
    Version,
)
from portal.services import items, uploads
from portal.services.filenames import NAME_BYTES, clean_filename, extension, stem
from portal.services.uploads import Arrival, ToDocument, ToHandover, ToItem
from tests.company import Company
from tests.platform.processes import wait_for
from tests.services.conftest import Desk


def counts(desk: Desk) -> dict[str, int]:
    """How many rows of each kind, and files in the store, there are."""
    with desk.resources.read() as uow:
        found = {
            table.__name__: uow.session.scalar(select(func.count()).select_from(table))
            for table in (Document, Version, Blob, Reading)
        }
    return {**found, "files": len(list(desk.resources.store.digests()))}


NOTHING = {"Document": 0, "Version": 0, "Blob": 0, "Reading": 0, "files": 0}


def test_an_upload_is_a_document_a_draft_a_reading_a_job_and_an_event(
    desk: Desk, item: str
) -> None:
    version_id = desk.upload("leaver", ToItem(item), "内容", "客户 档案.docx", "t1")
    with desk.resources.read() as uow:
        version = uow.session.scalars(select(Version)).one()
        assert version.public_id == version_id
        assert (version.number, version.filename, version.sealed) == (1, "客户 档案.docx", False)
        assert version.document.title == "客户 档案"
        assert version.document.owner_id == desk.company.leaver.id
        assert version.document.item is not None
        assert version.document.item.public_id == item
        assert version.blob.size == len("内容".encode())
    reading = desk.reading(version_id)
    assert desk.outbox.named("read_version") == [reading.id]
    (event,) = desk.events("document_added")
    assert event.subject == version_id
    assert event.actor_id == desk.company.leaver.id
    assert event.address == "203.0.113.7"
    assert event.facts["filename"] == "客户 档案.docx"
    assert event.facts["item"] == "客户档案"


def test_the_job_leaves_after_the_commit(desk: Desk, item: str) -> None:
    blob = desk.store(b"one")
    with desk.company.acting("leaver") as uow:
        uploads.add(uow, ToItem(item), Arrival(blob, "a.txt", None))
        assert desk.outbox.jobs == []
    assert len(desk.outbox.jobs) == 1


def test_a_transaction_that_fails_sends_nothing(desk: Desk, item: str) -> None:
    blob = desk.store(b"one")

    def fail_at_the_end() -> None:
        with desk.company.acting("leaver") as uow:
            uploads.add(uow, ToItem(item), Arrival(blob, "a.txt", None))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    assert desk.outbox.jobs == []
    assert counts(desk)["Version"] == 0


def test_a_broker_that_is_away_loses_no_upload(desk: Desk, item: str) -> None:
    from portal.unit_of_work import SendFailed

    desk.outbox.broken = SendFailed("away")
    version = desk.upload("leaver", ToItem(item))
    assert desk.reading(version).lease_until is not None


def test_what_the_caller_shows_can_be_shown_after_the_transaction(desk: Desk, case: str) -> None:
    blob = desk.store(b"one")
    for token in ("t", "t"):
        with desk.company.acting("leaver") as uow:
            version = uploads.add(uow, ToHandover(case), Arrival(blob, "a.txt", token))
        assert version.document.handover.public_id == case
        assert version.blob.size == 3
    with desk.company.acting("leaver") as uow:
        target = ToDocument(version.document.public_id)
        version = uploads.add(uow, target, Arrival(desk.store(b"two"), "a.txt", None))
    assert version.document.handover.public_id == case
    assert version.number == 2


def test_a_repeated_token_gives_the_first_version(desk: Desk, case: str, item: str) -> None:
    first = desk.upload("leaver", ToItem(item), "one", "a.txt", "t1")
    assert desk.upload("leaver", ToItem(item), "one", "a.txt", "t1") == first
    # Also when the place takes no files any more: the file is in, which is what was asked.
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    with desk.company.acting("leaver") as uow:
        blob = desk.store(b"one")
        assert uploads.add(uow, ToItem(item), Arrival(blob, "a.txt", "t1")).public_id == first
    assert counts(desk) == {"Document": 1, "Version": 1, "Blob": 1, "Reading": 1, "files": 1}


def test_the_same_token_of_somebody_else_is_another_file(desk: Desk, case: str, item: str) -> None:
    desk.upload("leaver", ToItem(item), "one", token="t1")
    desk.upload("receiver", ToItem(desk.company.item(case, "intro")), "one", token="t1")
    assert counts(desk) == {"Document": 2, "Version": 2, "Blob": 1, "Reading": 2, "files": 1}


@pytest.mark.parametrize("token", ["", "x" * 5000, "\0", "令牌" * 300, "\ud800"])
def test_any_token_is_taken(desk: Desk, item: str, token: str) -> None:
    desk.upload("leaver", ToItem(item), token=token)
    assert counts(desk)["Version"] == 1


def test_the_same_bytes_again(desk: Desk, item: str, case: str) -> None:
    version = desk.upload("leaver", ToItem(item), "one", "a.txt")
    document = desk.document(version)
    for target, filename in (
        (ToDocument(document), "b.txt"),
        (ToItem(item), "a.txt"),
    ):
        with pytest.raises(Refused) as caught:
            desk.upload("leaver", target, "one", filename)
        assert caught.value.code == "same_version"
        assert caught.value.facts == {"number": 1}
    # Another name in the same place, or another place, is meant.
    desk.upload("leaver", ToItem(item), "one", "copy.txt")
    desk.upload("leaver", ToHandover(case), "one", "a.txt")
    desk.upload("leaver", ToDocument(document), "two", "a.txt")
    # Back to what it was before the last version is a change, too.
    desk.upload("leaver", ToDocument(document), "one", "a.txt")
    assert counts(desk)["Blob"] == 2


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "file_empty"),
    "one byte too large": (b"x" * (8 * 2**20 + 1), "file_too_large"),
    "windows program": (b"MZ\x90\0" + b"\0" * 100, "file_type_refused"),
    "linux program": (b"\x7fELF\x02\x01\x01", "file_type_refused"),
    "mac program": (b"\xcf\xfa\xed\xfe\x07\0\0\1", "file_type_refused"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_not_taken(desk: Desk, item: str, name: str) -> None:
    content, code = BAD[name]
    with pytest.raises(FileRefused) as caught:
        desk.upload("leaver", ToItem(item), content)
    assert caught.value.code == code
    assert counts(desk) == NOTHING


@pytest.mark.parametrize(
    "content", [b"x", b"MZ is how this text begins", b"\0", b"x" * (8 * 2**20), b"#!/bin/sh\n"]
)
def test_files_that_are_taken(desk: Desk, item: str, content: bytes) -> None:
    desk.upload("leaver", ToItem(item), content)
    with desk.resources.read() as uow:
        digest = uow.session.scalars(select(Blob.digest)).one()
    with desk.resources.store.open(digest) as file:
        assert file.read() == content


class Broken(io.RawIOBase):
    """A line that ends in the middle of a file."""

    def __init__(self, error: Exception, after: int) -> None:
        self.error, self.left = error, after

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            raise self.error
        self.left -= 1
        return b"x" * min(size, 1024)


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_line_that_breaks_leaves_nothing(desk: Desk, after: int) -> None:
    stream = cast("BinaryIO", Broken(ConnectionResetError(), after))
    with pytest.raises(FileRefused) as caught:
        uploads.store(desk.resources, stream, desk.limit)
    assert caught.value.code == "file_cut_off"
    other = cast("BinaryIO", Broken(KeyError("the server's own"), after))
    with pytest.raises(KeyError):
        uploads.store(desk.resources, other, desk.limit)
    assert counts(desk) == NOTHING
    assert not list(desk.resources.settings.data_folder.rglob("temporary/*"))


def test_a_full_disk_and_a_store_that_is_away(desk: Desk, tmp_path: Path) -> None:
    from dataclasses import replace

    from portal.resources import Resources

    def storing(**changed: object) -> PortalError:
        settings = replace(desk.resources.settings, **changed)  # type: ignore[arg-type]
        made = Resources(settings, desk.outbox)
        with pytest.raises(PortalError) as caught:
            uploads.store(made, cast("BinaryIO", io.BytesIO(b"one")), 100)
        return caught.value

    assert storing(free_disk_reserve_bytes=2**60).code == "disk_full"
    (tmp_path / "file").write_text("in the way")
    unreachable = storing(blob_store=str(tmp_path / "file" / "blobs"))
    assert isinstance(unreachable, NotReady)
    assert unreachable.code == "store_unavailable"


# Who may put a file where: the error for everybody who is not named is the first one.
WHERE: dict[str, tuple[Callable[[Company, str], uploads.Target], set[str], set[str]]] = {
    "leaver's item": (
        lambda company, case: ToItem(company.item(case, "clients")),
        {"leaver"},
        {"receiver", "head", "chief", "hr"},
    ),
    "receiver's item": (
        lambda company, case: ToItem(company.item(case, "intro")),
        {"receiver"},
        {"leaver", "head", "chief", "hr"},
    ),
    "head's item": (
        lambda company, case: ToItem(company.item(case, "desk")),
        {"head", "chief"},
        {"leaver", "receiver", "hr"},
    ),
    "extra": (
        lambda company, case: ToHandover(case),
        {"leaver"},
        {"receiver", "head", "chief", "hr"},
    ),
    "unknown item": (lambda company, case: ToItem("x" * 22), set(), set()),
    "unknown case": (lambda company, case: ToHandover("x" * 22), set(), set()),
    "unknown document": (lambda company, case: ToDocument("x" * 22), set(), set()),
}


@pytest.mark.parametrize("where", WHERE)
def test_who_may_upload_where(desk: Desk, case: str, where: str) -> None:
    make, allowed, seeing = WHERE[where]
    target = make(desk.company, case)
    found = {}
    for number, name in enumerate(desk.company.people):
        try:
            desk.upload(name, target, f"file {number}", f"{number}.txt")
        except NotFound:
            found[name] = "hidden"
        except Forbidden:
            found[name] = "forbidden"
        else:
            found[name] = "taken"
    expected = {
        name: "taken" if name in allowed else "forbidden" if name in seeing else "hidden"
        for name in desk.company.people
    }
    assert found == expected


@pytest.mark.parametrize("name", ["receiver", "head", "hr", "colleague", "outsider"])
def test_a_draft_of_somebody_else_takes_no_version_and_does_not_exist(
    desk: Desk, item: str, name: str
) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item)))
    with pytest.raises(NotFound):
        desk.upload(name, ToDocument(document), "other")


STATES: dict[str, tuple[HandoverState, ItemState, str | None]] = {
    "open": (HandoverState.RUNNING, ItemState.OPEN, None),
    "returned": (HandoverState.RUNNING, ItemState.RETURNED, None),
    "submitted": (HandoverState.RUNNING, ItemState.SUBMITTED, "item_takes_no_files"),
    "accepted": (HandoverState.RUNNING, ItemState.ACCEPTED, "item_takes_no_files"),
    "waived": (HandoverState.RUNNING, ItemState.WAIVED, "item_takes_no_files"),
    "cancelled": (HandoverState.CANCELLED, ItemState.OPEN, "handover_closed"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("checked_before", [True, False], ids=["before", "while the bytes came"])
def test_states(desk: Desk, case: str, item: str, state: str, checked_before: bool) -> None:
    handover_state, item_state, code = STATES[state]
    document = desk.document(desk.upload("leaver", ToItem(item), "first"))
    blob = desk.store(b"second")

    def attempt(target: uploads.Target, filename: str) -> str | None:
        try:
            if checked_before:
                with desk.company.looking("leaver") as uow:
                    uploads.check(uow, target)
            with desk.company.acting("leaver") as uow:
                uploads.add(uow, target, Arrival(blob, filename, None))
        except Refused as error:
            return error.code
        return None

    with desk.resources.write() as uow:
        uow.session.scalars(select(Item).where(Item.public_id == item)).one().state = item_state
        uow.session.flush()
        uow.session.scalars(select(Handover)).one().state = handover_state
    assert attempt(ToItem(item), "b.txt") == code
    assert attempt(ToDocument(document), "b.txt") == code
    extra = code if handover_state is not HandoverState.RUNNING else None
    assert attempt(ToHandover(case), "b.txt") == extra


def test_a_secret_takes_no_files(desk: Desk, case: str) -> None:
    target = ToItem(desk.company.item(case, "crm"))
    with pytest.raises(Refused) as caught:
        desk.upload("leaver", target)
    assert caught.value.code == "secret_takes_no_files"
    assert counts(desk) == NOTHING


def test_after_a_seal_a_correction_is_a_new_version_once_the_item_is_returned(
    desk: Desk, item: str
) -> None:
    version = desk.upload("leaver", ToItem(item), "one")
    document = desk.document(version)
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    with pytest.raises(Refused):
        desk.upload("leaver", ToDocument(document), "two")
    with desk.company.acting("receiver") as uow:
        items.send_back(uow, item, "the numbers of March are missing")
    desk.upload("leaver", ToDocument(document), "two")
    with desk.resources.read() as uow:
        found = uow.session.scalars(select(Version).order_by(Version.number)).all()
        assert [(one.number, one.sealed) for one in found] == [(1, True), (2, False)]
    assert [event.facts["number"] for event in desk.events("version_uploaded")] == [2]


def test_a_right_removed_a_second_ago_no_longer_holds(desk: Desk, case: str) -> None:
    target = ToItem(desk.company.item(case, "intro"))
    blob = desk.store(b"one")
    with desk.company.looking("receiver") as uow:
        uploads.check(uow, target)
    with desk.resources.write() as uow:
        uow.session.scalars(select(Handover)).one().receivers = []
    with pytest.raises(NotFound), desk.company.acting("receiver") as uow:
        uploads.add(uow, target, Arrival(blob, "a.txt", None))


NAMES = {
    "plain.txt": "plain.txt",
    "客户 档案.docx": "客户 档案.docx",
    "../../etc/passwd": "passwd",
    "C:\\Users\\me\\报告.pdf": "报告.pdf",
    "/": "file",
    "": "file",
    "..": "file",
    " . ": "file",
    "a\0b.txt": "ab.txt",
    "line\nbreak.txt": "line break.txt",
    "fdp.\u202etxt": "fdp.txt",
    "zero\u200bwidth\ufeff.txt": "zerowidth.txt",
    'a<b>:"c"|?*.txt': "a_b___c____.txt",
    "e\u0301.txt": "\xe9.txt",
    "\ud800.txt": ".txt",
    "trailing. . ": "trailing",
    ".env": ".env",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_made_safe(name: str) -> None:
    assert clean_filename(name) == NAMES[name]
    assert clean_filename(clean_filename(name)) == clean_filename(name)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("合" * 300 + ".docx", ".docx"),
        ("合" * 300, ""),
        ("a" * 300 + ".tar.gz", ".gz"),
        ("😀" * 200 + ".pdf", ".pdf"),
        ("a." + "b" * 300, ""),
        ("x" * 300 + ".!", ""),
    ],
)
def test_long_names_keep_their_ending(name: str, ending: str) -> None:
    cleaned = clean_filename(name)
    assert len(cleaned.encode()) <= NAME_BYTES
    assert cleaned.endswith("…" + ending)
    assert cleaned[0] == name[0]
    assert clean_filename(cleaned) == cleaned


def test_parts_of_names() -> None:
    assert [stem(name) for name in ("a.b.txt", "a", ".env", "a.")] == ["a.b", "a", ".env", "a"]
    assert [extension(name) for name in ("a.TXT", "a", ".env", "a.x y")] == ["txt", "", "", ""]


def race(*actions: Callable[[], object]) -> list[object]:
    """Do these at the same moment in threads; results, or the portal's errors, in their order."""
    start = threading.Barrier(len(actions))
    results: list[object] = [None] * len(actions)

    def run(place: int, action: Callable[[], object]) -> None:
        start.wait()
        try:
            results[place] = action()
        except PortalError as error:
            results[place] = error

    threads = [
        threading.Thread(target=run, args=(place, action)) for place, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_token_twice_at_the_same_moment(desk: Desk, item: str) -> None:
    for number in range(8):
        results = race(
            *[lambda n=number: desk.upload("leaver", ToItem(item), f"{n}", f"{n}.txt", f"t{n}")] * 3
        )
        assert len(set(results)) == 1, results
    assert counts(desk)["Version"] == 8
    assert len(desk.outbox.named("read_version")) == 8


def test_the_same_new_bytes_in_two_cases_at_the_same_moment(desk: Desk, case: str) -> None:
    other = desk.company.handover("colleague")
    for number in range(8):
        results = race(
            lambda n=number: desk.upload("leaver", ToHandover(case), f"{n}", f"{n}.txt"),
            lambda n=number: desk.upload("colleague", ToHandover(other), f"{n}", f"{n}.txt"),
        )
        assert all(isinstance(result, str) for result in results), results
    assert counts(desk) == {"Document": 16, "Version": 16, "Blob": 8, "Reading": 16, "files": 8}


def test_two_versions_of_one_document_at_the_same_moment(desk: Desk, item: str) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item), "first"))
    for number in range(6):
        results = race(
            lambda n=number: desk.upload("leaver", ToDocument(document), f"a{n}"),
            lambda n=number: desk.upload("leaver", ToDocument(document), f"b{n}"),
        )
        assert all(isinstance(result, str) for result in results), results
    with desk.resources.read() as uow:
        numbers = uow.session.scalars(select(Version.number).order_by(Version.number)).all()
    assert list(numbers) == list(range(1, 14))


def test_an_upload_racing_the_seal_is_sealed_or_refused(desk: Desk) -> None:
    for number in range(8):
        case = desk.company.handover("leaver" if number % 2 else "colleague")
        who = "leaver" if number % 2 else "colleague"
        item = desk.company.item(case, "clients")
        document = desk.document(desk.upload(who, ToItem(item), f"{number} first"))

        def submit(who: str = who, item: str = item) -> str:
            with desk.company.acting(who) as uow:
                items.submit(uow, item)
            return "submitted"

        uploaded, submitted = race(
            lambda who=who, document=document, number=number: desk.upload(
                who, ToDocument(document), f"{number} second"
            ),
            submit,
        )
        assert submitted == "submitted"
        with desk.resources.read() as uow:
            versions = uow.session.scalars(
                select(Version)
                .join(Document, Version.document_id == Document.id)
                .where(Document.public_id == document)
                .order_by(Version.number.desc())
            ).all()
            # Whatever came first: the newest version is sealed, nothing was slipped in afterwards.
            assert versions[0].sealed
            assert len(versions) == (2 if isinstance(uploaded, str) else 1)
            if not isinstance(uploaded, str):
                assert isinstance(uploaded, Refused)
                assert uploaded.code == "item_takes_no_files"
        with desk.resources.write() as uow:
            handover = uow.session.scalars(select(Handover).where(Handover.public_id == case)).one()
            handover.state = HandoverState.CANCELLED


UPLOADER = """
import sys, time
from portal.models import Person
from portal.resources import Resources
from portal.services import uploads
from portal.settings import Settings
import os

settings = Settings.from_environment(os.environ)
resources = Resources(settings, lambda job: None)
item, person = sys.argv[1], int(sys.argv[2])
for number in range(10_000):
    content = b"%d " % number * 2000
    import io
    blob = uploads.store(resources, io.BytesIO(content), 10**9)
    with resources.write(person) as uow:
        arrival = uploads.Arrival(blob, f"{number}.txt", f"t{number}")
        uploads.add(uow, uploads.ToItem(item), arrival)
    print(number, flush=True)
"""


def test_a_kill_in_the_middle_of_uploads_loses_nothing_confirmed_and_leaves_no_row_without_bytes(
    desk: Desk, item: str
) -> None:
    settings = desk.resources.settings
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("HANDOVER_")},
        "HANDOVER_DATA_FOLDER": str(settings.data_folder),
        "HANDOVER_DATABASE_URL": settings.database_url,
        "HANDOVER_FREE_DISK_RESERVE_BYTES": "0",
    }
    confirmed: list[int] = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", UPLOADER, item, str(desk.company.leaver.id)],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert process.stdout is not None
        begun = len(confirmed)
        for line in process.stdout:
            confirmed.append(int(line))
            # A token repeated is confirmed again, so each round goes a little further.
            if len(confirmed) - begun == begun + 9:
                break
        process.kill()
        rest = process.communicate()[0]
        confirmed += [int(line) for line in rest.split()]
    with desk.resources.read() as uow:
        versions = uow.session.scalars(select(Version)).all()
        names = {version.filename for version in versions}
        assert {f"{number}.txt" for number in confirmed} <= names
        assert len(names) == len(versions)
        for version in versions:
            desk.resources.store.verify(version.digest)
        events = uow.session.scalar(
            select(func.count()).select_from(Event).where(Event.kind == "document_added")
        )
        assert events == len(versions)
        read = uow.session.scalar(select(func.count()).select_from(Reading))
        assert read == len(versions)
    wait_for(lambda: process.poll() is not None)
