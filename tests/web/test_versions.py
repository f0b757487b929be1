"""The reading view, pictures of pages, originals, and reading again."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import select, update

from portal.models import (
    Block,
    Document,
    Event,
    Passage,
    Reading,
    ReadingState,
    Version,
    Visibility,
)
from portal.services import reading_leases, versions
from portal.services.uploads import ToHandover
from tests.services.library import CLIENTS, Library
from tests.web.acting import EVERYBODY, SCRIPT, Office, main_of, statuses, text_of

PDF = Path(__file__).parents[2] / "portal/sample_company/documents/engineering/backup-restore.pdf"
EVERY_KIND = """# Title

Intro with «quotes» & 5 < 6.

## Code

```
if a < b:
    run()
```

- one
- two

| name | count |
|---|---|
| 甲 | 1 |
| 乙 | 2 |

### Deep

The end.
"""
READS_POSITION = {"leaver", "receiver", "colleague", "head", "chief"}
LISTS = READS_POSITION | {"hr"}


def passage_of(library: Library, version: str, words: str) -> Passage:
    with library.desk.resources.read() as uow:
        found = uow.session.scalars(
            select(Passage)
            .join(Reading, Passage.reading_id == Reading.id)
            .join(Version, Reading.version_id == Version.id)
            .where(Version.public_id == version, Passage.text.contains(words))
        )
        return found.first()  # type: ignore[return-value]


def expected(allowed: set[str], listed: set[str]) -> dict[str, int]:
    """200 for those who may, 403 for those who may know of it, else 404; a visitor signs in."""
    found = dict.fromkeys(EVERYBODY, 404)
    found.update(dict.fromkeys(listed, 403), visitor=302)
    found.update(dict.fromkeys(allowed, 200))
    return found


def status_of(office: Office, name: str, address: str, **options: object) -> int:
    """The status alone; a file that was sent is closed."""
    with office.get(name, address, **options) as answer:
        return answer.status_code


def test_who_may_read_and_download(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    for address in ("", "/original", "/pages/1.png", "/pages/1/small.png"):
        wanted = expected(READS_POSITION, LISTS)
        with statuses(wanted) as found:
            for name in wanted:
                found[name] = status_of(office, name, f"/versions/{version}{address}")


def test_nobody_else_reads_a_draft(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf", Visibility.COMPANY, sealed=False)
    for address in ("", "/original", "/pages/1.png", "/pages/1/small.png"):
        wanted = expected({"leaver"}, set())
        with statuses(wanted) as found:
            for name in wanted:
                found[name] = status_of(office, name, f"/versions/{version}{address}")


def test_hidden_and_unknown_look_the_same(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md", Visibility.RECEIVERS)
    unknown = "A" * 22
    for address in ("", "/original", "/pages/1.png", "/pages/2.png"):
        pages = [
            office.get("outsider", f"/versions/{name}{address}") for name in (version, unknown)
        ]
        assert [page.status_code for page in pages] == [404, 404]
        hidden, missing = (text_of(page) for page in pages)
        assert hidden == missing
    for name in ("x", "..", "%00", "A" * 500):
        assert office.get("outsider", f"/versions/{name}").status_code in (404, 308)


def test_a_right_removed_is_gone_with_the_next_request(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    assert status_of(office, "colleague", f"/versions/{version}/pages/1.png") == 200
    with library.desk.resources.write() as uow:
        uow.session.execute(update(Document).values(visibility=Visibility.RECEIVERS))
    for address in ("", "/original", "/pages/1.png"):
        assert office.get("colleague", f"/versions/{version}{address}").status_code == 404


def test_the_text_keeps_its_structure(office: Office, library: Library) -> None:
    version = library.add(EVERY_KIND, "every kind.md")
    page = main_of(office.get("receiver", f"/versions/{version}"))
    for part in (
        "<h2>Title</h2>",
        "<h3>Code</h3>",
        "<h4>Deep</h4>",
        "«quotes» &amp; 5 &lt; 6.",
        "if a &lt; b:\n    run()",
        '<th scope="col">name</th>',
        "<td>乙</td><td>2</td>",
    ):
        assert part in page, part
    assert re.search(r"<li>\W*one</li>", page)
    assert '<a href="#b-0">Title</a>' in page
    # One h1, and no level left out.
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_header_says_what_this_is(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    text = text_of(office.get("receiver", f"/versions/{version}"))
    digest = hashlib.sha256(CLIENTS.encode()).hexdigest()
    for fact in (
        "version 1",
        "sealed on Mar 2, 2026",
        "from 李 离职",
        "销售经理",
        "客户.md",
        "everyone in this position",
        "characters read.",
        digest,
    ):
        assert fact in text, fact
    assert "This is not the newest version." not in text


def test_an_older_version_leads_to_the_newer(office: Office, library: Library) -> None:
    first = library.add(CLIENTS, "客户.md")
    draft = library.correct(first, CLIENTS + "\n补充。\n", "客户.md", sealed=False)
    assert f"/versions/{draft}" in main_of(office.get("leaver", f"/versions/{first}"))
    page = main_of(office.get("receiver", f"/versions/{first}"))
    assert draft not in page
    assert "This is not the newest version." not in page


def test_the_passage_is_marked_and_has_an_anchor(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    passage = passage_of(library, version, "对账单")
    page = main_of(office.get("receiver", f"/versions/{version}?passage={passage.id}&q=crm2041"))
    assert page.count(f'id="p-{passage.id}"') == 1
    targets = re.findall(r'<div class="block is-target" id="b-(\d+)">', page)
    assert targets == [str(n) for n in range(passage.first_block, passage.last_block + 1)]
    assert "<mark>CRM-2041</mark>" in page
    assert "客户档案 › 对账" in page


def test_a_passage_of_elsewhere_is_kindly_ignored(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    other = library.add("# 秘密\n\n别人的段落。\n", "other.md", Visibility.RECEIVERS)
    foreign = str(passage_of(library, other, "别人").id)
    for asked in (foreign, "0", "-1", "x", "9" * 30, "１", "%00", ""):
        answer = office.get("colleague", f"/versions/{version}?passage={asked}&part=x")
        assert answer.status_code == 200, asked
        page = main_of(answer)
        assert "is-target" not in page, asked
        assert "别人" not in page, asked
        assert "The passage found" not in page, asked


def test_a_long_text_comes_in_parts(
    office: Office, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.services import reading_view

    monkeypatch.setattr(versions, "PART_BLOCKS", 4)
    monkeypatch.setattr(reading_view, "PART_BLOCKS", 4)
    sections = "\n\n".join(f"## Section {n}\n\nText number {n}." for n in range(6))
    version = library.add(sections, "long.md")
    passage = passage_of(library, version, "number 5")
    first = main_of(office.get("receiver", f"/versions/{version}"))
    assert "Text number 1." in first
    assert "Text number 5." not in first
    assert "part 1 of 3" in first
    assert f'href="/versions/{version}?part=3#b-10"' in first
    asked = main_of(office.get("receiver", f"/versions/{version}?passage={passage.id}"))
    assert f'id="p-{passage.id}"' in asked
    assert "part 3 of 3" in asked
    beyond = main_of(office.get("receiver", f"/versions/{version}?part=99"))
    assert "part 3 of 3" in beyond


def test_pages_of_a_pdf_with_boxes_and_the_text_beside_them(
    office: Office, library: Library
) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    passage = passage_of(library, version, "passphrase was changed")
    page = main_of(office.get("receiver", f"/versions/{version}?passage={passage.id}"))
    figures = re.findall(r'<figure class="viewer-page".*?</figure>', page, flags=re.S)
    assert len(figures) == 2
    assert f"/versions/{version}/pages/2.png" in figures[1]
    assert "<rect" not in figures[0]
    assert figures[1].count("<rect") == len(passage.place["boxes"])
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', figures[1])
    assert box is not None
    left, top, right, bottom = passage.place["boxes"][0]
    assert 0 <= left < right <= float(box[1])
    assert 0 <= top < bottom <= float(box[2])
    assert "The passphrase was changed" in page
    assert "page 2" in page


def test_a_picture_is_private_and_asked_for_anew(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    address = f"/versions/{version}/pages/2.png"
    with office.get("receiver", address) as answer:
        assert answer.data.startswith(b"\x89PNG")
        assert answer.mimetype == "image/png"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        known = {"If-None-Match": answer.headers["ETag"]}
    assert status_of(office, "receiver", address, headers=known) == 304
    # The tag alone opens nothing.
    assert status_of(office, "outsider", address, headers=known) == 404
    with statuses(dict.fromkeys(("0", "3", "99999999999999999999", "x"), 404)) as found:
        for number in ("0", "3", "99999999999999999999", "x"):
            found[number] = status_of(office, "receiver", f"/versions/{version}/pages/{number}.png")


def test_thumbnails_lead_to_their_pages(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    page = main_of(office.get("receiver", f"/versions/{version}"))
    small = re.findall(r'<li><a href="#page-(\d)"><img src="([^"]+)"', page)
    assert [number for number, _ in small] == ["1", "2"]
    large = f"/versions/{version}/pages/2.png"
    with office.get("receiver", small[1][1]) as one, office.get("receiver", large) as other:
        assert one.data.startswith(b"\x89PNG")
        assert len(one.data) < len(other.data) / 4
        assert one.headers["ETag"] != other.headers["ETag"]
        assert one.headers["Cache-Control"] == "private, no-cache"
    assert status_of(office, "receiver", f"/versions/{version}/pages/3/small.png") == 404


def test_what_has_no_pages_has_no_pictures(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    assert "viewer-page" not in main_of(office.get("receiver", f"/versions/{version}"))
    assert office.get("receiver", f"/versions/{version}/pages/1.png").status_code == 404


@pytest.mark.parametrize(
    ("filename", "plain"),
    [
        ("客户档案.html", "____.html"),
        ("plain name.html", "plain name.html"),
        ('quote".html', "quote_.html"),
        ("naïve; filename=x.html", "na_ve; filename=x.html"),
    ],
)
def test_an_original_is_a_download_and_an_event(
    office: Office, library: Library, filename: str, plain: str
) -> None:
    content = b"<h1>A page</h1><script>alert(1)</script><!--" + b"x" * 700_000 + b"-->"
    version = library.add(content, filename)
    with office.get("receiver", f"/versions/{version}/original") as answer:
        assert answer.data == content
        headers = answer.headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Length"] == str(len(content))
    assert headers["Cache-Control"] == "no-store"
    assert "sandbox" in headers["Content-Security-Policy"]
    disposition = headers["Content-Disposition"]
    assert disposition.startswith(f'attachment; filename="{plain}"')
    encoded = disposition.rpartition("filename*=UTF-8''")[2]
    assert unquote(encoded) == library.row(version).filename
    (event,) = library.desk.events("version_downloaded")
    assert event.actor_id == library.desk.company.receiver.id
    assert event.subject == version
    assert event.address == "127.0.0.1"


def test_a_refused_download_is_no_event(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md", Visibility.RECEIVERS)
    for name in ("outsider", "hr", "administrator", "departed"):
        assert office.get(name, f"/versions/{version}/original").status_code in (403, 404)
    assert library.desk.events("version_downloaded") == []


def test_a_lost_original_is_told_and_its_text_stays(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    store = library.desk.resources.store
    digest = library.row(version).digest
    with store.local_path(digest) as path:
        kept = path
    kept.chmod(0o644)
    kept.unlink()
    answer = office.get("receiver", f"/versions/{version}/original")
    assert answer.status_code == 503
    assert "damaged or missing" in text_of(answer)
    page = office.get("receiver", f"/versions/{version}")
    assert page.status_code == 200
    assert "The passphrase was changed" in text_of(page)
    assert office.get("receiver", f"/versions/{version}/pages/1.png").status_code == 503


def test_states_of_the_reading(office: Office, library: Library) -> None:
    version = library.desk.upload("leaver", ToHandover(library.case), CLIENTS, "客户.md")
    waiting = text_of(office.get("leaver", f"/versions/{version}"))
    assert "still being read" in waiting
    assert "waiting to be read" in waiting
    library.desk.work()
    assert "王小姐" in text_of(office.get("leaver", f"/versions/{version}"))
    broken = library.desk.upload(
        "leaver", ToHandover(library.case), b"%PDF-1.4 broken", "broken.pdf"
    )
    library.desk.work()
    page = text_of(office.get("leaver", f"/versions/{broken}"))
    assert "This file could not be read" in page
    assert "Read again" in page


def test_reading_again(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    before = library.desk.reading(version).id
    address = f"/versions/{version}/read-again"
    wanted = {"outsider": 404, "colleague": 404, "departed": 404, "visitor": 302}
    wanted["colleague"] = 302  # reads it, so may ask for a better reading
    with statuses(wanted) as found:
        for name in wanted:
            found[name] = office.post(name, address).status_code
    document = library.desk.document(version)
    assert library.desk.reading(version).id != before
    assert library.desk.reading(version).state is ReadingState.QUEUED
    busy = office.post("leaver", address, headers=SCRIPT)
    assert (busy.status_code, busy.json["error"]["code"]) == (409, "reading_not_finished")
    library.desk.work()
    answer = office.post("leaver", address)
    assert answer.headers["Location"] == f"/documents/{document}"
    library.desk.work()
    # An administrator mends what failed and sees nothing of it.
    answer = office.post("administrator", address)
    assert answer.headers["Location"] == "/"
    assert office.get("administrator", f"/versions/{version}").status_code == 404


def test_cancelling_a_reading(office: Office, library: Library) -> None:
    desk = library.desk
    version = desk.upload("leaver", ToHandover(library.case), CLIENTS, "客户.md")
    claim = reading_leases.claim(desk.resources, desk.reading(version).id)
    assert claim is not None
    address = f"/versions/{version}/cancel-reading"
    assert "Cancel the reading" in text_of(office.get("leaver", f"/versions/{version}"))
    for name in ("outsider", "receiver", "colleague"):
        assert office.post(name, address).status_code == 404
    assert office.post("leaver", address).status_code == 302
    # Whoever reads is told with its next progress, and writes nothing more.
    with pytest.raises(reading_leases.LeaseLost):
        reading_leases.renew(desk.resources, claim, pages_done=1)
    assert desk.reading(version).state is ReadingState.FAILED
    page = text_of(office.get("leaver", f"/versions/{version}"))
    assert "Reading was cancelled" in page
    assert [event.subject for event in desk.events("reading_cancelled")] == [version]
    again = office.post("leaver", address, headers=SCRIPT)
    assert (again.status_code, again.json["error"]["code"]) == (409, "reading_finished")
    assert office.post("leaver", f"/versions/{version}/read-again").status_code == 302
    desk.work()
    assert desk.reading(version).state is ReadingState.FINDABLE


def test_looking_writes_nothing(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    with library.desk.resources.read() as uow:
        before = uow.session.scalars(select(Event.id)).all()
    office.get("receiver", f"/versions/{version}")
    with library.desk.resources.read() as uow:
        assert uow.session.scalars(select(Event.id)).all() == before
        assert uow.session.scalars(select(Block.ordinal)).all()
