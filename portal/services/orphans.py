"""Orphans: stored bytes that no row names, because an upload was killed between the two.

They harm nothing but take room. A database put back from a backup knows nothing of newer bytes,
whose rows may still come back with a newer backup: so only old ones are removed, and never all.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, select

from portal.models import Blob
from portal.resources import Resources
from storage import BlobMissing

log = logging.getLogger(__name__)

# Digests asked for in one statement; SQLite takes at most some thousand values.
BATCH = 500


class OtherDatabase(Exception):
    """The database names no bytes at all, so it is hardly the one of this store."""


@dataclass(frozen=True)
class Orphan:
    """Bytes without a row: their size in bytes and how long they have lain there."""

    digest: str
    size: int
    age: timedelta


def find(resources: Resources) -> Iterator[Orphan]:
    """Bytes that no row names, by digest; memory stays at a batch.

    Raises OtherDatabase when the store holds bytes and the database names none at all, and
    storage.StorageError.
    """
    stored = resources.store.digests()
    while digests := list(itertools.islice(stored, BATCH)):
        with resources.read() as uow:
            if not uow.session.scalar(select(exists().where(Blob.digest.is_not(None)))):
                raise OtherDatabase
            found = set(uow.session.scalars(select(Blob.digest).where(Blob.digest.in_(digests))))
        for digest in digests:
            if digest not in found:
                yield from _seen(resources, digest)


def remove(resources: Resources, digest: str, older_than: timedelta) -> bool:
    """Remove the bytes unless a row names them by now or they are younger; whether they are gone.

    An upload of the same bytes makes them young before it writes their row. Raises
    storage.StorageError.
    """
    with resources.read() as uow:
        if uow.session.get(Blob, digest) is not None:
            return False
    gone = resources.store.remove(digest, older_than.total_seconds())
    if gone:
        log.info("removed stored bytes without a row: %s", digest)
    return gone


def _seen(resources: Resources, digest: str) -> Iterator[Orphan]:
    store = resources.store
    try:
        yield Orphan(digest, store.size(digest), timedelta(seconds=store.age(digest)))
    except BlobMissing:
        # Another sweep was faster.
        return
