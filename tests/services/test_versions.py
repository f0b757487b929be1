"""Versions: the reading view, the original bytes, the pictures of pages."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from indexing.extraction import media
from portal.errors import FileRefused, Forbidden, NotFound, NotReady
from portal.models import Block, Passage, Reading, Version
from portal.services import documents, items, pictures, readings, versions
from portal.services.pictures import Pages
from portal.services.uploads import ToDocument, ToHandover, ToItem
from portal.services.versions import Window
from portal.unit_of_work import UnitOfWork
from tests.services.conftest import Desk

FILES = Path(__file__).parent.parent / "files"
PDF = (FILES / "rotated.pdf").read_bytes()
TEXT = "# 客户\n\n第一段。\n\n## 订单\n\n第二段。\n"


@pytest.fixture
def version(desk: Desk, item: str) -> str:
    """A sealed version that has been read."""
    made = desk.upload("leaver", ToItem(item), TEXT, "客户.md")
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    desk.work()
    return made


def window(
    uow: UnitOfWork, version: str, passage: str | None = None, part: int | None = None
) -> Window:
    return versions.window(uow, versions.head(uow, version, passage), part=part)


def row(desk: Desk, version: str) -> Version:
    with desk.resources.read() as uow:
        return uow.session.scalars(select(Version).where(Version.public_id == version)).one()


def test_the_reading_view(desk: Desk, version: str) -> None:
    with desk.company.looking("receiver") as uow:
        page = versions.head(uow, version)
        window = versions.window(uow, page)
        assert page.version.public_id == version
        assert page.document.title == "客户"
        assert page.reading is not None
        assert [block.text for block in window.blocks] == ["客户", "第一段。", "订单", "第二段。"]
        assert (page.passage, page.newer, window.part, window.parts) == (None, None, 1, 1)
        assert [block.level for block in versions.headings(uow, version)] == [1, 2]


WHO = {
    "leaver": None,
    "receiver": None,
    "head": None,
    "chief": None,
    "colleague": None,
    "hr": Forbidden,
    "neighbour": NotFound,
    "outsider": NotFound,
    "administrator": NotFound,
    "auditor": NotFound,
    "departed": NotFound,
}


@pytest.mark.parametrize("name", WHO)
def test_who_may_read(desk: Desk, version: str, name: str) -> None:
    for view in (versions.head, versions.original, versions.headings):
        if (error := WHO[name]) is None:
            with desk.company.acting(name) as uow:
                view(uow, version)
        else:
            with pytest.raises(error), desk.company.acting(name) as uow:
                view(uow, version)
    assert len(desk.events("version_downloaded")) == (WHO[name] is None)


def test_a_passage_is_shown_where_it_stands(desk: Desk, case: str, version: str) -> None:
    other = desk.upload("leaver", ToHandover(case), "别的文件", "other.txt")
    desk.work()
    with desk.resources.read() as uow:
        ids = dict(
            uow.session.execute(
                select(Version.public_id, Passage.id)
                .join(Reading, Reading.version_id == Version.id)
                .join(Passage, Passage.reading_id == Reading.id)
                .order_by(Passage.ordinal.desc())
            ).all()
        )
    with desk.company.looking("leaver") as uow:
        shown = versions.head(uow, version, str(ids[version]))
        assert shown.passage is not None
        assert shown.passage.id == ids[version]
        for foreign in (str(ids[other]), "0", "-1", "x", "", "9" * 18, "9" * 40, "²", "1.5", None):
            assert versions.head(uow, version, foreign).passage is None


def test_before_there_is_text(desk: Desk, item: str) -> None:
    made = desk.upload("leaver", ToItem(item), b"\0\1\2" * 50, "a.bin")
    for _ in range(2):
        with desk.company.looking("leaver") as uow:
            page = versions.head(uow, made, "1")
            window = versions.window(uow, page)
            assert (window.blocks, page.passage, window.parts) == ([], None, 1)
            assert versions.headings(uow, made) == []
        desk.work()


def test_a_newer_version_is_pointed_at_once_one_may_read_it(
    desk: Desk, item: str, version: str
) -> None:
    def newer(name: str) -> str | None:
        with desk.company.looking(name) as uow:
            found = versions.head(uow, version).newer
            return found.public_id if found else None

    with desk.company.acting("receiver") as uow:
        items.send_back(uow, item, "more")
    second = desk.upload("leaver", ToDocument(desk.document(version)), "二")
    assert (newer("leaver"), newer("receiver")) == (second, None)
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    assert (newer("leaver"), newer("receiver")) == (second, second)
    with desk.company.looking("receiver") as uow:
        assert versions.head(uow, second).newer is None


def test_a_long_text_comes_in_parts(desk: Desk, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "PART_BLOCKS", 10)
    text = "\n\n".join(f"## {number}\n\n第{number}段。" for number in range(20))
    made = desk.upload("leaver", ToHandover(case), text, "long.md")
    desk.work()
    with desk.resources.read() as uow:
        last = uow.session.scalars(select(Passage).order_by(Passage.ordinal.desc())).first()
        assert last is not None
    with desk.company.looking("leaver") as uow:
        first = window(uow, made)
        assert (first.part, first.parts, len(first.blocks)) == (1, 4, 10)
        found = window(uow, made, str(last.id))
        assert (found.part, found.blocks[-1].text) == (4, "第19段。")
        for asked, given in ((2, 2), (0, 1), (-3, 1), (99, 4)):
            assert window(uow, made, part=asked).part == given
        every = [block for n in range(1, 5) for block in window(uow, made, part=n).blocks]
        assert [block.ordinal for block in every] == list(range(40))


def test_the_original_is_what_was_uploaded(desk: Desk, version: str) -> None:
    with desk.company.acting("receiver") as uow:
        original = versions.original(uow, version)
    with versions.opened(desk.resources, original) as file:
        assert file.read() == TEXT.encode()
    (event,) = desk.events("version_downloaded")
    assert event.actor_id == desk.company.receiver.id
    assert event.facts["filename"] == "客户.md"


def test_an_original_that_is_gone(desk: Desk, version: str) -> None:
    original = row(desk, version)
    with desk.resources.store.local_path(original.digest) as path:
        path.unlink()
    with pytest.raises(NotReady) as caught:
        versions.opened(desk.resources, original)
    assert caught.value.code == "file_damaged"


def test_a_removed_draft_is_gone(desk: Desk, item: str) -> None:
    made = desk.upload("leaver", ToItem(item))
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, desk.document(made))
    for view in (versions.head, versions.original):
        with pytest.raises(NotFound), desk.company.acting("leaver") as uow:
            view(uow, made)


class TestPictures:
    @pytest.fixture
    def pdf(self, desk: Desk, item: str) -> Pages:
        made = row(desk, desk.upload("leaver", ToItem(item), PDF, "a.pdf"))
        return Pages(made.digest, media.PDF)

    def test_a_page_is_drawn_once(self, desk: Desk, pdf: Pages) -> None:
        path = pictures.page_image(desk.resources, pdf, 1)
        with Image.open(path) as picture:
            width, height = pictures.page_sizes(desk.resources, pdf)[0]
            assert picture.format == "PNG"
            assert picture.size == pytest.approx((width * 2, height * 2), abs=2)
        before = path.stat().st_ino
        assert pictures.page_image(desk.resources, pdf, 1) == path
        assert path.stat().st_ino == before
        assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []

    @pytest.mark.parametrize("number", [0, -1, 10_000])
    def test_pages_there_are_not(self, desk: Desk, pdf: Pages, number: int) -> None:
        with pytest.raises(NotFound):
            pictures.page_image(desk.resources, pdf, number)

    def test_many_ask_at_once(self, desk: Desk, pdf: Pages) -> None:
        found: list[Path] = []
        threads = [
            threading.Thread(
                target=lambda: found.append(pictures.page_image(desk.resources, pdf, 1))
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        with Image.open(found[0]) as picture:
            picture.load()

    def test_what_has_no_pages(self, desk: Desk, case: str) -> None:
        made = desk.upload("leaver", ToHandover(case), "text", "a.pdf")
        desk.work()
        with desk.company.looking("leaver") as uow:
            assert pictures.pages(uow, made) is None
        with pytest.raises(NotReady) as caught:
            pictures.page_image(desk.resources, Pages(row(desk, made).digest, media.PDF), 1)
        assert caught.value.code == "render_failed"

    def test_pages_are_known_when_it_is_read(self, desk: Desk, item: str, pdf: Pages) -> None:
        made = desk.upload("leaver", ToItem(item), PDF + b"\n", "b.pdf")
        with desk.company.looking("leaver") as uow:
            assert pictures.pages(uow, made) is None
        desk.work()
        with desk.company.looking("leaver") as uow:
            assert pictures.pages(uow, made) == Pages(row(desk, made).digest, media.PDF)

    def test_a_missing_original(self, desk: Desk, pdf: Pages) -> None:
        with desk.resources.store.local_path(pdf.digest) as path:
            path.unlink()
        with pytest.raises(NotReady) as caught:
            pictures.page_image(desk.resources, pdf, 1)
        assert caught.value.code == "file_damaged"

    def test_the_cache_is_cut_back_and_may_be_lost(self, desk: Desk, pdf: Pages) -> None:
        first = pictures.page_image(desk.resources, pdf, 1)
        size = sum(path.stat().st_size for path in first.parent.iterdir())
        assert pictures.cut_back(desk.resources, size) == 0
        assert pictures.cut_back(desk.resources, 0) == 1
        assert pictures.page_image(desk.resources, pdf, 1).exists()
        assert pictures.cut_back(desk.resources) == 0

    def test_no_cache_yet(self, desk: Desk) -> None:
        assert pictures.cut_back(desk.resources) == 0


def test_errors_of_the_disk_are_told() -> None:
    import errno

    with pytest.raises(FileRefused) as caught, pictures._errors_told():
        raise OSError(errno.ENOSPC, "no room")
    assert caught.value.code == "disk_full"
    with pytest.raises(OSError), pictures._errors_told():
        raise OSError(errno.EIO, "broken")


def test_text_of_a_superseded_reading_is_not_shown(desk: Desk, version: str) -> None:
    with desk.company.acting("leaver") as uow:
        readings.read_again(uow, version)
    with desk.company.looking("leaver") as uow:
        assert window(uow, version).blocks == []
    desk.work()
    with desk.company.looking("leaver") as uow:
        blocks = window(uow, version).blocks
        assert len(blocks) == 4
        assert uow.session.scalars(select(Block)).all() != blocks
