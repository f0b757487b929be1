"""Reading mails and mailboxes."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.indexing.extraction.makers import (
    docx,
    kinds,
    paragraph,
    read,
    reason,
    texts,
    warnings,
    zipped,
)

FILES = Path(__file__).parents[2] / "files"


def mail(
    subject: str = "交接", body: str = "请查收。", sender: str = "a@example.com"
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "b@example.com", subject
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0800"
    message.set_content(body)
    return message


def test_headers_and_text(tmp_path):
    message = mail(sender="张三 <a@example.com>")
    message["Cc"] = "c@example.com"
    found = read(tmp_path, "a.eml", bytes(message))
    assert kinds(found) == [
        ("heading1", "交接"),
        (
            "mail_header",
            "From: 张三 <a@example.com>\nTo: b@example.com\nCc: c@example.com\n"
            "Date: Mon, 02 Mar 2026 10:00:00 +0800",
        ),
        ("paragraph", "请查收。"),
    ]
    assert (found.media_type, found.blocks[2].place.heading_path) == ("message/rfc822", ("交接",))


def test_plain_alternative_is_preferred(tmp_path):
    message = mail(body="plain")
    message.add_alternative("<p>page</p>", subtype="html")
    assert texts(read(tmp_path, "a.eml", bytes(message)))[2:] == ["plain"]
    message = mail(body="\n")
    message.add_alternative("<h1>page</h1>", subtype="html")
    assert kinds(read(tmp_path, "a.eml", bytes(message)))[2:] == [("heading1", "page")]


def test_attachments_are_parts(tmp_path):
    inner = mail("inner", "inside")
    inner.add_attachment(b"deep text", maintype="text", subtype="plain", filename="深.txt")
    message = mail()
    message.add_attachment(
        docx(paragraph("attached")),
        maintype="application",
        subtype="octet-stream",
        filename="附件.docx",
    )
    message.add_attachment(inner)
    message.add_attachment(
        b"\x00\x01\x02\x03" * 99, maintype="audio", subtype="x", filename="a.mp3"
    )
    found = read(tmp_path, "a.eml", bytes(message))
    assert {(block.place.part, block.text) for block in found.blocks} >= {
        ("附件.docx", "attached"),
        ("2.eml", "inside"),
        ("2.eml/深.txt", "deep text"),
    }
    assert (found.status, reason(found)) == ("partial", "parts_not_read")
    assert dict(found.warnings[0].facts) == {"part": "a.mp3", "reason": "unsupported_type"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?gb2312?B?vbu90w==?=", "交接"),
        (b"=?gb2312?Q?=BD=BB=BD=D3?=", "交接"),
        ("交接".encode(), "交接"),
        ("工作交接清单与客户资料".encode("gb18030"), "工作交接清单与客户资料"),
        (b"=?nonsense?B?vbu90w==?=", "交接"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
    ],
)
def test_subjects(tmp_path, raw, text):
    found = read(tmp_path, "a.eml", b"From: a@example.com\nDate: x\nSubject: " + raw + b"\n\nbody")
    assert kinds(found)[0] == ("heading1", text)


@pytest.mark.parametrize("charset", ["gb2312", "GBK", "x-unknown", "", "utf-8"])
def test_bodies_in_the_wrong_charset(tmp_path, charset):
    head = f"From: a\nSubject: s\nContent-Type: text/plain; charset={charset}\n\n".encode()
    text = "离职交接清单,客户资料与合同的去向都在这里"
    assert texts(read(tmp_path, "a.eml", head + text.encode("gb18030")))[-1] == text


def test_broken_multipart_is_shown_as_it_is(tmp_path):
    data = b"From: a\nSubject: s\nContent-Type: multipart/mixed\n\nwhat it holds"
    assert texts(read(tmp_path, "a.eml", data))[-1] == "what it holds"


def test_mailbox(tmp_path):
    mails = b"".join(
        b"From a@example.com Mon Mar  2 10:00:00 2026\n"
        + bytes(mail(f"m{n}", ">From me"))
        + b"\n\n"
        for n in range(3)
    )
    found = read(tmp_path, "a.mbox", mails)
    assert found.media_type == "application/mbox"
    assert [block.place.part for block in found.blocks if block.kind == "heading"] == [
        "1 m0",
        "2 m1",
        "3 m2",
    ]
    assert texts(found)[2] == "From me"
    assert reason(read(tmp_path, "a.mbox", mails, members=2)) == "too_many_members"


def test_deep_mails_end(tmp_path):
    head = "From: a\nSubject: s\n"
    for number in range(500):
        head += f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n"
    found = read(tmp_path, "a.eml", head.encode() + b"Content-Type: text/plain\n\ndeep")
    assert reason(found) in ("nested_too_deep", "parts_not_read", None)
    message = mail()
    for _ in range(8):
        outer = mail("outer")
        outer.add_attachment(message)
        message = outer
    found = read(tmp_path, "a.eml", bytes(message))
    assert found.status == "partial"
    assert "nested_too_deep" in [warning.facts["reason"] for warning in found.warnings]


def test_bomb_in_a_mail(tmp_path):
    message = mail()
    bomb = zipped({f"{n}.txt": bytes(4_000_000) for n in range(9)})
    message.add_attachment(bomb, maintype="application", subtype="zip", filename="a.zip")
    found = read(tmp_path, "a.eml", bytes(message), unpacked_bytes=10_000_000)
    assert (found.status, reason(found)) == ("partial", "archive_bomb")
    assert "请查收。" in texts(found)


def test_outlook_message(tmp_path):
    found = read(tmp_path, "a.msg", (FILES / "message.msg").read_bytes())
    assert kinds(found)[:3] == [
        ("heading1", "Email with Attachment"),
        (
            "mail_header",
            "From: Alice Example <alice@example.com>\nTo: Bob Example <bob@example.com>\n"
            "Date: 2026-05-20 10:30 UTC",
        ),
        ("paragraph", "This email contains an attachment."),
    ]
    assert any(block.place.part for block in found.blocks)
    assert warnings(found) == ["part_not_read"]
