"""Optical character recognition of one picture, Chinese and English."""

from __future__ import annotations

import ctypes
import math
import resource
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from indexing.extraction.canvas import opaque, roomy
from indexing.extraction.line import Line
from indexing.extraction.reading_order import in_reading_order
from indexing.extraction.unreadable import Unreadable
from indexing.place import Box

# The longest side of the picture that is looked at: an A4 page has 170 dots an inch then; larger
# ones read no better.
SIDE = 2000
# Lines are looked for in a smaller one: that takes memory by the area, some 220 bytes a pixel, and
# finds the same lines, which are recognised as large as they are. Where a side is shorter than
# this, the detection finds more when it is enlarged.
_DETECTION_PIXELS = 1_200_000
_DETECTION_SIDE = 736
# Wider ones than so many times their height get an edge above and below from the library first.
_STRIP = 8
# Lines recognised together, each as wide as the widest: for every eighth of its height a line
# holds a number for each character there is. More at once are no quicker.
_TOGETHER = 1
_LEAST_SIDE = 6
# Lines below this confidence are left out: they are mostly textures taken for letters.
_LEAST_SCORE = 0.5
# Below this mean a page may be upside down or lie on its side, and the other ways are tried.
_UPRIGHT_SCORE = 0.85
_THREADS = 2
# Of a line's box the letters take about this part of the height.
_SIZE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was read of a picture: lines in reading order, boxes in the picture's own pixels.

    confidence: mean over the characters, between 0 and 1; 0 without lines.
    """

    lines: list[Line]
    confidence: float


def recognised(picture: Image.Image) -> Recognised:
    """Read a picture, turned as it must be. Raises Unreadable (ocr_unavailable)."""
    scale = min(1.0, SIDE / max(picture.size))
    small = opaque(picture)
    if scale < 1:
        size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
        small = small.resize(size, Image.Resampling.LANCZOS)
    if min(small.size) < _LEAST_SIDE:
        return Recognised([], 0.0)
    found = max(_attempts(small), key=_worth)
    if not found.lines and (strip := roomy(small)) is not None:
        edge = (strip.width - small.width) / 2
        inner = max(_attempts(strip), key=_worth)
        found = Recognised([line.moved(-edge) for line in inner.lines], inner.confidence)
    lines = [line.scaled(1 / scale) for line in found.lines]
    return Recognised(lines, found.confidence)


def _attempts(picture: Image.Image) -> list[Recognised]:
    """Read a picture as it is and, where that reads badly, turned."""
    found, tall = _read(picture, 0)
    attempts = [found]
    turns = (90, 270) if tall else (180,) if found.confidence < _UPRIGHT_SCORE else ()
    for turn in turns if found.lines or tall else ():
        attempts.append(_read(picture, turn)[0])
        if attempts[-1].confidence >= _UPRIGHT_SCORE:
            break
    return attempts


def _worth(found: Recognised) -> float:
    return found.confidence * math.sqrt(sum(len(line.text) for line in found.lines))


def _read(picture: Image.Image, turn: int) -> tuple[Recognised, bool]:
    """Read a picture turned clockwise; say also if most lines run up or down."""
    turned = picture.rotate(-turn, expand=True) if turn else picture
    # The library wants blue first.
    engine = _engine()
    _bound_detection(engine, turned.size)
    result = engine(np.asarray(turned)[:, :, ::-1])
    _give_back()
    if result.txts is None or not len(result.txts):
        return Recognised([], 0.0), False
    boxes = result.boxes
    if boxes is None:
        # So low a picture that it was taken for a single line.
        boxes = [[(0, 0), turned.size]] * len(result.txts)
    lines, weights, tall = [], [], 0
    for corners, text, score in zip(boxes, result.txts, result.scores, strict=True):
        if score < _LEAST_SCORE or not text.strip():
            continue
        frame = _box(corners)
        width, height = frame[2] - frame[0], frame[3] - frame[1]
        tall += len(text) > 1 and height > 1.5 * width
        box = _turned_back(frame, turn, picture.size) if turn else frame
        size = _SIZE_SHARE * height
        lines.append(Line(text.strip(), box, size, frame, frame[3], turn=turn))
        weights.append((float(score), len(text)))
    total = sum(length for _, length in weights)
    mean = sum(score * length for score, length in weights) / total if total else 0.0
    return Recognised(in_reading_order(lines), mean), tall * 2 > len(lines)


def _bound_detection(engine: Any, size: tuple[int, int]) -> None:
    """Say how large the detection is to look at a picture: a low strip is not enlarged for ever."""
    width, height = size
    if width > _STRIP * height:
        height = width * 2 // _STRIP
    wanted = max(1.0, _DETECTION_SIDE / min(width, height))
    share = min(wanted, math.sqrt(_DETECTION_PIXELS / (width * height)))
    kind, side = ("max", max(width, height)) if share < 1 else ("min", min(width, height))
    engine.text_det.limit_type, engine.text_det.limit_side_len = kind, round(share * side)


def _give_back() -> None:
    """Return free memory to the system: the next page needs it in other pieces."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def _box(corners: Any) -> Box:
    xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return (min(xs), min(ys), max(xs), max(ys))


def _turned_back(box: Box, turn: int, size: tuple[int, int]) -> Box:
    """Return a box on the turned picture as one on the picture as it was, of this size."""
    left, top, right, bottom = box
    width, height = size
    if turn == 90:
        return (top, height - right, bottom, height - left)
    if turn == 180:
        return (width - right, height - bottom, width - left, height - top)
    return (width - bottom, left, width - top, right)


@lru_cache(1)
def _engine() -> Any:
    """Load the models, once a process. Raises Unreadable (ocr_unavailable)."""
    _take_more_memory()
    try:
        from rapidocr import RapidOCR

        engine: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.max_side_len": SIDE,
                # Turned pages are found here, as a whole: a line alone is turned by mistake.
                "Global.use_cls": False,
                "Global.width_height_ratio": _STRIP,
                "Rec.rec_batch_num": _TOGETHER,
                "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
    except ImportError as error:
        raise Unreadable("ocr_unavailable") from error
    # It loads them when they are first needed, which would be after the detection was bounded.
    engine._load_det_model()
    return engine


def _take_more_memory() -> None:
    """Raise the bound on memory from that of a reader to that which the models need as well."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
