"""Files through the pages: taken in, refused, replaced, moved, removed, sealed."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.models import Blob, Document, HandoverState, ItemState, Version
from tests.company import Company
from tests.conftest import Outbox
from tests.web.acting import EVERYBODY, SCRIPT, Office, main_of, text_of

PARTS = ("leaver", "receiver", "head", "chief", "hr")


@pytest.fixture
def item(company: Company, case: str) -> str:
    return company.item(case, "clients")


def stored(office: Office) -> tuple[int, int, int]:
    """How many versions, blobs as rows, and files in the store there are."""
    resources = office.company.resources
    with resources.read() as uow:
        rows = tuple(
            uow.session.scalar(select(func.count()).select_from(table)) for table in (Version, Blob)
        )
    return (*rows, len(list(resources.store.digests())))


def test_a_script_gets_a_row(office: Office, item: str, outbox: Outbox) -> None:
    answer = office.send("leaver", f"/items/{item}/files", ("客户档案.txt", b"one"), token="t-1")
    assert answer.status_code == 201
    assert set(answer.json) == {"html", "id", "message", "replaces"}
    assert answer.json["html"].lstrip().startswith(f'<li class="file" id="{answer.json["id"]}"')
    assert answer.json["html"].count('<li class="file"') == 1
    assert answer.json["message"] == "客户档案.txt is uploaded."
    assert len(outbox.named("read_version")) == 1


def test_a_repeated_token_is_the_same_version(office: Office, item: str) -> None:
    sent = [
        office.send("leaver", f"/items/{item}/files", ("a.txt", b"one"), token="t-1").json["id"]
        for _ in range(3)
    ]
    assert len(set(sent)) == 1
    assert stored(office)[0] == 1


def test_a_token_after_the_file_counts_too(office: Office, item: str) -> None:
    boundary = "b0undary"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\none'
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="token"\r\n\r\nlate'
        f"\r\n--{boundary}--\r\n"
    )
    for _ in range(2):
        answer = office.browser("leaver").post(
            f"/items/{item}/files",
            data=body.encode(),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=SCRIPT,
        )
        assert answer.status_code == 201
    assert stored(office)[0] == 1


def test_a_plain_form_sends_several_and_one_bad_file_loses_none(
    office: Office, case: str, item: str
) -> None:
    answer = office.send(
        "leaver",
        f"/items/{item}/files",
        ("good one.txt", b"one"),
        ("empty.txt", b""),
        ("too large.bin", b"x" * (8 * 2**20 + 1)),
        ("program.exe", b"MZ\x90\x00" + b"\0" * 200),
        ("good two.txt", b"two"),
        script=False,
    )
    assert answer.status_code == 302
    words = text_of(office.get("leaver", answer.location))
    assert "2 files are uploaded." in words
    assert "empty.txt: The file is empty (0 bytes)." in words
    assert "too large.bin: The file is larger than 8 MB." in words
    assert "program.exe: Programs cannot be uploaded." in words
    assert stored(office) == (2, 2, 2)


BAD_FILES = (
    ("empty", "empty.txt", b"", 422, "file_empty"),
    ("too large", "large.bin", b"x" * (8 * 2**20 + 1), 413, "file_too_large"),
    ("far too large", "large.bin", b"x" * (10 * 2**20), 413, "file_too_large"),
    ("program", "tool.exe", b"MZ" + b"\0" * 200, 422, "file_type_refused"),
    ("program in disguise", "letter.pdf", b"\x7fELF" + b"\0" * 200, 422, "file_type_refused"),
)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(
    ("filename", "content", "status", "code"),
    [line[1:] for line in BAD_FILES],
    ids=[line[0] for line in BAD_FILES],
)
def test_a_bad_file_is_refused_in_words(
    office: Office, item: str, script: bool, filename: str, content: bytes, status: int, code: str
) -> None:
    answer = office.send("leaver", f"/items/{item}/files", (filename, content), script=script)
    assert answer.status_code == status
    if script:
        assert answer.json["error"]["code"] == code
        assert answer.json["error"]["message"]
    assert stored(office) == (0, 0, 0)


NAMES = (
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\li\\客户档案.docx", None),
    ("/absolute/path/list.txt", "list.txt"),
    ("a\u202etxt.exe.pdf", None),
    ("tab\there.txt", None),
    ("合" * 300 + ".docx", None),
    ("..", None),
    (".hidden", None),
    (" spaced .txt ", None),
    ('quote".txt', None),
    ("<b>bold</b>.txt", None),
)


@pytest.mark.parametrize(("sent", "expected"), NAMES)
def test_names_are_cleaned_never_trusted(
    office: Office, item: str, sent: str, expected: str | None
) -> None:
    office.send("leaver", f"/items/{item}/files", (sent, b"content"))
    with office.company.resources.read() as uow:
        name = uow.session.scalars(select(Version.filename)).one()
    if expected is not None:
        assert name == expected
    assert 0 < len(name) <= 300
    assert not set(name) & set("/\\\0\t\r\n\u202e")
    if len(sent) > 300:
        assert name.endswith(".docx")
    page = office.get("leaver", f"/items/{item}").get_data(as_text=True)
    assert "<b>bold" not in page


@pytest.mark.parametrize("script", [True, False])
def test_no_file_at_all(office: Office, item: str, script: bool) -> None:
    answer = office.browser("leaver").post(
        f"/items/{item}/files",
        data={"file": (io.BytesIO(b""), "")},
        content_type="multipart/form-data",
        headers=SCRIPT if script else {},
    )
    assert answer.status_code == 422
    assert "Choose a file" in answer.get_data(as_text=True)


def test_the_same_file_twice(office: Office, case: str, item: str) -> None:
    version = office.upload("leaver", f"/items/{item}/files", "a.txt", "one")
    document = office.document(version)
    again = office.send("leaver", f"/documents/{document}/files", ("a.txt", b"one"))
    assert again.json["error"]["code"] == "same_version"
    assert "version 1" in again.json["error"]["message"]


TARGETS = (
    ("item", "leaver"),
    ("extra", "leaver"),
    ("document", "leaver"),
    ("receiver's item", "receiver"),
)


@pytest.mark.parametrize(("target", "allowed"), TARGETS)
def test_who_may_upload(office: Office, case: str, target: str, allowed: str) -> None:
    item = office.company.item(case, "clients")
    urls = {
        "item": f"/items/{item}/files",
        "extra": f"/handovers/{case}/files",
        "receiver's item": f"/items/{office.company.item(case, 'intro')}/files",
    }
    if target == "document":
        version = office.upload("leaver", urls["item"])
        urls["document"] = f"/documents/{office.document(version)}/files"
    url = urls[target]
    before = stored(office)
    refused = [name for name in EVERYBODY if name != allowed]
    found = {name: office.send(name, url, ("b.txt", b"two")).status_code for name in refused}
    # A draft is its owner's alone: even those with a part in the case do not know of it.
    hidden = target == "document"
    assert found == {name: 403 if name in PARTS and not hidden else 404 for name in refused}
    assert stored(office) == before, "nothing of a refused upload is kept"
    assert office.send(allowed, url, ("b.txt", b"two")).status_code == 201


@pytest.mark.parametrize("script", [True, False])
def test_a_session_that_has_ended_stores_nothing(office: Office, item: str, script: bool) -> None:
    answer = office.send("visitor", f"/items/{item}/files", ("a.txt", b"one"), script=script)
    assert answer.status_code == (401 if script else 302)
    if script:
        assert answer.json["error"]["code"] == "session_ended"
    assert stored(office) == (0, 0, 0)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ItemState.SUBMITTED, "item_takes_no_files"),
        (ItemState.ACCEPTED, "item_takes_no_files"),
        (ItemState.WAIVED, "item_takes_no_files"),
    ],
)
def test_an_item_that_is_submitted_takes_no_files(
    office: Office, case: str, item: str, state: ItemState, code: str
) -> None:
    office.set_items(case, state, "clients")
    answer = office.send("leaver", f"/items/{item}/files", ("a.txt", b"one"))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, code)
    assert stored(office) == (0, 0, 0)


class TestTokens:
    """The token that proves a form is ours is checked before a byte of a file is kept."""

    @pytest.fixture(autouse=True)
    def checked(self, app: Flask) -> None:
        app.config["WTF_CSRF_ENABLED"] = True

    def token(self, office: Office, item: str) -> str:
        page = office.get("leaver", f"/items/{item}").get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found is not None
        return found[1]

    def test_in_the_header(self, office: Office, item: str) -> None:
        headers = SCRIPT | {"X-CSRFToken": self.token(office, item)}
        answer = office.browser("leaver").post(
            f"/items/{item}/files",
            data={"file": (io.BytesIO(b"one"), "a.txt")},
            content_type="multipart/form-data",
            headers=headers,
        )
        assert answer.status_code == 201

    def test_in_the_form_before_the_files(self, office: Office, item: str) -> None:
        token = self.token(office, item)
        answer = office.send(
            "leaver", f"/items/{item}/files", ("a.txt", b"one"), script=False, csrf_token=token
        )
        assert answer.status_code == 302
        assert stored(office)[0] == 1

    @pytest.mark.parametrize("token", [None, "", "wrong"])
    @pytest.mark.parametrize("script", [True, False])
    def test_missing_or_wrong(
        self, office: Office, item: str, script: bool, token: str | None
    ) -> None:
        fields = {} if token is None or script else {"csrf_token": token}
        headers = {"X-CSRFToken": token} if script and token is not None else {}
        answer = office.browser("leaver").post(
            f"/items/{item}/files",
            data={**fields, "file": (io.BytesIO(b"one"), "a.txt")},
            content_type="multipart/form-data",
            headers=headers | (SCRIPT if script else {}),
        )
        assert answer.status_code == 400
        assert stored(office) == (0, 0, 0)

    def test_after_the_files_is_too_late(self, office: Office, item: str) -> None:
        token, boundary = self.token(office, item), "b0undary"
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\none'
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}'
            f"\r\n--{boundary}--\r\n"
        )
        answer = office.browser("leaver").post(
            f"/items/{item}/files",
            data=body.encode(),
            content_type=f"multipart/form-data; boundary={boundary}",
        )
        assert answer.status_code == 400
        assert stored(office) == (0, 0, 0)


def test_all_versions_with_who_when_and_digest(office: Office, case: str, item: str) -> None:
    first = office.upload("leaver", f"/items/{item}/files", "one.txt", "one")
    document = office.document(first)
    sent = office.send("leaver", f"/documents/{document}/files", ("two.txt", b"two"))
    assert sent.json["replaces"] == f"file-{first}"
    answer = office.get("leaver", f"/documents/{document}")
    words = text_of(answer)
    with office.company.resources.read() as uow:
        digests = uow.session.scalars(select(Version.digest)).all()
    assert len(digests) == 2
    assert all(digest in words for digest in digests)
    assert "one.txt" in words
    assert "two.txt" in words
    assert "李 离职" in words
    for name in EVERYBODY:
        if name != "leaver":
            assert office.get(name, f"/documents/{document}").status_code == 404, name
    office.post("leaver", f"/items/{item}/submit")
    expected = {name: 200 if name in (*PARTS, "colleague") else 404 for name in EVERYBODY}
    found = {name: office.get(name, f"/documents/{document}").status_code for name in EVERYBODY}
    assert found == expected
    for name in ("receiver", "hr", "colleague"):
        words = text_of(office.get(name, f"/documents/{document}"))
        assert "one.txt" not in words, "an unsealed version is its owner's alone"


def test_extra_knowledge_is_put_on_an_item_and_back(office: Office, case: str, item: str) -> None:
    version = office.upload("leaver", f"/handovers/{case}/files", "tips.txt")
    document = office.document(version)
    page = office.get("leaver", f"/handovers/{case}").get_data(as_text=True)
    assert f'action="/documents/{document}/change"' in page
    assert f'<option value="{item}">客户档案</option>' in page
    form = {"title": "tips", "visibility": "position", "item": item}
    answer = office.post("leaver", f"/documents/{document}/change", form)
    assert answer.location == f"/handovers/{case}?item={item}#item-{item}"
    assert "tips" in office.get("leaver", f"/items/{item}").get_data(as_text=True)
    answer = office.post("leaver", f"/documents/{document}/change", form | {"item": ""})
    assert answer.location == f"/handovers/{case}#extras-title"


BAD_CHANGES = (
    ({"title": ""}, 400),
    ({"title": "x" * 301}, 400),
    ({"visibility": "everyone"}, 400),
    ({"visibility": ""}, 400),
    ({"item": "x" * 22}, 400),
)


@pytest.mark.parametrize(("changed", "status"), BAD_CHANGES)
def test_a_bad_change_changes_nothing(
    office: Office, case: str, changed: dict[str, str], status: int
) -> None:
    document = office.document(office.upload("leaver", f"/handovers/{case}/files", "tips.txt"))
    form = {"title": "tips", "visibility": "position", "item": ""} | changed
    assert office.post("leaver", f"/documents/{document}/change", form).status_code == status
    with office.company.resources.read() as uow:
        row = uow.session.scalars(select(Document)).one()
        assert (row.title, row.visibility.value, row.item_id) == ("tips", "position", None)


def test_a_removed_draft_can_be_put_back(office: Office, case: str, item: str) -> None:
    version = office.upload("leaver", f"/items/{item}/files", "oops.txt")
    document = office.document(version)
    answer = office.post("leaver", f"/documents/{document}/remove")
    assert answer.location == f"/handovers/{case}?removed={document}"
    page = office.get("leaver", answer.location).get_data(as_text=True)
    assert f"file-{version}" not in page
    assert f'action="/documents/{document}/restore"' in page
    assert office.get("leaver", f"/documents/{document}").status_code == 404
    answer = office.post("leaver", f"/documents/{document}/restore", follow_redirects=True)
    assert f"file-{version}" in answer.get_data(as_text=True)
    foreign = office.post("receiver", f"/documents/{document}/restore")
    assert foreign.status_code == 404


def test_what_is_sealed_is_not_moved_removed_or_replaced(
    office: Office, case: str, item: str
) -> None:
    document = office.document(office.upload("leaver", f"/items/{item}/files"))
    office.post("leaver", f"/items/{item}/submit")
    form = {"title": "other", "visibility": "company", "item": ""}
    assert office.post("leaver", f"/documents/{document}/change", form).status_code == 409
    assert office.post("leaver", f"/documents/{document}/remove").status_code == 409
    assert office.send("leaver", f"/documents/{document}/files", ("b", b"b")).status_code == 409
    page = office.get("leaver", f"/documents/{document}").get_data(as_text=True)
    for action in ("change", "remove", "files"):
        assert f'action="/documents/{document}/{action}"' not in page


def test_extra_knowledge_is_sealed_by_itself_and_corrected_by_a_new_version(
    office: Office, case: str
) -> None:
    document = office.document(office.upload("leaver", f"/handovers/{case}/files", "tips.txt"))
    assert office.post("receiver", f"/documents/{document}/submit").status_code == 404
    done = office.post("leaver", f"/documents/{document}/submit", follow_redirects=True)
    assert "Submitted and sealed." in text_of(done)
    assert office.post("leaver", f"/documents/{document}/submit").status_code == 409
    office.upload("leaver", f"/documents/{document}/files", "tips.txt", "corrected")
    assert office.post("leaver", f"/documents/{document}/submit").status_code == 302


def test_a_document_of_an_item_is_not_sealed_by_itself(office: Office, item: str) -> None:
    document = office.document(office.upload("leaver", f"/items/{item}/files"))
    answer = office.post("leaver", f"/documents/{document}/submit", headers=SCRIPT)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "document_not_extra")


@pytest.mark.parametrize("state", [HandoverState.COMPLETED, HandoverState.CANCELLED])
def test_a_closed_case_keeps_its_documents_as_they_are(
    office: Office, case: str, item: str, state: HandoverState
) -> None:
    document = office.document(office.upload("leaver", f"/handovers/{case}/files"))
    before = stored(office)
    office.close(case, state)
    url = f"/documents/{document}"
    form = {"title": "other", "visibility": "company", "item": ""}
    found = {
        action: office.post("leaver", f"{url}/{action}", form).status_code
        for action in ("change", "remove", "submit")
    }
    assert found == dict.fromkeys(found, 409)
    assert office.send("leaver", f"{url}/files", ("b.txt", b"two")).status_code == 409
    assert stored(office) == before
    assert "<form" not in main_of(office.get("leaver", url))


def test_a_body_that_is_no_form_is_a_bad_request(office: Office, item: str) -> None:
    for data, kind in ((b"{}", "application/json"), (b"x", "multipart/form-data; boundary=b")):
        answer = office.browser("leaver").post(
            f"/items/{item}/files", data=data, content_type=kind, headers=SCRIPT
        )
        assert answer.status_code == 400
