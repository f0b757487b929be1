"""Sentences about readings: what was read, or why not and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from portal.error_words import WORDS
from portal.formats import file_size, moment
from portal.models import Reading, ReadingState
from portal.services.progress import Progress

# One for each code of `indexing.notice.NOTICE_FACTS`; a test compares them.
NOTICES: dict[str, LazyString] = {
    "empty_file": _l("The file is empty. Check it on your computer and upload it again."),
    "unsupported_type": _l(
        "Files of this kind cannot be read, only kept and downloaded. "
        "Upload a PDF of it as well, so that it can be found."
    ),
    "corrupt": _l(
        "The file is damaged. Open it on your computer, save it again and upload the new file."
    ),
    "encrypted_pdf": _l(
        "This PDF has a password for opening it. Please upload a copy without a password."
    ),
    "encrypted_office": _l(
        "This file has a password for opening it. Please upload a copy without a password."
    ),
    "encrypted_archive": _l(
        "This archive has a password. Please upload a copy without a password."
    ),
    "archive_unsupported": _l(
        "This archive cannot be unpacked on this server. "
        "Pack the files as .zip and upload that."
    ),
    "archive_volumes": _l(
        "This is one part of an archive in several parts. Unpack all the parts on your computer "
        "and upload the files, or pack them as one .zip."
    ),
    "wrong_password": _l("The password does not open this file."),
    "no_text": _l(
        "No text was found in the file. If it is a scan, upload a version with recognised text."
    ),
    "office_missing": _l(
        "Files of this old kind need LibreOffice on the server. "
        "Save it in the new format (.docx, .xlsx, .pptx) and upload that."
    ),
    "archive_bomb": _l(
        "The file unpacks to more than %(limit)s and was not read. Upload its parts one by one."
    ),
    "too_many_members": _l("The archive holds more than %(limit)s files; the rest was not read."),
    "nested_too_deep": _l("Archives in archives were read %(limit)s levels deep."),
    "too_many_pages": _l("Only the first %(limit)s of %(pages)s pages were read."),
    "too_many_cells": _l("The tables hold more than %(limit)s cells; the rest was not read."),
    "image_too_large": _l("A picture is too large to be read."),
    "text_cut": _l("Only the first %(limit)s characters were read."),
    "reader_crashed": _l(
        "The file could not be read because the reader stopped. Save it again in its program, "
        "or upload a PDF of it."
    ),
    "reader_timed_out": _l(
        "Reading took longer than %(seconds)s seconds and was stopped. "
        "Upload it in smaller parts."
    ),
    "reader_out_of_memory": _l(
        "Reading needed more memory than allowed (%(limit)s). Upload it in smaller parts."
    ),
    "reading_cancelled": _l("Reading was cancelled. Have it read again whenever you like."),
    "page_without_text": _l("Page %(page)s holds no text; it may be a scan."),
    "page_unreadable": _l("Page %(page)s could not be read."),
    "pages_not_read": _l("%(count)s of %(pages)s pages could not be read."),
    "parts_not_read": _l("Files inside that could not be read: %(count)s."),
    "part_not_read": _l("«%(part)s» inside could not be read."),
    "more_warnings": _l("There are %(count)s more remarks."),
    "ocr_unavailable": _l("The text in pictures cannot be recognised on this server."),
    "ocr_uncertain": _l(
        "The text of page %(page)s was recognised from a picture and is uncertain."
    ),
    "encoding_guessed": _l(
        "The file does not say how its characters are written; %(encoding)s was assumed. "
        "If they look wrong, save it as UTF-8."
    ),
    "converted": _l(
        "The file is of an old kind. It was read from a copy that LibreOffice converted."
    ),
    "part_converted": _l(
        "«%(part)s» is of an old kind. It was read from a copy that LibreOffice converted."
    ),
    "named_otherwise": _l("The file's name promises another kind than it is."),
}  # fmt: skip


# Why a part of a file was not read, in few words beside its name.
PART_REASONS: dict[str, LazyString] = {
    "empty_file": _l("empty"),
    "unsupported_type": _l("not a kind that can be read"),
    "corrupt": _l("damaged"),
    "encrypted_pdf": _l("has a password"),
    "encrypted_office": _l("has a password"),
    "encrypted_archive": _l("has a password"),
    "archive_unsupported": _l("cannot be unpacked on this server"),
    "archive_volumes": _l("goes on in another part of the archive"),
    "no_text": _l("no text found"),
    "office_missing": _l("needs LibreOffice on the server"),
    "archive_bomb": _l("too large"),
    "image_too_large": _l("too large"),
    "too_many_cells": _l("too large"),
    "reader_timed_out": _l("took too long"),
    "nested_too_deep": _l("lies too deep in other files"),
    "ocr_unavailable": _l("text in pictures cannot be recognised here"),
}
# The lines above a mail, which the readers name in English.
MAIL_LINES: dict[str, LazyString] = {
    "From": _l("Sender"),
    "To": _l("Recipients"),
    "Cc": _l("Copy to"),
    "Date": _l("Sent on"),
}


def mail_line(name: str, value: str) -> str:
    """What stands in a line above a mail; its date in words, where it can be understood."""
    if name != "Date":
        return value
    try:
        sent = parsedate_to_datetime(value)
        # Without a zone it is the sender's own time, which nobody can place.
        return moment(sent) if sent.tzinfo else value
    except (ValueError, OverflowError):
        return value


def part_reason(code: str | None) -> str:
    """Why a part was not read, in few words."""
    return str(PART_REASONS.get(code or "", _l("could not be read")))


def message(reading: Reading) -> str:
    """One sentence on a finished reading: what was read, or why not and what to do.

    Empty while it goes on: the state says enough.
    """
    if not reading.finished:
        return ""
    if reading.state is ReadingState.FAILED:
        return notice(reading.reason or {"code": "reader_crashed"})
    read = _amount(reading)
    reason = notice(reading.reason) if reading.reason else ""
    return f"{read} {reason}".strip()


def progress(line: Progress | None) -> str:
    """How long it will still take, or what it waits for; empty where nobody can know."""
    if line is None:
        return ""
    if line.late:
        return str(
            _(
                "It waits unusually long. It goes on by itself as soon as the server can; "
                "if it does not, tell your administrator."
            )
        )
    if line.seconds is None:
        return ""
    if not line.waiting:
        return about(line.seconds)
    if not line.seconds:
        return str(_("next in turn"))
    return str(_("its turn comes in %(time)s", time=about(line.seconds)))


def about(seconds: float) -> str:
    """A length of time as one says it; nobody can know it more exactly."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return str(_("less than a minute"))
    if minutes < 90:
        return str(ngettext("about %(num)s minute", "about %(num)s minutes", minutes))
    return str(ngettext("about %(num)s hour", "about %(num)s hours", round(minutes / 60)))


def remarks(reading: Reading) -> list[str]:
    """What a reader of the text should know, one sentence each."""
    return [notice(warning) for warning in reading.warnings]


def notice(value: Mapping[str, Any]) -> str:
    """The sentence for a notice as it is kept in a row; the bare code for an unknown one."""
    code = str(value.get("code", ""))
    # What the store holds may be damaged too; that is no notice of the readers.
    words = NOTICES.get(code) or WORDS.get(code)
    if words is None:
        return code
    facts: dict[str, Any] = defaultdict(lambda: "?", value.get("facts") or {})
    if "limit_bytes" in facts:
        facts["limit"] = file_size(int(facts["limit_bytes"]))
    return str(words) % facts


def _amount(reading: Reading) -> str:
    characters = ngettext("%(num)s character", "%(num)s characters", reading.characters)
    if not reading.pages:
        return str(_("%(characters)s read.", characters=characters))
    pages = ngettext("%(num)s page", "%(num)s pages", reading.pages)
    if not reading.ocr_pages:
        return str(_("%(pages)s, %(characters)s read.", pages=pages, characters=characters))
    return str(
        _(
            "%(pages)s, %(characters)s read, %(count)s of the pages recognised from pictures.",
            pages=pages,
            characters=characters,
            count=reading.ocr_pages,
        )
    )
