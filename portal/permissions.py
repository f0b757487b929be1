"""Who may do what: one policy, deny by default.

A rule is the clause that selects the rows an action is allowed on. «Which rows?» uses it as it is;
«may this person?» asks whether the row is among them. So the two can never disagree.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_, select

from portal import document_rules, question_rules, search_rules
from portal.actor import Actor, able
from portal.case_rules import (
    VIEW_CASE,
    Clause,
    Rule,
    case,
    heads,
    hr_of_others,
    leaver,
    of_cases,
    receiver,
    role,
    works_here,
)
from portal.models import (
    Document,
    Event,
    Feedback,
    Handover,
    HandoverReceiver,
    Item,
    Position,
    Question,
    Requirement,
    Responsible,
    Role,
    Search,
    Version,
)


class Action(StrEnum):
    """Everything a person can ask the portal to do."""

    START_HANDOVER = "start_handover"
    VIEW_HANDOVER = "view_handover"
    VIEW_RECEIPT = "view_receipt"
    CHANGE_HANDOVER = "change_handover"
    CANCEL_HANDOVER = "cancel_handover"
    COMPLETE_HANDOVER = "complete_handover"
    UPLOAD_EXTRA = "upload_extra"
    VIEW_ITEM = "view_item"
    SUBMIT_ITEM = "submit_item"
    REVIEW_ITEM = "review_item"
    WAIVE_ITEM = "waive_item"
    LIST_DOCUMENT = "list_document"
    CHANGE_DOCUMENT = "change_document"
    LIST_VERSION = "list_version"
    VIEW_VERSION = "view_version"
    DOWNLOAD_VERSION = "download_version"
    SET_DOWNLOAD = "set_download"
    RETRY_READING = "retry_reading"
    DECIDE_FINDINGS = "decide_findings"
    SETTLE_FINDINGS = "settle_findings"
    ASK_QUESTION = "ask_question"
    VIEW_QUESTION = "view_question"
    ANSWER_QUESTION = "answer_question"
    WITHDRAW_QUESTION = "withdraw_question"
    SEARCH = "search"
    VIEW_SEARCH = "view_search"
    VIEW_ASKED = "view_asked"
    GIVE_FEEDBACK = "give_feedback"
    VIEW_FEEDBACK = "view_feedback"
    VIEW_MAP = "view_map"
    VIEW_BLUEPRINT = "view_blueprint"
    EDIT_BLUEPRINT = "edit_blueprint"
    VIEW_EVENT = "view_event"
    BROWSE_EVENTS = "browse_events"
    MANAGE_DEPARTMENTS = "manage_departments"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_POSITIONS = "manage_positions"
    MANAGE_ASSIGNMENTS = "manage_assignments"
    VIEW_HEALTH = "view_health"


def _by_responsible(actor: Actor, leaver: Rule, receiver: Rule, head: Rule) -> Clause:
    """Items of leaver, receiver and head, each in the cases of its own rule."""
    who = {
        Responsible.LEAVER: leaver,
        Responsible.RECEIVER: receiver,
        Responsible.HEAD: head,
    }
    lines = [
        and_(
            Item.requirement_id.in_(select(Requirement.id).where(Requirement.responsible == role)),
            Item.handover_id.in_(select(Handover.id).where(rule(actor))),
        )
        for role, rule in who.items()
    ]
    return and_(works_here(actor), or_(*lines))


def _submits(actor: Actor) -> Clause:
    return _by_responsible(actor, leaver, receiver, heads)


def _able_receiver(actor: Actor, *but: Clause) -> Clause:
    """Cases with a receiver who can act today, other than those of `but`."""
    return Handover.id.in_(
        select(HandoverReceiver.handover_id).where(
            HandoverReceiver.person_id.in_(able(actor.today)), *but
        )
    )


def _reviews(actor: Actor) -> Clause:
    """Receivers review what leaver and head deliver, heads what receivers deliver.

    Nobody reviews what is theirs to deliver. Where that leaves nobody who can act, because the
    receiver has left or is the head as well, the review goes to a head or to HR, so that no case
    can get stuck. `gate.reviewers` names the same people.
    """
    return _by_responsible(actor, _reviews_leaver, _reviews_receivers, _reviews_head)


def _reviews_leaver(actor: Actor) -> Clause:
    return or_(receiver(actor), and_(heads(actor), ~_able_receiver(actor)))


def _reviews_receivers(actor: Actor) -> Clause:
    head_receives = Handover.id.in_(
        select(HandoverReceiver.handover_id).where(HandoverReceiver.person_id == Handover.head_id)
    )
    no_head = or_(Handover.head_id.not_in(able(actor.today)), head_receives)
    return and_(~receiver(actor), or_(heads(actor), and_(hr_of_others(actor), no_head)))


def _reviews_head(actor: Actor) -> Clause:
    no_receiver = ~_able_receiver(actor, HandoverReceiver.person_id != Handover.head_id)
    return and_(~heads(actor), or_(receiver(actor), and_(hr_of_others(actor), no_receiver)))


def _sees_map(actor: Actor) -> Clause:
    mine = select(Handover.position_id).where(or_(receiver(actor), heads(actor)))
    return and_(
        works_here(actor),
        or_(
            Position.id.in_(actor.positions),
            Position.department_id.in_(actor.headed),
            Position.id.in_(mine),
            role(Role.HR)(actor),
        ),
    )


def _looks_after(actor: Actor) -> Clause:
    return and_(
        works_here(actor),
        or_(Position.department_id.in_(actor.headed), role(Role.HR)(actor)),
    )


def _sees_blueprint(actor: Actor) -> Clause:
    return or_(_looks_after(actor), _sees_map(actor))


def _receipts(actor: Actor) -> Clause:
    """The leaver's receipt stays with the leaver for ever, the only thing that does."""
    return or_(leaver(actor), VIEW_CASE(actor), role(Role.AUDITOR)(actor))


# What is told about a file before anybody but its owner may know of it.
ABOUT_FILES = (
    "document_added", "document_changed", "document_removed", "document_restored",
    "version_uploaded", "version_read", "reading_failed", "reading_retried", "reading_cancelled",
    "findings_kept", "findings_moved", "findings_added", "findings_settled", "download_refused",
    "download_allowed",
)  # fmt: skip


def _sees_event(actor: Actor) -> Clause:
    """Events of the own cases; of a file only one's own doing, or when the file may be listed:
    the log must not tell a receiver the name of a draft."""
    everything = role(Role.HR, Role.AUDITOR)(actor)
    versions = select(Version.public_id).where(document_rules.lists_version(actor))
    documents = select(Document.public_id).where(document_rules.lists_document(actor))
    listed = or_(
        Event.kind.not_in(ABOUT_FILES),
        Event.actor_id == actor.id,
        Event.subject.in_(versions),
        Event.subject.in_(documents),
    )
    return or_(everything, and_(of_cases(Event.handover_id, VIEW_CASE)(actor), listed))


# The table a rule's clause is about; None for actions on the portal as a whole.
POLICY: dict[Action, tuple[type[Any] | None, Rule]] = {
    Action.START_HANDOVER: (None, role(Role.HR)),
    Action.VIEW_HANDOVER: (Handover, VIEW_CASE),
    Action.VIEW_RECEIPT: (Handover, _receipts),
    Action.CHANGE_HANDOVER: (Handover, case(hr_of_others)),
    Action.CANCEL_HANDOVER: (Handover, case(hr_of_others)),
    Action.COMPLETE_HANDOVER: (Handover, case(heads, hr_of_others)),
    Action.UPLOAD_EXTRA: (Handover, case(leaver)),
    Action.VIEW_ITEM: (Item, of_cases(Item.handover_id, VIEW_CASE)),
    Action.SUBMIT_ITEM: (Item, _submits),
    Action.REVIEW_ITEM: (Item, _reviews),
    Action.WAIVE_ITEM: (Item, of_cases(Item.handover_id, case(heads))),
    Action.LIST_DOCUMENT: (Document, document_rules.lists_document),
    Action.CHANGE_DOCUMENT: (Document, document_rules.owns_document),
    Action.LIST_VERSION: (Version, document_rules.lists_version),
    Action.VIEW_VERSION: (Version, document_rules.views_version),
    Action.DOWNLOAD_VERSION: (Version, document_rules.downloads_version),
    Action.SET_DOWNLOAD: (Document, document_rules.sets_download),
    Action.RETRY_READING: (Version, document_rules.retries),
    Action.DECIDE_FINDINGS: (Version, document_rules.owns_version),
    Action.SETTLE_FINDINGS: (Version, document_rules.settles_findings),
    Action.ASK_QUESTION: (Handover, question_rules.asks),
    Action.VIEW_QUESTION: (Question, question_rules.views),
    Action.ANSWER_QUESTION: (Question, question_rules.answers),
    Action.WITHDRAW_QUESTION: (Question, question_rules.withdraws),
    Action.SEARCH: (None, works_here),
    Action.VIEW_SEARCH: (Search, search_rules.own_search),
    Action.VIEW_ASKED: (Position, _looks_after),
    Action.GIVE_FEEDBACK: (Version, search_rules.gives_feedback),
    Action.VIEW_FEEDBACK: (Feedback, search_rules.feedback),
    Action.VIEW_MAP: (Position, _sees_map),
    Action.VIEW_BLUEPRINT: (Position, _sees_blueprint),
    Action.EDIT_BLUEPRINT: (Position, _looks_after),
    Action.VIEW_EVENT: (Event, _sees_event),
    Action.BROWSE_EVENTS: (None, role(Role.HR, Role.AUDITOR)),
    Action.MANAGE_DEPARTMENTS: (None, role(Role.ADMINISTRATOR)),
    Action.MANAGE_PEOPLE: (None, role(Role.ADMINISTRATOR)),
    Action.MANAGE_POSITIONS: (None, role(Role.ADMINISTRATOR)),
    Action.MANAGE_ASSIGNMENTS: (None, role(Role.ADMINISTRATOR, Role.HR)),
    Action.VIEW_HEALTH: (None, role(Role.ADMINISTRATOR)),
}

# What a person must be allowed to see, for «you may not» to be the answer instead of «not found».
VISIBLE_BY: dict[type[Any], Action] = {
    Handover: Action.VIEW_HANDOVER,
    Item: Action.VIEW_ITEM,
    Document: Action.LIST_DOCUMENT,
    Version: Action.LIST_VERSION,
    Position: Action.VIEW_BLUEPRINT,
    Question: Action.VIEW_QUESTION,
    Search: Action.VIEW_SEARCH,
    Feedback: Action.VIEW_FEEDBACK,
    Event: Action.VIEW_EVENT,
}


def rows(action: Action, actor: Actor) -> Clause:
    """The clause that selects the rows `action` is allowed on for this person."""
    return POLICY[action][1](actor)
