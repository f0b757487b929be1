"""A notice: one fact about a reading, as a code and values, never as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Fact = str | int | float

# Every code a reading can carry, with the names of its facts. Whoever makes sentences of notices
# needs one for each; `part` is empty for the file itself and a path for a member or attachment.
NOTICE_FACTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # The file as it came.
        "empty_file": frozenset(),
        "unsupported_type": frozenset({"media_type"}),
        "corrupt": frozenset({"media_type"}),
        "encrypted_pdf": frozenset(),
        "encrypted_office": frozenset(),
        "encrypted_archive": frozenset(),
        "archive_unsupported": frozenset({"media_type"}),
        "archive_volumes": frozenset(),
        "wrong_password": frozenset(),
        "no_text": frozenset(),
        "office_missing": frozenset({"media_type"}),
        # Bounds, each with the one that was reached.
        "archive_bomb": frozenset({"limit_bytes"}),
        "too_many_members": frozenset({"limit"}),
        "nested_too_deep": frozenset({"limit"}),
        "too_many_pages": frozenset({"pages", "limit"}),
        "too_many_cells": frozenset({"limit"}),
        "image_too_large": frozenset({"pixels", "limit"}),
        "text_cut": frozenset({"limit"}),
        # The reading process.
        "reader_crashed": frozenset({"error"}),
        "reader_timed_out": frozenset({"seconds"}),
        "reader_out_of_memory": frozenset({"limit_bytes"}),
        "reading_cancelled": frozenset(),
        # What became of single pages and parts.
        "page_without_text": frozenset({"page"}),
        "page_unreadable": frozenset({"page"}),
        "pages_not_read": frozenset({"count", "pages"}),
        "parts_not_read": frozenset({"count"}),
        "part_not_read": frozenset({"part", "reason"}),
        "more_warnings": frozenset({"count"}),
        # Optical character recognition.
        "ocr_unavailable": frozenset(),
        "ocr_uncertain": frozenset({"page", "confidence"}),
        # What a reader should know about a text that was read.
        "encoding_guessed": frozenset({"encoding"}),
        "converted": frozenset(),
        "part_converted": frozenset({"part"}),
        "named_otherwise": frozenset({"media_type"}),
    }
)
NOTICE_CODES = frozenset(NOTICE_FACTS)


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a file was not read, or what its readers should know about the result.

    Sentences are made from `code` and `facts` where the reader's language is known. Raises
    ValueError if the code, or its facts' names, are not those of `NOTICE_FACTS`.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if NOTICE_FACTS.get(self.code) != frozenset(self.facts):
            raise ValueError(f"no such notice: {self.code} with {sorted(self.facts)}")

    def to_json(self) -> dict[str, object]:
        """Return the notice as a JSON object; `from_json` is the inverse."""
        return {"code": self.code, "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Notice:
        """Build a notice from `to_json`'s object. Raises ValueError if it is something else."""
        code, facts = value.get("code"), value.get("facts", {})
        if not isinstance(code, str) or not isinstance(facts, Mapping):
            raise ValueError("not a notice")
        if not all(isinstance(fact, str | int | float) for fact in facts.values()):
            raise ValueError("a notice's facts are strings and numbers")
        return cls(code, dict(facts))
