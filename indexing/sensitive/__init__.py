"""What must not be handed over by accident: credentials and personal numbers, found in text."""

from indexing.sensitive.finding import CREDENTIALS, Finding, Kind
from indexing.sensitive.looking import find
from indexing.sensitive.masking import Excerpt, excerpt

__all__ = ["CREDENTIALS", "Excerpt", "Finding", "Kind", "excerpt", "find"]
