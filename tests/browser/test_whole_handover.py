"""One handover from its start to its end, by the people who have a part in it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "portal" / "sample_company" / "documents" / "sales"
ORDERS = SAMPLE / "open-orders.docx"
CONTRACTS = SAMPLE / "contract-notes.pdf"
OVERSEAS = SAMPLE / "overseas-clients.md"
PAYMENT = ROOT / "tests" / "files" / "payment.docx"


def item(title: str) -> str:
    return f"details.item:has(.item-title:text-is('{title}'))"


def open_item(person, title: str):
    line = person.page.locator(item(title))
    if line.get_attribute("open") is None:
        line.locator("summary").first.click()
    return line


def submit(person, title: str, statement: str = "") -> None:
    line = open_item(person, title)
    # What is still being read cannot be sealed yet.
    unread = line.locator(".file[data-state=queued], .file[data-state=reading]")
    unread.first.wait_for(state="detached", timeout=60_000)
    if statement:
        line.locator("textarea[name=statement]").fill(statement)
    button = line.locator("button", has_text="Submit for acceptance")
    button.click()
    person.page.locator("#confirm button[value=yes]").click()
    # Not only the sentence: the item before left the same one.
    button.wait_for(state="detached")
    person.wait_for_text("Submitted.")


def accept(person, title: str) -> None:
    open_item(person, title).get_by_role("button", name="Accept").click()
    person.wait_for_text("Accepted.")


def test_a_handover_from_start_to_end(visit) -> None:
    hr = visit("hr")
    hr.go("/handovers/new")
    hr.choose("Who leaves which position?", "李 离职")
    hr.press("Continue")
    hr.choose("Receivers", "王 接收")
    hr.choose("Head", "陈 主管")
    hr.page.fill("[name=last_day]", "2027-03-31")
    hr.press("Start the handover")
    hr.wait_for_text("The handover is started.")
    case = hr.page.url

    # Refused while something required is missing: the page names it and who can act.
    hr.page.get_by_role("link", name="Complete").click()
    hr.page.locator("#complete").get_by_role("button", name="Complete").click()
    hr.wait_for_text("The handover cannot be completed yet")
    assert "客户档案" in hr.text()
    assert "李 离职" in hr.text()

    leaver = visit("leaver")
    leaver.go(case)
    open_item(leaver, "客户档案")
    leaver.upload(item("客户档案"), CONTRACTS, PAYMENT)
    open_item(leaver, "未完成订单")
    leaver.upload(item("未完成订单"), ORDERS)
    leaver.upload("section:has(#extras-title)", OVERSEAS)
    leaver.page.locator(f"{item('客户档案')} .file[data-state=findable]").nth(1).wait_for(
        timeout=60_000
    )
    submit(leaver, "客户档案")
    submit(leaver, "未完成订单")
    submit(leaver, "客户联系确认", "六位客户都已电话确认。")
    submit(leaver, "CRM 账号", "保险库 sales/crm，已转给王接收")
    # Sealed: no way to change or to add is offered any more.
    assert open_item(leaver, "客户档案").locator("input[type=file]").count() == 0

    extra = leaver.page.locator("section:has(#extras-title) .file[data-state=findable]").first
    extra.locator("details[data-menu] summary").click()
    extra.get_by_role("button", name="Submit").first.click()
    if leaver.page.locator("#confirm[open]").count():
        leaver.page.locator("#confirm button[value=yes]").click()
    leaver.page.locator("section:has(#extras-title)").get_by_text("sealed").first.wait_for()

    receiver = visit("receiver")
    receiver.go("/search")
    receiver.page.fill("#query", "合同原件放在哪里")
    receiver.page.locator(".search-form").get_by_role("button", name="Search").click()
    receiver.page.locator(".hit a", has_text="contract-notes").first.click()
    receiver.page.locator(".viewer-boxes rect").first.wait_for()
    assert receiver.page.locator(".block.is-target").count() > 0
    receiver.go("/search?q=shipping terms for overseas clients")
    assert receiver.page.locator(".hit").first.inner_text()
    reading = receiver.page.locator(".hit a").first.get_attribute("href")

    outsider = visit("outsider")
    outsider.go("/search?q=客户")
    assert outsider.page.locator(".hit").count() == 0
    assert outsider.go(case) == 404
    assert outsider.go(reading) == 404

    receiver.go(case)
    line = open_item(receiver, "未完成订单")
    line.get_by_role("link", name="Return with a reason").click()
    dialog = receiver.page.locator("dialog[open]")
    dialog.locator("textarea").fill("请补上 SO-D0411 的收货地点。")
    dialog.get_by_role("button", name="Return").click()
    receiver.wait_for_text("Returned with your reason.")
    for title in ("客户档案", "客户联系确认", "CRM 账号"):
        accept(receiver, title)

    leaver.go(case)
    assert "请补上 SO-D0411 的收货地点。" in leaver.text()
    open_item(leaver, "未完成订单")
    leaver.upload(item("未完成订单"), PAYMENT)
    submit(leaver, "未完成订单")
    receiver.go(case)
    accept(receiver, "未完成订单")

    head = visit("head")
    head.go(case)
    waived = open_item(head, "Desk and badge returned")
    waived.get_by_role("link", name="Waive with a reason").click()
    dialog = head.page.locator("dialog[open]")
    dialog.locator("textarea").fill("远程办公，没有工位。")
    dialog.get_by_role("button", name="Waive").click()
    head.wait_for_text("Waived.")
    head.page.get_by_role("link", name="Complete").click()
    head.page.locator("#complete").get_by_role("button", name="Complete").click()
    head.wait_for_text("The handover is completed.")

    receiver.go("/maps")
    receiver.page.locator("main a[href*='/map']").first.click()
    receiver.page.locator("svg a").first.wait_for()
    assert "客户档案" in receiver.text()
