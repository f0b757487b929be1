"""What must not be handed over by accident: credentials and personal numbers, found in text."""

from indexing.sensitive.finding import CREDENTIALS, Finding, Kind
from indexing.sensitive.looking import find, find_in_blocks
from indexing.sensitive.masking import Excerpt, excerpt, masked

__all__ = [
    "CREDENTIALS",
    "Excerpt",
    "Finding",
    "Kind",
    "excerpt",
    "find",
    "find_in_blocks",
    "masked",
]
