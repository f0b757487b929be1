"""Sentences for events, in the language of the request.

The name of who did it stands beside the sentence. Facts are those of the moment: a document renamed
later keeps its old name here. Old events may lack facts that newer ones have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from portal.models import Event

SENTENCES: dict[str, LazyString] = {
    "signed_in": _l("Signed in."),
    "password_changed": _l("Changed the password."),
    "handover_started": _l(
        "Started the handover of %(leaver)s (%(position)s), last working day %(last_day)s."
    ),
    "handover_changed": _l(
        "Changed the handover: receivers %(receivers)s, head %(head)s, "
        "last working day %(last_day)s."
    ),
    "handover_completed": _l("Completed the handover of %(leaver)s."),
    "handover_cancelled": _l("Cancelled the handover: %(reason)s"),
    "completion_refused": _l("Tried to complete the handover; these were missing: %(missing)s."),
    "item_submitted": _l("Submitted «%(item)s»."),
    "item_accepted": _l("Accepted «%(item)s». %(reason)s"),
    "item_returned": _l("Returned «%(item)s»: %(reason)s"),
    "item_waived": _l("Waived «%(item)s»: %(reason)s"),
    "item_reopened": _l("Took back the waiver of «%(item)s»: %(reason)s"),
    "document_added": _l("Added the document «%(document)s»."),
    "version_uploaded": _l("Uploaded version %(number)s of «%(document)s»: %(filename)s."),
    "version_sealed": _l("Sealed version %(number)s of «%(document)s»."),
    "document_changed": _l("Changed the draft «%(document)s»."),
    "document_removed": _l("Removed the draft «%(document)s»."),
    "document_restored": _l("Put the draft «%(document)s» back."),
    "download_refused": _l("Made «%(document)s» view only: it is read and not downloaded."),
    "download_allowed": _l("Allowed the download of «%(document)s»."),
    "version_downloaded": _l("Downloaded version %(number)s of «%(document)s»."),
    "version_read": _l("Version %(number)s of «%(document)s» was read and can be found."),
    "reading_failed": _l("Version %(number)s of «%(document)s» could not be read."),
    "reading_cancelled": _l("Cancelled the reading of version %(number)s of «%(document)s»."),
    "findings_added": _l(
        "A new reading found sensitive data in version %(number)s of «%(document)s» that the one before it did not."
    ),
    "findings_settled": _l(
        "Dealt with sensitive data found later in version %(number)s of «%(document)s»: %(reason)s"
    ),
    "findings_kept": _l("Keeps sensitive data in version %(number)s of «%(document)s»."),
    "findings_moved": _l(
        "Wrote into «%(item)s» where a password of version %(number)s of «%(document)s» is kept."
    ),
    "reading_retried": _l("Had version %(number)s of «%(document)s» read again."),
    "feedback_given": _l("Said something about version %(number)s of «%(document)s»."),
    "feedback_withdrawn": _l("Took back what was said about version %(number)s of «%(document)s»."),
    "feedback_settled": _l("Dealt with what was said about version %(number)s of «%(document)s»."),
    "question_asked": _l("Sent a question to %(person)s."),
    "question_answered": _l("Answered a question of %(person)s: «%(document)s»."),
    "question_withdrawn": _l("Took back a question."),
    "blueprint_saved": _l("Saved version %(number)s of the checklist of %(position)s."),
    "department_saved": _l("Saved the department %(department)s."),
    "position_saved": _l("Saved the position %(position)s."),
    "person_saved": _l("Saved the person %(person)s."),
    "password_set": _l("Set a new password for %(person)s."),
    "people_imported": _l("Imported %(count)s people from %(filename)s."),
    "assignment_saved": _l("Saved that %(person)s holds the position %(position)s."),
}
# Words for the filter by kind.
KINDS: dict[str, LazyString] = {
    "signed_in": _l("signing in"),
    "password_changed": _l("password changed"),
    "handover_started": _l("handover started"),
    "handover_changed": _l("handover changed"),
    "handover_completed": _l("handover completed"),
    "handover_cancelled": _l("handover cancelled"),
    "completion_refused": _l("completion refused"),
    "item_submitted": _l("item submitted"),
    "item_accepted": _l("item accepted"),
    "item_returned": _l("item returned"),
    "item_waived": _l("item waived"),
    "item_reopened": _l("waiver taken back"),
    "document_added": _l("document added"),
    "version_uploaded": _l("version uploaded"),
    "version_sealed": _l("version sealed"),
    "document_changed": _l("draft changed"),
    "document_removed": _l("draft removed"),
    "document_restored": _l("draft put back"),
    "download_refused": _l("made view only"),
    "download_allowed": _l("download allowed"),
    "version_downloaded": _l("original downloaded"),
    "version_read": _l("version read"),
    "reading_failed": _l("reading failed"),
    "reading_cancelled": _l("reading cancelled"),
    "findings_added": _l("sensitive data found later"),
    "findings_settled": _l("sensitive data found later dealt with"),
    "findings_kept": _l("sensitive data kept"),
    "findings_moved": _l("password moved to the vault"),
    "reading_retried": _l("read again"),
    "feedback_given": _l("feedback given"),
    "feedback_withdrawn": _l("feedback taken back"),
    "feedback_settled": _l("feedback dealt with"),
    "question_asked": _l("question sent"),
    "question_answered": _l("question answered"),
    "question_withdrawn": _l("question taken back"),
    "blueprint_saved": _l("checklist saved"),
    "department_saved": _l("department saved"),
    "position_saved": _l("position saved"),
    "person_saved": _l("person saved"),
    "password_set": _l("password set"),
    "people_imported": _l("people imported"),
    "assignment_saved": _l("assignment saved"),
}
LOOKS: Mapping[str, str] = {
    "handover_started": "progress",
    "handover_completed": "ok",
    "handover_cancelled": "warn",
    "completion_refused": "warn",
    "item_submitted": "progress",
    "item_accepted": "ok",
    "item_returned": "warn",
    "item_waived": "warn",
    "item_reopened": "warn",
    "version_sealed": "ok",
    "question_asked": "progress",
    "feedback_settled": "ok",
    "question_answered": "ok",
    "reading_failed": "bad",
    "findings_added": "warn",
    "findings_settled": "ok",
}


def sentence(event: Event) -> str:
    """What happened; the bare kind for one this program does not know."""
    words = SENTENCES.get(event.kind)
    if words is None:
        return event.kind
    facts: dict[str, Any] = defaultdict(lambda: "—")
    facts.update({name: _shown(value) for name, value in (event.facts or {}).items()})
    return (str(words) % facts).strip()


def kind_words(kind: str) -> str:
    """The name of a kind of event, for a list to choose from."""
    return str(KINDS.get(kind, kind))


def look(event: Event) -> str:
    """How it looks: neutral, progress, ok, warn or bad, as in `ui.status`."""
    return LOOKS.get(event.kind, "neutral")


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
