"""The tables, one noun per file. Importing this package registers them all."""

from portal.models.assignment import Assignment
from portal.models.base import Base
from portal.models.blob import Blob
from portal.models.blueprint import Blueprint, Requirement, RequirementKind, Responsible
from portal.models.department import Department
from portal.models.document import Document, Visibility
from portal.models.embedding import Embedding, EmbeddingModel, Reembedding
from portal.models.event import Event
from portal.models.feedback import Feedback, FeedbackWord
from portal.models.findable_change import FindableChange
from portal.models.handover import Handover, HandoverReceiver, HandoverState
from portal.models.index_log import Counter, IndexLogEntry
from portal.models.item import IN_HAND, SETTLED, Item, ItemState
from portal.models.later_findings import LaterFindings
from portal.models.map import Map
from portal.models.passage import Block, Passage
from portal.models.person import Person, Role, RoleGrant
from portal.models.position import Position
from portal.models.question import Question, QuestionState
from portal.models.reading import FINDABLE, FINISHED, Reading, ReadingState
from portal.models.search import Search, SearchOutcome, SearchPosition
from portal.models.sign_in_attempt import SignInAttempt
from portal.models.version import Version

__all__ = [
    "FINDABLE",
    "FINISHED",
    "IN_HAND",
    "SETTLED",
    "Assignment",
    "Base",
    "Blob",
    "Block",
    "Blueprint",
    "Counter",
    "Department",
    "Document",
    "Embedding",
    "EmbeddingModel",
    "Event",
    "Feedback",
    "FeedbackWord",
    "FindableChange",
    "Handover",
    "HandoverReceiver",
    "HandoverState",
    "IndexLogEntry",
    "Item",
    "ItemState",
    "LaterFindings",
    "Map",
    "Passage",
    "Person",
    "Position",
    "Question",
    "QuestionState",
    "Reading",
    "ReadingState",
    "Reembedding",
    "Requirement",
    "RequirementKind",
    "Responsible",
    "Role",
    "RoleGrant",
    "Search",
    "SearchOutcome",
    "SearchPosition",
    "SignInAttempt",
    "Version",
    "Visibility",
]
