"""What hands do to files and pages: drop a folder, stop an upload in the middle, zoom."""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qs, urlsplit

from tests.browser.test_whole_handover import CONTRACTS

MIB = 2**20
SLOW = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 200_000}
FAST = {**SLOW, "latency": 0, "uploadThroughput": -1}
EXTRAS = "section:has(#extras-title)"


def test_a_folder_is_dropped_an_upload_stopped_and_a_page_enlarged(
    visit, colleague_case: str, tmp_path
) -> None:
    leaver = visit("colleague")
    leaver.go(colleague_case)
    tools = leaver.page.context.new_cdp_session(leaver.page)

    folder = tmp_path / "桌面"
    (folder / "客户").mkdir(parents=True)
    (folder / "phrases.md").write_text("# 常用话术\n\n先问对方的交货期。", "utf-8")
    (folder / "客户" / "visits.txt").write_text("每月第一周拜访。", "utf-8")
    (folder / ".DS_Store").write_bytes(b"litter of the system")
    zone = leaver.page.locator(f"{EXTRAS} [data-dropzone]")
    zone.scroll_into_view_if_needed()
    box = zone.bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
    for name in ("phrases", "visits"):
        leaver.page.locator(f"{EXTRAS} [data-upload-rows] .file", has_text=name).wait_for()
    assert leaver.page.locator(f"{EXTRAS} .file", has_text="DS_Store").count() == 0

    # Large to send, little to read.
    large = tmp_path / "large.html"
    large.write_text("<p>客户沟通记录。</p>" + "<!-- nothing -->" * 60_000, "utf-8")
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", SLOW)
    leaver.page.locator(f"{EXTRAS} input[type=file]").set_input_files(str(large))
    sending = leaver.page.locator(f"{EXTRAS} [data-upload-queue] .file")
    sending.get_by_text(re.compile(r"\d+ ?%")).first.wait_for()
    sending.get_by_role("button", name="Cancel").click()
    sending.get_by_role("button", name="Try again").wait_for()
    stored = leaver.page.locator(f"{EXTRAS} [data-upload-rows] .file", has_text="large")
    assert stored.count() == 0
    tools.send("Network.emulateNetworkConditions", FAST)
    sending.get_by_role("button", name="Try again").click()
    stored.wait_for()
    leaver.page.reload()
    assert stored.count() == 1

    leaver.upload(EXTRAS, CONTRACTS)
    leaver.page.locator(f"{EXTRAS} .file[data-state=findable]", has_text=CONTRACTS.stem).wait_for()
    leaver.page.locator(f"{EXTRAS} .file", has_text=CONTRACTS.stem).get_by_role(
        "link"
    ).first.click()
    picture = leaver.page.locator("[data-page] img").first
    picture.wait_for()
    width = picture.bounding_box()["width"]
    leaver.page.locator("[data-viewer-action=larger]").first.click()
    assert picture.bounding_box()["width"] > 1.2 * width
    pages = leaver.page.locator(".viewer-pages")
    pages.press("0")
    assert abs(picture.bounding_box()["width"] - width) < 2
    pages.press("-")
    assert picture.bounding_box()["width"] < 0.9 * width
    pages.press("+")
    assert abs(picture.bounding_box()["width"] - width) < 2
    # Ctrl and + is the browser's own zoom.
    pages.press("Control++")
    assert abs(picture.bounding_box()["width"] - width) < 2
    position = leaver.page.locator("[data-viewer-position]")
    for key, number in (("j", 2), ("k", 1), ("PageDown", 2), ("PageUp", 1)):
        pages.press(key)
        position.get_by_text(f"Page {number} of", exact=False).wait_for()


def test_a_password_is_decided_about_before_the_seal(visit, colleague_case: str, tmp_path) -> None:
    leaver = visit("colleague")
    leaver.go(colleague_case)
    held = tmp_path / "accounts.md"
    held.write_text("# CRM\n\n登录密码：Qx7#mZp2w9\n\n每周五备份。", "utf-8")
    leaver.upload(EXTRAS, held)
    file = leaver.page.locator(f"{EXTRAS} .file[data-state=findable]", has_text="accounts")
    file.get_by_role("button", name="Submit").first.click()
    leaver.page.locator("#confirm button[value=yes]").click()
    leaver.wait_for_text("Passwords, keys or personal numbers were found in: accounts.md")
    leaver.go(colleague_case)
    file.get_by_role("link", name="Sensitive data").click()
    assert "Qx7" not in leaver.text()
    leaver.page.get_by_label("Why is it kept?").fill("测试账号，下周停用")
    leaver.press("Keep it")
    leaver.wait_for_text("Noted with your reason.")
    file.get_by_role("button", name="Submit").first.click()
    leaver.page.locator("#confirm button[value=yes]").click()
    file.get_by_text("sealed").first.wait_for()


def test_a_large_file_goes_on_where_its_line_broke(visit, colleague_case: str, tmp_path) -> None:
    leaver = visit("colleague")
    leaver.go(colleague_case)
    tools = leaver.page.context.new_cdp_session(leaver.page)
    tools.send("Network.enable")
    sent: list[int] = []
    leaver.page.on(
        "request",
        lambda request: (
            sent.append(int(request.headers["upload-offset"]))
            if request.method == "PATCH"
            else None
        ),
    )
    # No format at all: kept, and said to be unread at once.
    large = tmp_path / "recording.raw"
    large.write_bytes(os.urandom(20 * MIB))
    tools.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": 8 * MIB})
    leaver.page.locator(f"{EXTRAS} input[type=file]").set_input_files(str(large))
    sending = leaver.page.locator(f"{EXTRAS} [data-upload-queue] .file")
    sending.get_by_text(re.compile(r"[456]\d ?%")).first.wait_for()
    tools.send("Network.emulateNetworkConditions", {**FAST, "offline": True})
    sending.get_by_text("connection lost").wait_for()
    tools.send("Network.emulateNetworkConditions", FAST)
    leaver.page.locator(f"{EXTRAS} [data-upload-rows] .file", has_text="recording").wait_for()
    assert sending.count() == 0
    # The first piece was sent once, and nothing began anew.
    assert sent.count(0) == 1
    assert max(sent) >= 16 * MIB

    # The same bytes again, under another name: known before anything is sent.
    sent.clear()
    copy = tmp_path / "copy.raw"
    copy.write_bytes(large.read_bytes())
    leaver.page.locator(f"{EXTRAS} input[type=file]").set_input_files(str(copy))
    leaver.page.locator(f"{EXTRAS} [data-upload-rows] .file", has_text="copy").wait_for()
    assert sent == []


def test_what_could_be_meant_is_offered_and_only_offered(visit) -> None:
    """By keys and by hand; what is typed is sent as it stands, and Escape gives it back."""
    person = visit("neighbour")
    for asked in ("对账单 寄给谁", "对账单 几号寄"):
        person.go(f"/search?q={asked}")
    field, offered = person.page.locator("#query"), person.page.get_by_role("option")

    def type_it() -> None:
        field.fill("")
        field.press_sequentially("对账")
        offered.nth(1).wait_for()

    type_it()
    texts = [each.splitlines()[0] for each in offered.all_inner_texts()]
    assert set(texts) == {"对账单 寄给谁", "对账单 几号寄"}
    assert field.get_attribute("aria-expanded") == "true"
    shown = []
    for _ in range(3):
        field.press("ArrowDown")
        active = field.get_attribute("aria-activedescendant")
        shown.append((field.input_value(), active is not None))
    # After the last comes what was typed.
    assert shown == [(texts[0], True), (texts[1], True), ("对账", False)]
    field.press("ArrowUp")
    assert field.input_value() == texts[1]
    field.press("Escape")
    assert (field.input_value(), offered.count()) == ("对账", 0)
    assert field.get_attribute("aria-expanded") == "false"

    def asked_for(text: str) -> None:
        person.page.wait_for_url(lambda url: parse_qs(urlsplit(url).query)["q"] == [text])

    type_it()
    field.press("ArrowDown")
    field.press("Enter")
    asked_for(texts[0])
    type_it()
    field.press("Enter")
    asked_for("对账")
    type_it()
    offered.filter(has_text="几号寄").click()
    asked_for("对账单 几号寄")
