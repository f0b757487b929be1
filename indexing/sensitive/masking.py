"""Showing where a finding stands without showing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexing.sensitive.finding import Finding, Kind

_AROUND = 40
_DOTS = "•" * 6
# Characters left at the beginning and at the end: enough to know it again, too few to use it.
_LEFT: dict[Kind, tuple[int, int]] = {
    Kind.PASSWORD: (1, 0),
    Kind.PRIVATE_KEY: (0, 0),
    Kind.ACCESS_TOKEN: (4, 0),
    Kind.IDENTITY_NUMBER: (3, 2),
    Kind.BANK_CARD: (0, 4),
    Kind.MOBILE_NUMBER: (3, 2),
}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line around a finding: what stands before it, the finding masked, what follows."""

    before: str
    masked: str
    after: str


def masked(value: str, kind: Kind) -> str:
    """Return the value with its middle covered, always by as many dots."""
    head, tail = _LEFT[kind]
    if len(value) <= 2 * (head + tail):
        return _DOTS
    return value[:head] + _DOTS + (value[-tail:] if tail else "")


def excerpt(text: str, found: Finding, others: Sequence[Finding] = ()) -> Excerpt:
    """Return the line of a finding, shortened, with every one of `others` covered as well."""
    begin = max(text.rfind("\n", 0, found.start) + 1, found.start - _AROUND)
    end = text.find("\n", found.end)
    end = min(len(text) if end < 0 else end, found.end + _AROUND)
    before = _covered(text, begin, found.start, others)
    after = _covered(text, found.end, end, others)
    return Excerpt(
        before=before if begin == 0 or text[begin - 1] == "\n" else f"…{before}",
        masked=masked(text[found.start : found.end], found.kind),
        after=after if end == len(text) or text[end] == "\n" else f"{after}…",
    )


def _covered(text: str, begin: int, end: int, others: Sequence[Finding]) -> str:
    """Return the text from `begin` to `end`, findings in it masked, those half in it left out."""
    parts, here = [], begin
    for other in sorted(others, key=lambda each: each.start):
        if other.start >= end or other.end <= here:
            continue
        parts.append(text[here : max(here, other.start)])
        parts.append(masked(text[other.start : other.end], other.kind))
        here = other.end
    parts.append(text[here:end])
    return "".join(parts)
