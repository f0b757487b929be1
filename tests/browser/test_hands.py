"""What hands do to files and pages: drop a folder, stop an upload in the middle, zoom."""

from __future__ import annotations

import re

from tests.browser.test_whole_handover import CONTRACTS

SLOW = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 200_000}
FAST = {**SLOW, "latency": 0, "uploadThroughput": -1}
EXTRAS = "section:has(#extras-title)"


def start_case(visit) -> str:
    hr = visit("hr")
    hr.go("/handovers/new")
    hr.choose("Who leaves which position?", "赵 同岗")
    hr.press("Continue")
    hr.choose("Receivers", "王 接收")
    hr.choose("Head", "陈 主管")
    hr.page.fill("[name=last_day]", "2027-03-31")
    hr.press("Start the handover")
    hr.wait_for_text("The handover is started.")
    return hr.page.url


def test_a_folder_is_dropped_an_upload_stopped_and_a_page_enlarged(visit, tmp_path) -> None:
    case = start_case(visit)
    leaver = visit("colleague")
    leaver.go(case)
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
    leaver.page.locator(f"{EXTRAS} .file", has_text=CONTRACTS.stem).get_by_role("link").first.click()
    picture = leaver.page.locator("[data-page] img").first
    picture.wait_for()
    width = picture.bounding_box()["width"]
    leaver.page.locator("[data-viewer-action=larger]").first.click()
    assert picture.bounding_box()["width"] > 1.2 * width
    leaver.page.locator(".viewer-pages").press("0")
    assert abs(picture.bounding_box()["width"] - width) < 2

