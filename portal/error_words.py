"""The one table from the portal's errors to HTTP: a status, a sentence, what to do now.

Every code an error can carry has its words here; a test collects the codes from the source.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from indexing.sensitive import Kind
from portal.errors import (
    FileRefused,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    PortalError,
    Refused,
    TooManyAttempts,
)

STATUS: dict[type[PortalError], int] = {
    NotFound: 404,
    Forbidden: 403,
    InvalidInput: 400,
    Refused: 409,
    FileRefused: 422,
    TooManyAttempts: 429,
    NotReady: 503,
}
STATUS_BY_CODE = {"file_too_large": 413, "upload_busy": 423, "disk_full": 507}

WORDS: dict[str, LazyString] = {
    "not_found": _l("There is nothing here that you can open. It may have been moved or removed."),
    "forbidden": _l("You can see this, but you may not do that with it."),
    "invalid_input": _l("Something in the form needs your attention."),
    "too_many_attempts": _l("Too many wrong passwords. Try again in %(minutes)s minutes."),
    "handover_incomplete": _l("The handover cannot be completed yet: required items are missing."),
    "handover_closed": _l("This handover is closed. Nothing in it can be changed any more."),
    "handover_running_already": _l("A handover of this person from this position is running."),
    "item_not_open": _l("This item has been submitted already. A correction is possible when it is returned."),
    "item_not_submitted": _l("This item has not been submitted, so it cannot be accepted or returned."),
    "item_settled": _l("This item is already settled."),
    "item_not_settled": _l("This item is not settled, so there is nothing to take back."),
    "item_empty": _l("There is nothing to submit yet. Add a file first."),
    "version_sealed": _l("This version is sealed. Nobody can change it; upload a new version instead."),
    "document_sealed": _l("This document has been submitted. It can no longer be moved or removed."),
    "document_not_extra": _l("This document belongs to an item; submit the item."),
    "nothing_to_seal": _l("The newest version of this document is sealed already."),
    "item_takes_no_files": _l("Files of a submitted item can be added when it is returned."),
    "secret_takes_no_files": _l("Passwords and keys are never stored here. Write where they are kept instead."),
    "file_missing": _l("No file arrived. Choose a file and try again."),
    "file_empty": _l("The file is empty (0 bytes). Check it on your computer and upload it again."),
    "file_too_large": _l("The file is larger than %(limit)s. Split it, or ask the administrator for a higher limit."),
    "file_cut_off": _l("The upload was cut off. Nothing was stored; please try again."),
    "upload_busy": _l("This file is being sent by another window at this moment."),
    "wrong_offset": _l("The portal has %(offset)s bytes of this file. The upload goes on from there."),
    "file_type_refused": _l("Programs cannot be uploaded. Put documents here, or pack the files into a zip archive."),
    "version_not_read": _l("%(filename)s is still being read. Submit as soon as that is done: the portal first looks for passwords and personal numbers."),
    "reading_was_cancelled": _l("The reading of %(filename)s was cancelled. Have it read again, then submit: the portal first looks for passwords and personal numbers."),
    "sensitive_found": _l("Passwords, keys or personal numbers were found in: %(files)s. Open «Sensitive data» beside each of these files, decide, then submit again."),
    "findings_moved": _l(
        "A password of this version was moved to the vault. Upload a version without it."
    ),
    "findings_settled": _l("Somebody has dealt with this already."),
    "nothing_sensitive": _l("There is nothing to decide about in this version."),
    "same_version": _l("This is exactly the file that is here already as version %(number)s."),
    "disk_full": _l("The portal has no room for this file. The administrator has to make room; your file is not lost, try again later."),
    "store_unavailable": _l("The store of original files cannot be reached. Please try again in a minute."),
    "file_damaged": _l("The stored file is damaged or missing. The administrator has been told in the log."),
    "reading_not_finished": _l("This version is still being read."),
    "reading_finished": _l("The reading of this version is over already."),
    "nobody_to_ask": _l("There is nobody left who could answer questions about this handover."),
    "answer_unread": _l("This handover is closed: a file could not be looked through before it is sealed. Please answer in words."),
    "question_settled": _l("This question is answered already, or was taken back."),
    "blueprint_missing": _l("This position has no checklist yet. Make one first."),
    "blueprint_changed": _l("Somebody has saved a newer version of this checklist meanwhile. Reload and enter your changes again."),
    "model_unavailable": _l("The search model is not available. The administrator can see why with «handover doctor»."),
    "answer_busy": _l("The model that writes answers has too much to do right now. Try again in a minute."),
    "answer_too_late": _l("The model did not answer within %(seconds)s seconds. Try again, or read the passages below."),
    "answer_endpoint_away": _l("The model at %(host)s cannot be reached. The passages below are there; tell the administrator."),
    "answer_endpoint_refused": _l("The model that writes answers refused the request (status %(status)s). Tell the administrator."),
    "answer_unreadable": _l("What the model sent could not be understood. Tell the administrator."),
    "index_mismatch": _l("The search index was made with another model. The administrator has to run «handover index fold»."),
    "index_unreachable": _l("The server that holds the search index does not answer. The administrator can see why with «handover doctor»."),
    "sample_not_empty": _l("There are people in this portal already; the sample company goes into an empty one only."),
    "sample_interrupted": _l("Another version of the portal was stopped while it filled in the sample company."),
    "import_changed": _l("People have changed since this was shown. Look at the new plan and confirm again."),
    "import_impossible": _l("There is nothing to import, or a row is wrong. Nothing was changed."),
    "session_ended": _l("You have been signed out. Sign in again; what you entered is still here."),
    "form_expired": _l("This page was open for too long. Go back, reload it and try again; nothing was changed."),
    "method_not_allowed": _l("This address cannot be used in that way."),
    "bad_request": _l("The request could not be understood. Reload the page and try again."),
    "internal": _l("Something went wrong on our side. Nothing was changed. Please try again; if it stays, tell the administrator."),
    "render_failed": _l("This page cannot be shown as a picture. The text beside it is complete."),
}  # fmt: skip

PROBLEMS: dict[str, LazyString] = {
    "required": _l("Please fill this in."),
    "too_long": _l("At most %(limit)s characters."),
    "choice_unknown": _l("Please choose one of the list."),
    "date_invalid": _l("Please enter a date, for example 2026-11-30."),
    "date_in_past": _l("This day is already over."),
    "date_too_far": _l("This day is more than two years ahead. Check the year."),
    "head_is_leaver": _l("The leaver cannot decide as head in the own handover."),
    "reason_missing": _l("Please give a reason."),
    "text_sensitive": _l(
        "This would be kept for good and read by others, and it holds: %(found)s. Take it out; of a password or key, write where it is kept."
    ),
    "text_or_file": _l("Write the answer or choose one file, not both."),
    "statement_missing": _l("Write in one sentence what was done before you submit."),
    "number_invalid": _l("Please enter a whole number from %(least)s to %(most)s."),
    "password_length": _l("A password needs at least %(least)s characters."),
    "password_wrong": _l("This is not your current password."),
    "password_differs": _l("The two passwords differ."),
    "email_invalid": _l("This is not an e-mail address."),
    "email_taken": _l("There is already a person with this address."),
    "name_taken": _l("There is already one with this name."),
    "not_holder": _l("This person does not hold that position."),
    "receiver_is_leaver": _l("The leaver cannot receive the own handover."),
    "ends_before_start": _l("The end is before the beginning."),
    "duplicate_line": _l("Two lines have the same name."),
    "too_many_lines": _l("A checklist has at most %(limit)s lines."),
    "no_lines": _l("A checklist needs at least one line."),
    "not_a_table": _l("This is neither a CSV nor an XLSX file."),
    "table_too_large": _l("A table may have at most %(limit)s rows. Split it."),
    "no_rows": _l("The table holds no rows."),
    "duplicate_row": _l("This address stands in an earlier row, too."),
    "role_unknown": _l("There is no role «%(role)s»: hr, administrator or auditor."),
    "column_missing": _l("The column «%(column)s» is missing."),
    "own_account": _l("You cannot switch off your own account."),
    "assignment_overlaps": _l("This person holds that position in these days already."),
    "switched_off": _l("This person's account is switched off. Switch it on first."),
    "department_circle": _l("A department cannot be below itself."),
    "own_role": _l("You cannot take the administrator's role from yourself."),
}


def status_of(error: PortalError) -> int:
    """The HTTP status for an error."""
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    return next(code for kind, code in STATUS.items() if isinstance(error, kind))


def words_of(code: str, facts: dict[str, Any]) -> str:
    """The sentence for an error's code, in the language of the request."""
    return str(WORDS[code]) % _shown(facts)


def problem_words(code: str, facts: dict[str, Any]) -> str:
    """The sentence beside a form field."""
    return str(PROBLEMS[code]) % _shown(facts)


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as people read them: seconds in minutes, bytes in the largest fitting unit."""
    from portal.formats import file_size
    from portal.words import SENSITIVE

    shown = dict(facts)
    if "seconds" in facts:
        shown["minutes"] = max(1, round(facts["seconds"] / 60))
    if isinstance(facts.get("limit_bytes"), int):
        shown["limit"] = file_size(facts["limit_bytes"])
    if "found" in facts:
        shown["found"] = ", ".join(
            f"{SENSITIVE[Kind(kind)]} «{cover}»" for kind, cover in facts["found"]
        )
    return shown
