"""Small pictures of pages and signs of kinds of files, before names in lists."""

from __future__ import annotations

import re
from pathlib import Path

from portal.models import Reading
from portal.services import map_building, pictures
from portal.services.pictures import Preview
from portal.services.uploads import ToHandover
from tests.services.library import CLIENTS, Library
from tests.web.acting import Office, main_of

PDF = Path(__file__).parents[2] / "portal/sample_company/documents/engineering/backup-restore.pdf"


def previews(page: str) -> list[str]:
    return re.findall(r'<span class="preview.*?(?=<div class="file-body">|<h3>)', page, flags=re.S)


def test_rows_of_a_case(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    library.add(CLIENTS, "客户.md")
    picture, sign = previews(main_of(office.get("receiver", f"/handovers/{library.case}")))
    # It has its size before it is there, comes when it is in sight, and is not spoken or reached
    # twice: the name is the link.
    found = re.search(r"<a ([^>]*)><img ([^>]*)>", picture)
    assert found is not None
    assert f'href="/versions/{version}"' in found[1]
    assert 'tabindex="-1" aria-hidden="true"' in found[1]
    assert f'src="/versions/{version}/pages/1/small.png"' in found[2]
    for part in ('width="48"', 'height="60"', 'loading="lazy"', 'alt=""'):
        assert part in found[2]
    assert '<span class="visually-hidden">PDF: </span>' in picture
    assert "<svg" in picture, "seen while the picture is on its way, and where none comes"
    assert "<img" not in sign
    assert '<span class="visually-hidden">text: </span>' in sign
    # Who knows of the file and may not read it is shown the kind alone.
    shown = previews(main_of(office.get("hr", f"/handovers/{library.case}")))
    assert len(shown) == 2
    assert not any("<img" in each or "/versions/" in each for each in shown)


def test_hits_show_the_page_of_the_passage(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    library.add(CLIENTS, "客户.md")
    page = main_of(office.get("receiver", "/search?q=passphrase changed"))
    first = previews(page)[0]
    assert f'src="/versions/{version}/pages/2/small.png"' in first
    assert re.search(rf'href="/versions/{version}\?passage=\d+', first)
    page = main_of(office.get("receiver", "/search?q=CRM-2041"))
    assert "<img" not in previews(page)[0]


def test_documents_of_an_area_of_the_map(office: Office, library: Library) -> None:
    version = library.add(PDF.read_bytes(), "备份.pdf")
    position = office.company.positions["sales"]
    map_building.build(library.desk.resources, position.id)
    address = f"/positions/{position.public_id}/map"
    drawn = main_of(office.get("colleague", address))
    areas = dict.fromkeys(re.findall(rf'href="({address}/areas/[^"]+)"', drawn))
    pages = [main_of(office.get("colleague", area)) for area in areas]
    shown = [page for page in pages if f'href="/versions/{version}"' in page]
    assert shown
    assert all(f'src="/versions/{version}/pages/1/small.png"' in page for page in shown)


def test_what_cannot_be_drawn_is_not_asked_for(office: Office, library: Library) -> None:
    version = library.desk.upload(
        "leaver", ToHandover(library.case), b"%PDF-1.4 broken", "broken.pdf"
    )
    page = office.get("leaver", f"/documents/{library.desk.document(version)}")
    assert "<img" not in previews(main_of(page))[0], "before it is read"
    library.desk.work()
    page = office.get("leaver", f"/documents/{library.desk.document(version)}")
    (shown,) = previews(main_of(page))
    assert "PDF" in shown
    assert "<img" not in shown


def test_kinds() -> None:
    assert pictures.preview(None) == Preview("other", False)
    for media_type, pages, wanted in (
        ("image/jpeg", 1, Preview("image", True)),
        ("image/tiff", 3, Preview("image", True)),
        ("application/pdf", None, Preview("pdf", False)),
        ("message/rfc822", None, Preview("mail", False)),
        ("text/csv", None, Preview("table", False)),
        (None, None, Preview("other", False)),
    ):
        assert pictures.preview(Reading(media_type=media_type, pages=pages)) == wanted
