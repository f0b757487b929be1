"""Words for the fixed terms of the portal, in the language of the request.

One table for each enumeration, and beside it how a state looks (the kinds of `ui.status`), so that
no template decides either.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from indexing.sensitive import Kind
from portal.models import (
    FeedbackWord,
    HandoverState,
    ItemState,
    QuestionState,
    ReadingState,
    RequirementKind,
    Responsible,
    Role,
    SearchOutcome,
    Visibility,
)

SENSITIVE: dict[Kind, LazyString] = {
    Kind.PASSWORD: _l("password"),
    Kind.PRIVATE_KEY: _l("private key"),
    Kind.ACCESS_TOKEN: _l("access token"),
    Kind.IDENTITY_NUMBER: _l("identity number"),
    Kind.BANK_CARD: _l("bank card"),
    Kind.MOBILE_NUMBER: _l("mobile number"),
}
ROLE: dict[Role, LazyString] = {
    Role.HR: _l("HR"),
    Role.ADMINISTRATOR: _l("administrator"),
    Role.AUDITOR: _l("auditor"),
}
HANDOVER_STATE: dict[HandoverState, LazyString] = {
    HandoverState.RUNNING: _l("running"),
    HandoverState.COMPLETED: _l("completed"),
    HandoverState.CANCELLED: _l("cancelled"),
}
HANDOVER_LOOK: dict[HandoverState, str] = {
    HandoverState.RUNNING: "progress",
    HandoverState.COMPLETED: "ok",
    HandoverState.CANCELLED: "neutral",
}
ITEM_STATE: dict[ItemState, LazyString] = {
    ItemState.OPEN: _l("open"),
    ItemState.SUBMITTED: _l("waiting for acceptance"),
    ItemState.RETURNED: _l("returned"),
    ItemState.ACCEPTED: _l("accepted"),
    ItemState.WAIVED: _l("waived"),
}
ITEM_LOOK: dict[ItemState, str] = {
    ItemState.OPEN: "neutral",
    ItemState.SUBMITTED: "progress",
    ItemState.RETURNED: "warn",
    ItemState.ACCEPTED: "ok",
    ItemState.WAIVED: "ok",
}
REQUIREMENT_KIND: dict[RequirementKind, LazyString] = {
    RequirementKind.DOCUMENT: _l("document"),
    RequirementKind.TASK: _l("task"),
    RequirementKind.ENTITIES: _l("list of clients, assets and the like"),
    RequirementKind.ACCESS: _l("access"),
    RequirementKind.SECRET: _l("password or key"),
    RequirementKind.EXTERNAL: _l("confirmation from outside"),
}
RESPONSIBLE: dict[Responsible, LazyString] = {
    Responsible.LEAVER: _l("leaver"),
    Responsible.RECEIVER: _l("receiver"),
    Responsible.HEAD: _l("head"),
}
VISIBILITY: dict[Visibility, LazyString] = {
    Visibility.RECEIVERS: _l("receivers only"),
    Visibility.POSITION: _l("everyone in this position"),
    Visibility.DEPARTMENT: _l("the department"),
    Visibility.COMPANY: _l("the whole company"),
}
READING_STATE: dict[ReadingState, LazyString] = {
    ReadingState.QUEUED: _l("waiting to be read"),
    ReadingState.READING: _l("reading"),
    ReadingState.EMBEDDING: _l("being made findable"),
    ReadingState.FINDABLE: _l("findable"),
    ReadingState.PARTIAL: _l("read in part"),
    ReadingState.FAILED: _l("not read"),
}
QUESTION_STATE: dict[QuestionState, LazyString] = {
    QuestionState.OPEN: _l("waiting for an answer"),
    QuestionState.ANSWERED: _l("answered"),
    QuestionState.WITHDRAWN: _l("taken back"),
}
QUESTION_LOOK: dict[QuestionState, str] = {
    QuestionState.OPEN: "progress",
    QuestionState.ANSWERED: "ok",
    QuestionState.WITHDRAWN: "neutral",
}
SEARCH_OUTCOME: dict[SearchOutcome, LazyString] = {
    SearchOutcome.ANSWERED: _l("an answer found"),
    SearchOutcome.FOUND: _l("passages found"),
    SearchOutcome.ABSTAINED: _l("no answer in the hits"),
    SearchOutcome.NOTHING: _l("nothing found"),
}
SEARCH_LOOK: dict[SearchOutcome, str] = {
    SearchOutcome.ANSWERED: "ok",
    SearchOutcome.FOUND: "neutral",
    SearchOutcome.ABSTAINED: "warn",
    SearchOutcome.NOTHING: "warn",
}
FEEDBACK: dict[FeedbackWord, LazyString] = {
    FeedbackWord.HELPFUL: _l("helpful"),
    FeedbackWord.OUTDATED: _l("outdated"),
    FeedbackWord.UNCLEAR: _l("unclear"),
}
FEEDBACK_LOOK: dict[FeedbackWord, str] = {
    FeedbackWord.HELPFUL: "ok",
    FeedbackWord.OUTDATED: "warn",
    FeedbackWord.UNCLEAR: "warn",
}
FEEDBACK_ICON: dict[FeedbackWord, str] = {
    FeedbackWord.HELPFUL: "check",
    FeedbackWord.OUTDATED: "clock",
    FeedbackWord.UNCLEAR: "question",
}
FILE_KIND: dict[str, LazyString] = {
    "word": _l("Word document"),
    "pdf": _l("PDF"),
    "table": _l("table"),
    "slides": _l("slides"),
    "text": _l("text"),
    "web": _l("web page"),
    "mail": _l("mail"),
    "image": _l("image"),
    "archive": _l("archive"),
    "other": _l("other"),
}
# Of a text, as far as readings tell them apart.
TEXT_LANGUAGE: dict[str, LazyString] = {"zh": _l("Chinese"), "en": _l("English")}
