"""Findings: where something sensitive stands in a text, never what it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was found."""

    PASSWORD = "password"
    PRIVATE_KEY = "private_key"
    ACCESS_TOKEN = "access_token"
    IDENTITY_NUMBER = "identity_number"
    BANK_CARD = "bank_card"
    MOBILE_NUMBER = "mobile_number"


# What opens something; it can be changed and kept in a vault, which a personal number cannot.
CREDENTIALS = frozenset({Kind.PASSWORD, Kind.PRIVATE_KEY, Kind.ACCESS_TOKEN})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something sensitive from `start` up to `end` of the text that was looked through."""

    kind: Kind
    start: int
    end: int
