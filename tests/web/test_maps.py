"""The pages of knowledge maps: who may open them, what stands on them, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.models import Document, Version, Visibility
from portal.services import documents, map_building, readings
from tests.company import Company
from tests.conftest import Outbox
from tests.web.acting import EVERYBODY, Office, main_of, statuses, text_of

SERVERS = "# Server handbook\n\n## Restarting\n\nStop the queue first, then restart.\n"
TRAVEL = "# Travel\n\n## Booking\n\nBook the hotel two weeks ahead.\n"
MAPS_OF = {"leaver", "receiver", "colleague", "head", "chief", "hr"}


@pytest.fixture
def seal(office: Office, case: str, outbox: Outbox) -> Callable[..., str]:
    """Hands in a document, has it read, seals it and builds the map; the version's public id."""
    resources = office.company.resources

    def make(text: str, name: str, visibility: Visibility = Visibility.POSITION) -> str:
        version = office.upload("leaver", f"/handovers/{case}/files", name, text)
        for reading_id in outbox.named("read_version"):
            assert reading_id is not None
            readings.read(resources, reading_id)
        with resources.write(office.company.leaver.id) as uow:
            row = uow.session.scalars(
                select(Document)
                .join(Version, Version.document_id == Document.id)
                .where(Version.public_id == version)
            ).one()
            row.visibility = visibility
            documents.submit_extra(uow, row.public_id)
        map_building.build(resources, office.company.positions["sales"].id)
        return version

    return make


def address(company: Company, position: str = "sales") -> str:
    return f"/positions/{company.positions[position].public_id}/map"


def areas_of(page: str) -> list[str]:
    """Addresses of the areas in the list beside the picture."""
    return re.findall(r'class="map-item [^"]*" href="([^"]+)"', page)


def test_who_may_open_the_pages(office: Office, seal: Callable[..., str]) -> None:
    seal(SERVERS, "servers.md")
    url = address(office.company)
    area = areas_of(main_of(office.get("colleague", url)))[-1]
    expected = {who: 200 if who in MAPS_OF else 404 for who in EVERYBODY} | {"visitor": 302}
    with statuses(expected) as found:
        for who in expected:
            found[who] = office.get(who, url).status_code
    with statuses(expected | {"hr": 404}) as found:
        for who in expected:
            found[who] = office.get(who, area).status_code
    with statuses({**dict.fromkeys(EVERYBODY, 200), "visitor": 302}) as found:
        for who in found.keys() | {*EVERYBODY, "visitor"}:
            found[who] = office.get(who, "/maps").status_code


@pytest.mark.parametrize("path", ["/positions/nothing/map", "/positions/nothing/map/areas/line-a"])
def test_unknown_positions_are_not_found(office: Office, path: str) -> None:
    assert office.get("hr", path).status_code == 404


def test_unknown_areas_are_not_found(office: Office) -> None:
    for area in ("line-nothing", "%00", "a" * 3000):
        assert office.get("colleague", f"{address(office.company)}/areas/{area}").status_code == 404


def test_the_list_equals_the_picture(office: Office, seal: Callable[..., str]) -> None:
    seal(SERVERS, "servers.md")
    seal(TRAVEL, "travel.md")
    page = main_of(office.get("colleague", address(office.company)))
    listed = areas_of(page)
    pictures = re.findall(r"<svg class=\"map-picture.*?</svg>", page, re.S)
    assert len(pictures) == 2
    for picture in pictures:
        drawn = re.findall(r'<a class="map-area [^"]*" href="([^"]+)"', picture)
        assert drawn == listed
    assert len(listed) == 5
    for url in listed:
        assert office.get("colleague", url).status_code == 200


def test_an_area_leads_to_the_passage_in_the_reading_view(
    office: Office, seal: Callable[..., str]
) -> None:
    version = seal(SERVERS, "servers.md")
    area = areas_of(main_of(office.get("colleague", address(office.company))))[-1]
    page = main_of(office.get("colleague", area))
    (link,) = set(re.findall(rf'href="(/versions/{version}\?passage=\d+)"', page))
    assert "Stop the queue first" in page
    assert "is-target" in office.get("colleague", link).get_data(as_text=True)


def test_missing_areas_say_so(office: Office, seal: Callable[..., str]) -> None:
    seal(SERVERS, "servers.md")
    url = address(office.company)
    text = text_of(office.get("colleague", url))
    assert "3 areas are missing" in text
    assert "客户档案: nothing was handed over yet" in office.get("colleague", url).text
    first = areas_of(main_of(office.get("colleague", url)))[0]
    assert "nobody has handed it over yet" in text_of(office.get("colleague", first))


def test_who_reads_only_a_part_is_not_told_what_is_missing(
    office: Office, seal: Callable[..., str]
) -> None:
    seal(SERVERS, "servers.md")
    seal(TRAVEL, "travel.md", Visibility.COMPANY)
    text = text_of(office.get("hr", address(office.company)))
    assert "Travel" in text
    assert "Server handbook" not in text
    assert "missing" not in text
    assert "nothing for you" in text


def test_pages_of_nothing_say_what_comes_next(office: Office) -> None:
    assert "no map of this position yet" in text_of(
        office.get("outsider", address(office.company, "engineer"))
    )
    assert "There is no map for you yet" in text_of(office.get("administrator", "/maps"))


def test_a_map_that_is_behind_says_so(office: Office, case: str, seal: Callable[..., str]) -> None:
    seal(SERVERS, "servers.md")
    url = address(office.company)
    assert "being drawn anew" not in text_of(office.get("colleague", url))
    office.upload("leaver", f"/handovers/{case}/files", "x.txt", "more")
    with office.company.resources.write() as uow:
        position = uow.session.get_one(
            type(office.company.positions["sales"]), office.company.positions["sales"].id
        )
        position.map_wanted_at = uow.resources.clock()
    assert "being drawn anew" in text_of(office.get("colleague", url))


def test_names_from_documents_are_text(office: Office, seal: Callable[..., str]) -> None:
    seal("# <script>alert(1)</script> & co\n\nSome words about it.\n", "<b>x</b>.md")
    url = address(office.company)
    page = office.get("colleague", url).text
    area = areas_of(page)[-1]
    for text in (main_of(office.get("colleague", url)), main_of(office.get("colleague", area))):
        assert "<script" not in text
        assert "<b>" not in text
    assert "style=" not in page
