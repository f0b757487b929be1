"""Documents for viewing only: who has the file, whose name stands over the pages, who decides."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from portal.models import Document, Visibility
from portal.services.uploads import ToHandover
from tests.services.library import CLIENTS, Library
from tests.web.acting import EVERYBODY, Office, main_of, statuses, text_of

PDF = Path(__file__).parents[2] / "portal/sample_company/documents/engineering/backup-restore.pdf"
MAIL = (
    b"From: a@company.example\r\nSubject: Rules\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n"
    b"See the file.\r\n--x\r\nContent-Type: text/csv\r\n"
    b'Content-Disposition: attachment; filename="rules.csv"\r\n\r\nname,price\r\nA,1\r\n--x--\r\n'
)
HEADS = {"head", "chief"}
PARTS = ("leaver", "receiver", "head")
VIEWERS = {"receiver", "colleague"}
DEFAULT = {**dict.fromkeys(EVERYBODY, 404), "hr": 403, "visitor": 302}


@pytest.fixture
def kept(library: Library) -> Callable[..., str]:
    """Adds a sealed document for viewing only; the public id of its version."""

    def add(content: bytes | str, filename: str) -> str:
        version = library.add(content, filename)
        set_document(library, version, view_only=True)
        return version

    return add


def set_document(library: Library, version: str, **values: object) -> None:
    with library.desk.resources.write() as uow:
        document = library.desk.document(version)
        found = uow.session.scalars(select(Document).where(Document.public_id == document))
        row = found.one()
        for name, value in values.items():
            setattr(row, name, value)


def check(office: Office, address: str, allowed: set[str], seen: set[str] = frozenset()) -> None:
    wanted = DEFAULT | dict.fromkeys(seen, 403) | dict.fromkeys(allowed, 200)
    with statuses(wanted) as found:
        for name in wanted:
            with office.get(name, address) as answer:
                found[name] = answer.status_code


def test_who_sees_the_pages_and_who_has_the_file(
    office: Office, kept: Callable[..., str], library: Library
) -> None:
    version = kept(PDF.read_bytes(), "备份.pdf")
    everybody = {"leaver"} | HEADS | VIEWERS
    for address in ("", "/pages/1.png", "/pages/2/small.png"):
        check(office, f"/versions/{version}{address}", everybody)
    check(office, f"/versions/{version}/original", {"leaver"} | HEADS, VIEWERS)
    # Whoever was refused has left no line.
    names = [event.actor_id for event in library.desk.events("version_downloaded")]
    assert len(names) == 3
    # The wider the readers, the more are kept from the file.
    set_document(library, version, visibility=Visibility.COMPANY)
    more = {"neighbour", "outsider", "hr"}
    check(office, f"/versions/{version}", everybody | more)
    check(office, f"/versions/{version}/original", {"leaver"} | HEADS, VIEWERS | more)
    set_document(library, version, view_only=False)
    check(office, f"/versions/{version}/original", everybody | more)


def test_a_forged_or_odd_address_gives_no_file(office: Office, kept: Callable[..., str]) -> None:
    version = kept(PDF.read_bytes(), "备份.pdf")
    for ending in ("original/", "original?view_only=0", "Original", "pages/1.pdf", "original.pdf"):
        with office.get("receiver", f"/versions/{version}/{ending}") as answer:
            assert answer.status_code in (403, 404), ending
    for method in ("head", "post", "options"):
        browser = office.browser("receiver")
        with getattr(browser, method)(f"/versions/{version}/original") as answer:
            assert b"%PDF" not in answer.data
    part = {"Range": "bytes=0-9"}
    with office.get("receiver", f"/versions/{version}/original", headers=part) as answer:
        assert answer.status_code == 403


def test_no_route_gives_a_viewer_the_bytes(office: Office, kept: Callable[..., str]) -> None:
    """Every address of the portal that takes a version or a document, now and later."""
    version = kept(PDF.read_bytes(), "备份.pdf")
    ids = {"version_id": version, "document_id": office.document(version), "number": 1}
    browser = office.browser("receiver")
    tried = []
    for rule in browser.application.url_map.iter_rules():
        if "GET" not in rule.methods or not rule.arguments & {"version_id", "document_id"}:
            continue
        assert rule.arguments <= set(ids), f"{rule}: teach this test its arguments"
        with browser.get(rule.build({name: ids[name] for name in rule.arguments})[1]) as answer:
            assert b"%PDF" not in answer.data, rule
            assert answer.status_code in (200, 302, 403, 404), rule
            tried.append(rule.endpoint)
    assert {"versions.original", "versions.page_image", "versions.thumbnail"} <= set(tried)


def picture(office: Office, name: str, address: str) -> tuple[Image.Image, str]:
    with office.get(name, address) as answer:
        assert answer.status_code == 200, name
        return Image.open(io.BytesIO(answer.data)).convert("RGB"), answer.headers["ETag"]


def test_each_viewer_has_the_own_name_on_the_page(
    office: Office, kept: Callable[..., str], library: Library
) -> None:
    version = kept(PDF.read_bytes(), "备份.pdf")
    for address in (f"/versions/{version}/pages/1.png", f"/versions/{version}/pages/1/small.png"):
        people = ("leaver", "head", "receiver", "colleague")
        seen = {name: picture(office, name, address) for name in people}
        content = {name: shown.tobytes() for name, (shown, _) in seen.items()}
        tags = {name: tag for name, (_, tag) in seen.items()}
        assert content["leaver"] == content["head"]
        assert len(set(content.values())) == 3, "plain, the receiver's and the colleague's"
        assert len(set(tags.values())) == 3
        # What one browser has kept is never good for somebody else.
        with office.get("receiver", address, headers={"If-None-Match": tags["colleague"]}) as other:
            assert other.status_code == 200
        with office.get("receiver", address, headers={"If-None-Match": tags["receiver"]}) as own:
            assert own.status_code == 304
        # Nor is a page of before the switch.
        with office.get("receiver", address, headers={"If-None-Match": tags["leaver"]}) as before:
            assert before.status_code == 200
    set_document(library, version, view_only=False)
    address = f"/versions/{version}/pages/1.png"
    plain, again = (picture(office, name, address)[0] for name in ("leaver", "receiver"))
    assert plain.tobytes() == again.tobytes()


@pytest.mark.parametrize(
    ("content", "filename"),
    [(CLIENTS, "客户.md"), ("name,price\nA,1\nB,2\n", "prices.csv"), (MAIL, "rules.eml")],
    ids=["text", "sheet", "mail"],
)
def test_the_text_carries_the_name(
    office: Office, kept: Callable[..., str], content: str | bytes, filename: str
) -> None:
    version = kept(content, filename)
    person = office.company.people["receiver"]
    page = office.get("receiver", f"/versions/{version}")
    words = re.findall(r"<svg class=\"watermark\".*?</svg>", main_of(page), flags=re.S)
    assert len(words) == 1
    for part in (person.name, person.email, "2026-03-02"):
        assert part in words[0]
    assert "viewing only" in text_of(page)
    assert "/original" not in main_of(page)
    for name in ("leaver", "head"):
        page = main_of(office.get(name, f"/versions/{version}"))
        assert "watermark" not in page
        assert f"/versions/{version}/original" in page
        assert "view only" in page


def test_lists_offer_no_download(office: Office, kept: Callable[..., str]) -> None:
    version = kept(CLIENTS, "客户.md")
    document = office.document(version)
    for name, offered in (("receiver", False), ("colleague", False), ("head", True)):
        page = main_of(office.get(name, f"/documents/{document}"))
        assert (f"/versions/{version}/original" in page) == offered, name
        assert "view only" in page


def test_its_owner_chooses_while_it_is_a_draft(office: Office, library: Library) -> None:
    version = library.desk.upload("leaver", ToHandover(library.case), CLIENTS, "客户.md")
    document = office.document(version)
    address = f"/documents/{document}/change"
    form = {"title": "客户", "visibility": "position", "view_only": "1"}
    assert office.post("leaver", address, form).status_code == 302
    assert view_only(library, version)
    # A form that does not ask leaves it; a value there is not is refused beside its field.
    assert office.post("leaver", address, {**form, "view_only": "2"}).status_code == 400
    del form["view_only"]
    assert office.post("leaver", address, form).status_code == 302
    assert view_only(library, version)
    assert office.post("leaver", address, {**form, "view_only": "0"}).status_code == 302
    assert not view_only(library, version)
    (refused,), (allowed,) = (
        library.desk.events(kind) for kind in ("download_refused", "download_allowed")
    )
    assert refused.subject == allowed.subject == document
    assert refused.facts == {"document": "客户"}
    # A draft is nobody else's to decide about, and its owner has this one way.
    for name, status in (("head", 404), ("receiver", 404), ("leaver", 403)):
        answer = office.post(name, f"/documents/{document}/view-only", {"view_only": "1"})
        assert answer.status_code == status, name


def view_only(library: Library, version: str) -> bool:
    with library.desk.resources.read() as uow:
        document = library.desk.document(version)
        statement = select(Document.view_only).where(Document.public_id == document)
        return bool(uow.session.scalar(statement))


def test_the_heads_choose_once_it_is_sealed(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    address = f"/documents/{office.document(version)}/view-only"
    wanted = dict.fromkeys(EVERYBODY, 404) | {"visitor": 302}
    wanted |= dict.fromkeys(("leaver", "receiver", "colleague", "hr"), 403)
    wanted |= dict.fromkeys(HEADS, 302)
    with statuses(wanted) as found:
        for name in wanted:
            found[name] = office.post(name, address, {"view_only": "1"}).status_code
    assert view_only(library, version)
    # The second head changed nothing.
    (event,) = library.desk.events("download_refused")
    assert event.actor_id in {office.company.people[name].id for name in HEADS}
    page = main_of(office.get("head", f"/documents/{office.document(version)}"))
    assert "Allow the download" in page
    assert "Allow the download" not in main_of(
        office.get("receiver", f"/documents/{office.document(version)}")
    )
    office.post("head", address, {"view_only": "0"})
    assert not view_only(library, version)
    assert len(library.desk.events("download_allowed")) == 1


def test_a_draft_made_view_only_is_no_news_to_others(office: Office, library: Library) -> None:
    version = library.desk.upload("leaver", ToHandover(library.case), CLIENTS, "秘密.md")
    form = {"title": "秘密计划", "visibility": "position", "view_only": "1"}
    office.post("leaver", f"/documents/{office.document(version)}/change", form)
    seen = {name: text_of(office.get(name, f"/handovers/{library.case}")) for name in PARTS}
    assert "«秘密计划» view only" in seen["leaver"].split("What happened")[1]
    assert "秘密" not in seen["receiver"] + seen["head"]
