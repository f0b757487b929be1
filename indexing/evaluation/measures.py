"""Measures of a ranked list, as trec_eval computes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

NAMES = ("ndcg@10", "recall@10", "recall@100", "hit@1", "mrr@10")


def measures(found: Sequence[str], relevant: Mapping[str, int]) -> dict[str, float]:
    """Return each measure of `NAMES` for the documents found, best first, each once.

    `relevant` has a number above zero for every relevant document; the gain is that number.
    """
    gains = [relevant.get(document, 0) for document in found]
    best = sorted(relevant.values(), reverse=True)
    first = next((place for place, gain in enumerate(gains[:10], 1) if gain), None)
    return {
        "ndcg@10": _discounted(gains[:10]) / _discounted(best[:10]),
        "recall@10": _count(gains[:10]) / len(relevant),
        "recall@100": _count(gains[:100]) / len(relevant),
        "hit@1": float(_count(gains[:1])),
        "mrr@10": 1 / first if first else 0.0,
    }


def _count(gains: Iterable[int]) -> int:
    return sum(1 for gain in gains if gain)


def _discounted(gains: Iterable[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))
