"""Digests of passages, by which texts that are nearly the same are found."""

from __future__ import annotations

import hashlib
import unicodedata


def digest(text: str) -> int:
    """Return a number that is the same for texts that differ only in spaces, width and case.

    64 bits, signed, as databases keep them: among a hundred million passages two different ones
    share one with a probability of a few in ten thousand.
    """
    same = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return int.from_bytes(hashlib.blake2b(same.encode(), digest_size=8).digest(), signed=True)
