"""The steps of a reading, beside its file and above its text, and a near-duplicate pointed out."""

from __future__ import annotations

from portal.services import reading_leases
from portal.services.uploads import ToHandover
from tests.conftest import Clock
from tests.services.library import Library
from tests.web.acting import SCRIPT, Office, main_of, text_of

TEXT = "# 客户\n\n每月拜访 A 公司。\n\n# 订单\n\n三张未完成。\n"


def row(office: Office, library: Library, version: str) -> str:
    """The row of a file as the case page asks for it."""
    answer = office.get("leaver", f"/handovers/{library.case}/live").json
    (html,) = (each["html"] for each in answer["rows"] if each["id"] == f"file-{version}")
    return str(html)


def test_a_row_tells_the_step_and_the_time(office: Office, library: Library, clock: Clock) -> None:
    desk = library.desk
    version = desk.upload("leaver", ToHandover(library.case), TEXT, "客户.md")
    other = desk.upload("leaver", ToHandover(library.case), TEXT, "订单.md")
    assert "next in turn" in row(office, library, version)
    # Of the others nothing is told: they may be anybody's.
    assert "next in turn" not in row(office, library, other)
    assert "before it" not in row(office, library, other)
    claim = reading_leases.claim(desk.resources, desk.reading(version).id)
    assert claim is not None
    clock.move(seconds=28)
    reading_leases.renew(desk.resources, claim, pages_done=7, pages=40)
    shown = row(office, library, version)
    assert "reading: page 7 of 40" in shown
    assert "about 2 minutes" in shown
    assert f"/versions/{version}/cancel-reading" in shown
    assert f"/versions/{version}/read-again" not in shown
    # Without scripts it is the same after loading the page again.
    assert "reading: page 7 of 40" in main_of(office.get("leaver", f"/handovers/{library.case}"))
    assert "reading: page 7 of 40" in text_of(office.get("leaver", f"/versions/{version}"))


def test_a_script_stays_where_it_is(office: Office, library: Library) -> None:
    version = library.desk.upload("leaver", ToHandover(library.case), TEXT, "客户.md")
    live = office.get("leaver", f"/versions/{version}/live").json
    assert live["live"]
    assert "data-stay" in live["rows"][0]["html"]
    answer = office.post("leaver", f"/versions/{version}/cancel-reading", headers=SCRIPT)
    assert (answer.status_code, answer.json) == (200, {"message": "The reading is cancelled."})
    assert f"/versions/{version}/read-again" in row(office, library, version)
    live = office.get("leaver", f"/versions/{version}/live").json
    assert not live["live"]
    assert "Read again" in live["rows"][0]["html"]
    answer = office.post("leaver", f"/versions/{version}/read-again", headers=SCRIPT)
    assert answer.status_code == 200
    library.desk.work()
    live = office.get("leaver", f"/versions/{version}/live").json
    assert "Show the text" in live["rows"][0]["html"]
    assert office.get("outsider", f"/versions/{version}/live").status_code == 404


def test_a_near_duplicate_is_pointed_out(office: Office, library: Library) -> None:
    first = library.desk.upload("leaver", ToHandover(library.case), TEXT, "客户.md")
    library.desk.work()
    second = library.desk.upload("leaver", ToHandover(library.case), TEXT + "\n", "副本.md")
    library.desk.work()
    shown = row(office, library, second)
    assert "100 % of the text is also in" in shown
    assert f'href="/versions/{first}"' in shown
    assert "upload it there as a newer version" in shown
    assert "100 % of the text" in text_of(office.get("leaver", f"/versions/{second}"))
    assert "of the text is also in" not in row(office, library, first)
