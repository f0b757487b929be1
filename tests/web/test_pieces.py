"""Sheets as grids, mails as mails, archives as the tree of what lies in them."""

from __future__ import annotations

import io
import re
from email.message import EmailMessage

import openpyxl
import pytest
from openpyxl.comments import Comment
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from sqlalchemy import select

from portal.models import Passage
from portal.reading_words import mail_line
from portal.services import sheets
from tests.indexing.extraction.makers import zipped
from tests.services.library import Library
from tests.web.acting import Office
from tests.web.reading_pages import loose_references, repeated_ids, tree_of, unnamed

# A block of cells holds a hundred rows; a window of the grid some of those.
ROWS = 250


def workbook() -> bytes:
    book = openpyxl.Workbook()
    prices = book.active
    assert prices is not None
    prices.title = "价格"
    prices["A1"] = "Price list 2026"
    # Nothing stands in column C.
    for row in range(2, ROWS + 2):
        prices[f"A{row}"] = "客户" if row == 2 else f"客户 {row}"
        prices[f"B{row}"] = "金额" if row == 2 else row * 10
        prices[f"D{row}"] = "备注" if row == 2 else f"remark on {row}"
    prices["B7"].comment = Comment("ask the boss", "Li")
    second = book.create_sheet("Stock")
    second.append(["part", "count"])
    second.append(["bolt", 5])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def mail(date: str = "Mon, 02 Mar 2026 10:00:00 +0800") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Li <li@example.com>", "wang@example.com"
    message["Subject"] = "报价确认"
    message["Date"] = date
    message.set_content("The offer stands until Friday.")
    message.add_attachment("name,count\nbolt,5\nnut,7\n", subtype="csv", filename="parts.csv")
    archive = zipped({"notes/readme.txt": "Keep the key safe.", "notes/tool.bin": b"\0\1" * 90})
    message.add_attachment(archive, "application", "zip", filename="more.zip")
    return message.as_bytes()


def cells_of(page: HTMLParser) -> dict[str, list[str]]:
    """Texts of the grid by row number, header included."""
    return {
        row.css_first("th").text(): [cell.text() for cell in row.css("td")]
        for row in page.css(".grid tr")
        if row.css("td")
    }


def passage_id(library: Library, words: str) -> int:
    with library.desk.resources.read() as uow:
        found = uow.session.scalars(select(Passage).where(Passage.text.contains(words)))
        return next(iter(found)).id


def good(page: HTMLParser) -> None:
    assert (unnamed(page), repeated_ids(page), loose_references(page)) == ([], [], [])


def test_a_workbook_is_a_grid_at_the_passage(
    office: Office, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "WINDOW_BLOCKS", 2)
    version = library.add(workbook(), "prices.xlsx")
    first = tree_of(office.get("receiver", f"/versions/{version}"))
    good(first)
    assert [tab.text() for tab in first.css(".sheet-tabs a")] == ["价格", "Stock"]
    letters = [cell.text() for cell in first.css(".grid-letters th")]
    assert letters[1:] == ["A", "B", "D"]
    cells = cells_of(first)
    assert cells["1"] == ["Price list 2026", "", ""]
    assert cells["2"] == ["客户", "金额", "备注"]
    assert cells["7"] == ["客户 7", "70", "remark on 7"]
    assert "B7" in first.css_first("main").text()
    assert "ask the boss" in first.css_first("main").text()
    # A later row: its window, the header over it, and its cells marked.
    found = passage_id(library, "remark on 240")
    page = tree_of(office.get("receiver", f"/versions/{version}?passage={found}"))
    cells = cells_of(page)
    assert "5" not in cells
    assert page.css_first(".grid-header").text(separator=" ").split() == ["客户", "金额", "备注"]
    assert cells["240"] == ["客户 240", "2400", "remark on 240"]
    marked = {row.css_first("th").text() for row in page.css(".grid tr") if row.css(".is-target")}
    assert "240" in marked
    assert len(marked) < 100
    numbers = sorted(map(int, marked))
    assert f"A{numbers[0]}:D{numbers[-1]}" in page.css_first("main").text()
    assert page.css_first(f"#p-{found} th").text() == str(numbers[0])
    other = tree_of(office.get("receiver", f"/versions/{version}?sheet=2&part=99"))
    assert cells_of(other) == {"1": ["part", "count"], "2": ["bolt", "5"]}


def test_a_wide_sheet_is_cut_and_says_so(
    office: Office, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_COLUMNS", 2)
    version = library.add("a,b,c,d\n1,2,3,4\n", "wide.csv")
    page = tree_of(office.get("receiver", f"/versions/{version}"))
    assert cells_of(page)["2"] == ["1", "2"]
    assert "2 more columns are in the original" in page.css_first("main").text()


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:00 -2300", "Mon, 02 Mar 2026 10:00:00 -0000"]
)
def test_a_date_nobody_can_place_is_shown_as_it_stands(
    office: Office, library: Library, date: str
) -> None:
    version = library.add(mail(date), "offer.eml")
    page = tree_of(office.get("receiver", f"/versions/{version}"))
    assert date in page.css_first(".mail-head").text()
    assert mail_line("Date", "last Friday") == "last Friday"


def test_a_mail_with_its_attachments(office: Office, library: Library) -> None:
    version = library.add(mail(), "offer.eml")
    page = tree_of(office.get("receiver", f"/versions/{version}"))
    good(page)
    head = page.css_first(".mail-head").text(separator=" ")
    for part in ("报价确认", "Li <li@example.com>", "wang@example.com", "Mar 2, 2026"):
        assert part in head
    text = page.css_first("article").text()
    assert text.count("报价确认") == 1
    assert "until Friday" in text
    assert "bolt" not in text
    links = {link.text(): link.attributes["href"] or "" for link in page.css(".tree a")}
    assert set(links) == {"parts.csv", "more.zip", "readme.txt"}
    table = tree_of(office.get("receiver", links["parts.csv"]))
    good(table)
    assert cells_of(table)["3"] == ["nut", "7"]
    assert [link.text() for link in table.css(".piece-trail a")] == ["offer.eml"]
    # A passage of an attachment opens the attachment.
    found = passage_id(library, "key safe")
    inner = tree_of(office.get("receiver", f"/versions/{version}?passage={found}"))
    assert inner.css_first(f"#p-{found}") is not None
    assert "until Friday" not in inner.css_first("article").text()
    trail = [step.text() for step in inner.css(".piece-trail li")]
    assert trail == ["offer.eml", "more.zip", "readme.txt"]


def test_an_archive_is_a_tree_with_the_state_of_each(office: Office, library: Library) -> None:
    members = {"a/b/one.txt": "First text.", "a/two.eml": mail(), "a/raw.bin": b"\0\1\2" * 40}
    version = library.add(zipped(members), "all.zip")
    page = tree_of(office.get("receiver", f"/versions/{version}"))
    good(page)
    lines = [re.sub(r"\s+", " ", node.text().strip()) for node in page.css(".tree-file")]
    assert lines[0].startswith("one.txt")
    assert lines[0].endswith("read")
    (unread, inner) = [line for line in lines if ".bin" in line]
    assert unread.startswith("tool.bin")
    assert inner.endswith("not read not a kind that can be read")
    assert [each.text().strip() for each in page.css(".tree summary")] == ["a", "b", "notes"]
    assert "First text" not in page.css_first("article").text()
    for unknown in ("nothing", "a", "%00", "../x", ""):
        answer = office.get("receiver", f"/versions/{version}?inside={unknown}&sheet=x&part=-1")
        assert answer.status_code == 200
        assert "First text" not in answer.get_data(as_text=True)
    one = office.get("receiver", f"/versions/{version}?inside=a/b/one.txt")
    assert "First text" in one.get_data(as_text=True)
    assert office.get("outsider", f"/versions/{version}?inside=a/b/one.txt").status_code == 404
