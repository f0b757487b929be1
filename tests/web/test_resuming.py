"""Uploads in pieces: the protocol, who may, and what is left when something goes wrong."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.models import Handover, HandoverState, Version
from portal.services import resumable
from tests.web.acting import SCRIPT, Office

TUS = {"Tus-Resumable": "1.0.0", **SCRIPT}
CONTENT = "# 客户\n\n每月第一周拜访。\n".encode() * 50


def begin(
    office: Office,
    name: str,
    url: str,
    size: int = len(CONTENT),
    filename: str = "客户.md",
    sha256: str | None = None,
) -> TestResponse:
    pairs = {"filename": filename} | ({"sha256": sha256} if sha256 else {})
    metadata = ",".join(
        f"{key} {b64encode(value.encode()).decode()}" for key, value in pairs.items()
    )
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    return office.browser(name).post(url, headers=headers)


def send(office: Office, name: str, address: str, offset: int, piece: bytes) -> TestResponse:
    return office.browser(name).patch(
        address,
        data=piece,
        content_type="application/offset+octet-stream",
        headers={**TUS, "Upload-Offset": str(offset)},
    )


def versions(office: Office) -> int:
    with office.company.resources.read() as uow:
        return uow.session.scalar(select(func.count()).select_from(Version)) or 0


def left(office: Office) -> list[Path]:
    return list((office.company.resources.settings.data_folder / "partial").glob("*"))


@pytest.fixture
def url(office: Office) -> str:
    return f"/items/{office.company.item(office.company.handover(), 'clients')}/files"


def test_a_file_in_pieces_is_a_version(office: Office, url: str) -> None:
    created = begin(office, "leaver", url)
    assert created.status_code == 201
    assert created.headers["Upload-Offset"] == "0"
    address = created.headers["Location"]
    half = len(CONTENT) // 2
    assert send(office, "leaver", address, 0, CONTENT[:half]).headers["Upload-Offset"] == str(half)
    asked = office.browser("leaver").head(address)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == (
        str(half),
        str(len(CONTENT)),
    )
    assert asked.headers["Cache-Control"] == "no-store"
    assert office.get("leaver", address, headers=TUS).json == {"offset": half, "size": len(CONTENT)}
    assert versions(office) == 0
    assert send(office, "leaver", address, half, CONTENT[half:]).status_code == 204
    row = office.get("leaver", address, headers=TUS).json
    assert ">客户<" in row["html"]
    with office.company.resources.read() as uow:
        version = uow.session.scalars(select(Version)).one()
        assert version.digest == hashlib.sha256(CONTENT).hexdigest()
        assert version.document.title == "客户"
    assert left(office) == []
    # The last answer was lost: asked or sent again, it is the same version.
    assert office.browser("leaver").head(address).headers["Upload-Offset"] == str(len(CONTENT))
    assert send(office, "leaver", address, half, CONTENT[half:]).status_code == 204
    assert versions(office) == 1


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("leaver", 201),
        ("receiver", 403),
        ("head", 403),
        ("hr", 403),
        ("colleague", 404),
        ("outsider", 404),
        ("departed", 404),
        ("visitor", 401),
    ],
)
def test_who_may_begin(office: Office, url: str, name: str, status: int) -> None:
    assert begin(office, name, url).status_code == status
    assert bool(left(office)) == (status == 201)


@pytest.mark.parametrize("name", ["receiver", "hr", "administrator", "outsider", "visitor"])
def test_an_upload_is_its_senders_alone(office: Office, url: str, name: str) -> None:
    address = begin(office, "leaver", url).headers["Location"]
    hidden = 401 if name == "visitor" else 404
    browser = office.browser(name)
    assert browser.head(address, headers=TUS).status_code == hidden
    assert send(office, name, address, 0, CONTENT).status_code == hidden
    assert browser.delete(address, headers=TUS).status_code == hidden
    assert send(office, "leaver", address, 0, CONTENT).status_code == 204


def test_pieces_that_do_not_fit(office: Office, url: str) -> None:
    address = begin(office, "leaver", url).headers["Location"]
    refused = send(office, "leaver", address, 5, CONTENT)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "wrong_offset")
    assert send(office, "leaver", address, 0, CONTENT + b"x").status_code == 413
    browser = office.browser("leaver")
    wrong = {**TUS, "Upload-Offset": "0"}
    assert browser.patch(address, data=b"x", headers=wrong).status_code == 415
    assert send(office, "leaver", "/uploads/nonsense", 0, b"x").status_code == 404
    for offset in ("-1", "x", "9" * 99):
        answer = browser.patch(
            address,
            data=b"x",
            content_type="application/offset+octet-stream",
            headers={**TUS, "Upload-Offset": offset},
        )
        assert answer.status_code == 400
    assert versions(office) == 0


def test_announcements_that_are_refused(office: Office, url: str) -> None:
    limit = office.company.resources.settings.upload_limit_bytes
    assert begin(office, "leaver", url, size=0).json["error"]["code"] == "file_empty"
    assert begin(office, "leaver", url, size=limit + 1).status_code == 413
    browser = office.browser("leaver")
    for headers in (
        {**TUS},
        {**TUS, "Upload-Length": "5", "Upload-Metadata": "filename !"},
        {**TUS, "Upload-Length": "five"},
    ):
        assert browser.post(url, headers=headers).status_code == 400
    other = {**TUS, "Tus-Resumable": "0.2.0", "Upload-Length": "5"}
    assert browser.post(url, headers=other).status_code == 412
    assert left(office) == []


def test_a_program_is_refused_and_forgotten(office: Office, url: str) -> None:
    content = b"\x7fELF" + bytes(100)
    address = begin(office, "leaver", url, size=len(content)).headers["Location"]
    answer = send(office, "leaver", address, 0, content)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "file_type_refused")
    assert left(office) == []


def test_the_case_ends_while_the_bytes_come(office: Office, url: str) -> None:
    address = begin(office, "leaver", url).headers["Location"]
    send(office, "leaver", address, 0, CONTENT[:10])
    with office.company.resources.write() as uow:
        uow.session.scalars(select(Handover)).one().state = HandoverState.CANCELLED
    answer = send(office, "leaver", address, 10, CONTENT[10:])
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "handover_closed")
    assert versions(office) == 0
    assert left(office) == []


def test_own_bytes_are_not_sent_twice(office: Office, url: str) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    office.upload("leaver", url, "客户.md", CONTENT.decode())
    extras = url.replace("/items/", "/documents/")
    created = begin(office, "leaver", url, filename="副本.md", sha256=digest)
    assert created.headers["Upload-Offset"] == str(len(CONTENT))
    assert ">副本<" in office.get("leaver", created.headers["Location"], headers=TUS).json["html"]
    again = begin(office, "leaver", url, sha256=digest)
    assert (again.status_code, again.json["error"]["code"]) == (409, "same_version")
    assert versions(office) == 2
    assert left(office) == []
    assert begin(office, "leaver", extras, sha256=digest).status_code == 404


def test_who_only_knows_a_digest_gets_nothing(office: Office, url: str) -> None:
    office.upload("leaver", url, "客户.md", CONTENT.decode())
    other = office.company.handover(leaver="colleague")
    digest = hashlib.sha256(CONTENT).hexdigest()
    created = begin(office, "colleague", f"/handovers/{other}/files", sha256=digest)
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "0")
    assert versions(office) == 1


def test_cancelled_is_gone(office: Office, url: str) -> None:
    address = begin(office, "leaver", url).headers["Location"]
    send(office, "leaver", address, 0, CONTENT[:10])
    assert office.browser("leaver").delete(address, headers=TUS).status_code == 204
    assert office.browser("leaver").head(address).status_code == 404
    assert left(office) == []


def test_killed_before_the_row_and_sent_again(
    office: Office, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begin(office, "leaver", url).headers["Location"]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(resumable.uploads, "add", killed)
        send(office, "leaver", address, 0, CONTENT)
    assert office.browser("leaver").head(address).headers["Upload-Offset"] == str(len(CONTENT))
    assert versions(office) == 0
    assert send(office, "leaver", address, len(CONTENT), b"").status_code == 204
    assert versions(office) == 1


def test_what_is_spoken(office: Office) -> None:
    answer = office.browser("visitor").options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert "creation" in answer.headers["Tus-Extension"]
