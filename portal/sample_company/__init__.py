"""A plainly fictitious company that fills an empty installation, so that there is something to see.

`load()` gives it as plain values; nothing here knows the web or the database. README.md beside this
file says how its documents are made.
"""

from __future__ import annotations

from portal.sample_company.company import (
    Assignment,
    Decision,
    Department,
    Document,
    Entity,
    Handover,
    Item,
    ItemState,
    Outcome,
    Person,
    Position,
    Question,
    Requirement,
    RequirementKind,
    Responsible,
    Role,
    Round,
    SampleCompany,
    Text,
    Visibility,
)
from portal.sample_company.loading import load, load_questions
from portal.sample_company.logins import PASSWORD, Login, logins
from portal.sample_company.validation import SampleCompanyInvalid

__all__ = [
    "PASSWORD",
    "Assignment",
    "Decision",
    "Department",
    "Document",
    "Entity",
    "Handover",
    "Item",
    "ItemState",
    "Login",
    "Outcome",
    "Person",
    "Position",
    "Question",
    "Requirement",
    "RequirementKind",
    "Responsible",
    "Role",
    "Round",
    "SampleCompany",
    "SampleCompanyInvalid",
    "Text",
    "Visibility",
    "load",
    "load_questions",
    "logins",
]
