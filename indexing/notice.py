"""A notice: one fact about a reading, as a code and values, never as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a file was not read, or what its readers should know about the result.

    Sentences are made from `code` and `facts` where the reader's language is known. The codes in
    use are listed in `docs/formats.md`.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

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
