"""What an index has in Milvus, for comparing it with the rows it was made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from indexing.entry import FloatArray, IdArray
from indexing.milvus_segment import within

# Rows read together.
_TOGETHER = 1000


class MilvusContents:
    """What a collection holds."""

    def __init__(self, client: Any, passages: str, watermark: int) -> None:
        """Read the ids of all passages."""
        self.watermark = watermark
        self.damage: str | None = None
        self._client = client
        self._passages = passages
        found: dict[int, bool] = {}
        if watermark:
            rows = client.query_iterator(
                passages, batch_size=_TOGETHER, output_fields=["passage", "sequence"]
            )
            while part := rows.next():
                found.update((row["passage"], bool(row["sequence"].strip())) for row in part)
            rows.close()
        self.passage_ids: IdArray = np.array(sorted(found), np.int64)
        lost = [passage for passage, worded in sorted(found.items()) if not worded]
        self.wordless: IdArray = np.array(lost, np.int64)

    def vectors(self, passage_ids: IdArray) -> FloatArray:
        """Return the vectors of passages that are all among `passage_ids`, in their order."""
        rows = self._client.query(
            self._passages, filter=within("passage", passage_ids), output_fields=["vector"]
        )
        found = {row["passage"]: row["vector"] for row in rows}
        return np.array([found[each] for each in passage_ids.tolist()], np.float32)
