"""Reader of mails: headers, text, attachments as parts."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.html_blocks import write_blocks
from indexing.extraction.mail_text import body, filename, header
from indexing.extraction.parts import read_part
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.text import write_text
from indexing.extraction.unreadable import Unreadable

_SHOWN = ("From", "To", "Cc", "Date")
_DEPTH = 20
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched"})
# Signatures and encrypted wrappers: what they sign or hold is another part, or nobody's to read.
_SILENT = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
     "message/delivery-status", "text/rfc822-headers", "application/pgp-encrypted"}
)  # fmt: skip


def read(source: Source, sink: Sink) -> None:
    """Read one mail. Raises Unreadable (nested_too_deep)."""
    with source.path.open("rb") as file:
        try:
            message = BytesParser().parse(file)
        except RecursionError as error:
            raise Unreadable("nested_too_deep", limit=_DEPTH) from error
    write_message(message, source, sink)


def write_message(message: Message, source: Source, sink: Sink) -> None:
    """Give the sink a mail's subject as heading, its header lines, its text and its parts."""
    sink.heading(header(message, "Subject"), 1)
    lines = [f"{name}: {text}" for name in _SHOWN if (text := header(message, name))]
    sink.add(BlockKind.MAIL_HEADER, "\n".join(lines))
    attachments: list[tuple[str, Message]] = []
    for part in _leaves(message, 0):
        if _is_text(part):
            _write_body(part, sink)
        elif part.get_content_type() not in _SILENT:
            attachments.append((_name(part, len(attachments) + 1), part))
    for name, part in attachments:
        read_part(source, sink, name, _content(part))


def _leaves(message: Message, depth: int) -> Iterator[Message]:
    """Yield the parts that hold something; of alternatives the one that is read best."""
    if depth > _DEPTH:
        raise Unreadable("nested_too_deep", limit=_DEPTH)
    if not message.is_multipart() or message.get_content_maintype() != "multipart":
        yield message
        return
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    if message.get_content_subtype() == "alternative":
        parts = _chosen(parts)
    for part in parts:
        yield from _leaves(part, depth + 1)


def _chosen(parts: list[Message]) -> list[Message]:
    """Return the plain text if it says anything, else the last alternative, the richest."""
    for part in parts:
        if part.get_content_type() == "text/plain" and body(part).strip():
            # A calendar or a picture beside it is no other form of the same text.
            return [
                part,
                *(p for p in parts if p.get_content_maintype() not in ("text", "multipart")),
            ]
    return parts[-1:]


def _is_text(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or filename(part):
        return False
    # A leaf that calls itself multipart has lost its boundaries: what it holds is shown as it is.
    return part.get_content_type() in _TEXTS or part.get_content_maintype() == "multipart"


def _write_body(part: Message, sink: Sink) -> None:
    text = body(part)
    if part.get_content_type() == "text/html":
        write_blocks(text, sink)
    else:
        write_text(text, sink)


def _content(part: Message) -> bytes:
    if part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _name(part: Message, number: int) -> str:
    name = filename(part)
    if name:
        return name
    if part.get_content_type() == media.EML:
        return f"{number}.eml"
    return f"{number}.{part.get_content_subtype()}"
