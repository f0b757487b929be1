"""What one process shares between its requests or jobs: engine, store, model, index, sender.

Made after a fork, never before: connections, threads and the model's runtime do not survive one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from portal.database import READ_ONLY, make_engine
from portal.errors import NotReady
from portal.findable import Scopes
from portal.models.base import now
from portal.seals import SealedSession
from portal.setting_parsers import FOLDER
from portal.settings import Settings
from portal.unit_of_work import Job, UnitOfWork
from storage import BlobStore, open_store

if TYPE_CHECKING:
    from indexing.encoder import Encoder
    from indexing.index import Index
    from indexing.model_unavailable import ModelUnavailable
    from indexing.shelf import Shelf
    from portal.models import EmbeddingModel

Sender = Callable[[Job], None]


@dataclass
class Resources:
    """One for each process. `send` delivers a job to the broker; it may fail, see `UnitOfWork`."""

    settings: Settings
    send: Sender
    clock: Callable[[], datetime] = now
    scopes: Scopes = field(default_factory=Scopes)
    _encoder: Encoder | None = None
    _other: tuple[str, Encoder | ModelUnavailable] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _index: tuple[str, Index] | None = None
    _index_lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        return make_engine(self.settings.database_url)

    @cached_property
    def _reading_engine(self) -> Engine:
        """The same for transactions that only read."""
        return self.engine.execution_options(**{READ_ONLY: True})

    @cached_property
    def store(self) -> BlobStore:
        """The original files."""
        settings = self.settings
        return open_store(settings.blob_store, reserve=settings.free_disk_reserve_bytes)

    @cached_property
    def aside(self) -> ThreadPoolExecutor:
        """Threads for what is computed while a request goes on with something else: as many as
        requests are answered at a time, so that none waits for another's."""
        return ThreadPoolExecutor(self.settings.web_threads, thread_name_prefix="aside")

    @property
    def encoder(self) -> Encoder:
        """The model, loaded at first use. Raises indexing.encoder.ModelUnavailable."""
        # Only here: the runtime of the model costs seconds that most commands never need.
        from indexing.encoder import Encoder

        with self._lock:
            if self._encoder is None:
                self._encoder = Encoder.load(
                    self.settings.model,
                    self.settings.model_folder,
                    threads=self.settings.encoder_threads,
                )
            return self._encoder

    def encoder_of(self, model: EmbeddingModel) -> Encoder:
        """The encoder whose vectors can be compared with those of a model that made vectors here.

        While the portal changes to another model this is not the one of the settings. Raises
        ModelUnavailable, also when what its name stands for has changed.
        """
        from indexing.encoder import BUNDLED
        from indexing.model_unavailable import ModelUnavailable

        name = model.name or BUNDLED
        loaded = self._encoder
        if name == self.settings.model or (loaded and loaded.identity == model.identity):
            encoder = self.encoder
        else:
            encoder = self._other_encoder(name)
        if encoder.identity != model.identity:
            raise ModelUnavailable(name, "not_loadable", f"it is not {model.identity} any more")
        return encoder

    def _other_encoder(self, name: str) -> Encoder:
        """A model the settings no longer name. Raises ModelUnavailable, tried once."""
        from indexing.encoder import Encoder
        from indexing.model_unavailable import ModelUnavailable

        with self._lock:
            if self._other is None or self._other[0] != name:
                loaded: Encoder | ModelUnavailable
                settings = self.settings
                try:
                    loaded = Encoder.load(name, settings.model_folder, settings.encoder_threads)
                except ModelUnavailable as error:
                    loaded = error
                self._other = (name, loaded)
            found = self._other[1]
        if isinstance(found, ModelUnavailable):
            raise found
        return found

    def index_folder(self, identity: str) -> Path:
        """Where the index of one model lies: each has its own, so one is made beside another."""
        return self.settings.index_folder / f"model-{_short(identity)}"

    def shelf(self, identity: str, dimension: int) -> Shelf:
        """The sealed part of the index of one model, in its folder or in Milvus."""
        from indexing.shelf import FolderShelf

        folder, index = self.index_folder(identity), self.settings.index
        if index == FOLDER:
            return FolderShelf(folder, identity, dimension)
        from indexing.milvus_shelf import MilvusShelf

        url = index.removeprefix("milvus+").removeprefix("file://")
        return MilvusShelf(url, f"handover_{_short(identity)}", folder, (identity, dimension))

    def index(self, active: EmbeddingModel | None) -> Index:
        """The search index of the active model, opened at first use; catch it up before a search.

        Raises NotReady: model_unavailable when there are no vectors yet and no model either,
        index_mismatch when somebody put the folder of another model in its place.
        """
        from indexing.index import IdentityMismatch, Index
        from indexing.model_unavailable import ModelUnavailable

        if active is not None:
            # Each time: another process may have changed the model.
            identity, dimension = active.identity, active.dimension
        else:
            try:
                identity, dimension = self.configured_model()
            except ModelUnavailable as error:
                raise NotReady("model_unavailable") from error
        with self._index_lock:
            if self._index is None or self._index[0] != identity:
                try:
                    opened = Index.on(self.shelf(identity, dimension))
                except IdentityMismatch as error:
                    raise NotReady("index_mismatch") from error
                self._index = (identity, opened)
            return self._index[1]

    def configured_model(self) -> tuple[str, int]:
        """Identity and dimension of the model the settings name, loaded only if that needs it.

        Raises ModelUnavailable.
        """
        from indexing.encoder import known_identity

        known = known_identity(self.settings.model) if self._encoder is None else None
        return known or (self.encoder.identity, self.encoder.dimension)

    def today(self) -> date:
        """The date where the company is."""
        return self.clock().astimezone(self.settings.zone).date()

    @contextmanager
    def write(
        self, person_id: int | None = None, address: str | None = None
    ) -> Iterator[UnitOfWork]:
        """A transaction that may change things; committed at the end, then its jobs are sent.

        `person_id` None is the portal itself. Raises NotFound for a person who may not act.
        """
        with SealedSession(self.engine, expire_on_commit=False) as session:
            unit = UnitOfWork.begin(session, self, person_id, address)
            yield unit
            unit.commit()

    @contextmanager
    def read(
        self, person_id: int | None = None, address: str | None = None
    ) -> Iterator[UnitOfWork]:
        """A transaction that only reads, and on SQLite waits for nobody."""
        with SealedSession(
            self._reading_engine, expire_on_commit=False, autoflush=False
        ) as session:
            yield UnitOfWork.begin(session, self, person_id, address)

    def close(self) -> None:
        """Give connections back and end threads; for tests and commands that end."""
        if "aside" in self.__dict__:
            self.aside.shutdown()
        self.engine.dispose()


def _short(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
