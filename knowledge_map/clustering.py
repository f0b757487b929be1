"""Grouping sections by what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from knowledge_map.sections import Section
from knowledge_map.source import FloatArray

# Beyond this the tree of similarities takes gigabytes; sections of one document are joined first.
MOST_SECTIONS = 3000


def groups(sections: Sequence[Section], most: int) -> list[list[Section]]:
    """Return the sections in at most `most` groups of like meaning, each in the order given.

    Sections without a vector follow the rest of their document; documents that have none at all
    stand together. The same sections give the same groups; no chance is involved.
    """
    units = _units(sections)
    with_vector = [unit for unit in units if _mean(unit) is not None]
    without = [section for unit in units if _mean(unit) is None for section in unit]
    labels = _labels(with_vector, max(most - bool(without), 1))
    found: dict[int, list[Section]] = {}
    for unit, label in zip(with_vector, labels, strict=True):
        found.setdefault(int(label), []).extend(unit)
    made = list(found.values())
    if without and len(made) < most:
        made.append(without)
    elif without:
        made[-1] += without
    order = {id(section): number for number, section in enumerate(sections)}
    return [sorted(group, key=lambda section: order[id(section)]) for group in made]


def directions(vectors: FloatArray, weights: Sequence[int]) -> FloatArray:
    """Return the vectors seen from their common middle, unit length.

    Texts of one position are all somewhat alike, and embeddings of any two texts even more so; what
    tells them apart is how they differ from the mean.
    """
    if len(vectors) < 2:
        return vectors
    middle = np.average(vectors, axis=0, weights=weights)
    away = vectors - middle
    lengths = np.linalg.norm(away, axis=1, keepdims=True)
    return np.asarray(away / np.maximum(lengths, 1e-9), dtype=np.float32)


def _units(sections: Sequence[Section]) -> list[list[Section]]:
    """What is grouped: sections, each with those of its document that have no vector; documents
    when there are too many sections."""
    whole = len(sections) > MOST_SECTIONS
    by_document: dict[str, list[Section]] = {}
    for section in sections:
        by_document.setdefault(section.document, []).append(section)
    units: list[list[Section]] = []
    for found in by_document.values():
        known = [section for section in found if section.vector is not None]
        if whole or not known:
            units.append(found)
            continue
        rest = [section for section in found if section.vector is None]
        units += [[known[0], *rest], *([section] for section in known[1:])]
    return units


def _mean(unit: Sequence[Section]) -> FloatArray | None:
    pairs = [(each.vector, each.weight) for each in unit if each.vector is not None]
    if not pairs:
        return None
    vectors, weights = zip(*pairs, strict=True)
    return np.asarray(np.average(np.stack(vectors), axis=0, weights=weights), dtype=np.float32)


def _labels(units: Sequence[Sequence[Section]], most: int) -> NDArray[np.int64]:
    if len(units) < 2 or most < 2:
        return np.zeros(len(units), np.int64)
    vectors = np.stack([mean for unit in units if (mean := _mean(unit)) is not None])
    weights = [sum(section.weight for section in unit) for unit in units]
    points = directions(vectors, weights)
    # Ward's rule on unit vectors is cosine distance squared; average linkage would leave one giant
    # group and many single sections.
    tree = linkage(points.astype(np.float64), method="ward")
    wanted = _wanted(len(units), most)
    cuts = range(max(2, round(wanted * 0.6)), min(most, round(wanted * 1.4), len(units)) + 1)
    best, labels = -2.0, np.zeros(len(units), np.int64)
    for count in cuts:
        tried = fcluster(tree, count, criterion="maxclust")
        score = _separation(points, tried)
        # Strictly better by something a person could see: rounding must not choose.
        if score > best + 1e-4:
            best, labels = score, tried
    return np.asarray(labels, np.int64)


def _wanted(units: int, most: int) -> int:
    """Areas for so many sections: 3 for 5, 6 for 20, 13 for 100."""
    return max(2, min(most, round(1.3 * float(np.sqrt(units)))))


def _separation(points: FloatArray, labels: NDArray[np.int32]) -> float:
    """How much nearer each point is to its own group's middle than to the next one's, on average.

    A silhouette over middles: it needs no matrix of all pairs. Groups of a single section count
    nothing, as they do there.
    """
    names, numbers = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return -1.0
    sums = np.zeros((len(names), points.shape[1]), np.float32)
    np.add.at(sums, numbers, points)
    sizes = np.bincount(numbers)
    own = sums[numbers] - points
    alone = sizes[numbers] == 1
    likeness = points @ _unit(sums).T
    rows = np.arange(len(points))
    likeness[rows, numbers] = -2.0
    nearest = 1.0 - likeness.max(axis=1)
    inside = 1.0 - np.einsum("ij,ij->i", points, _unit(own))
    score = (nearest - inside) / np.maximum(np.maximum(nearest, inside), 1e-9)
    score[alone] = 0.0
    return float(score.mean())


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
