"""A watermark: words drawn over a whole picture, light, slanted and repeated.

The letters are those of the font inside OpenCV, which has Chinese, Japanese and Korean ones; so a
name looks the same on every machine, whatever fonts are installed there.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image

from indexing.extraction.canvas import opaque

_FONT = "uni"
_ANGLE = 30
# Letters are this part of the picture's side: 26 pixels on an A4 page as it is shown.
_SHARE = 1 / 54
_LEAST, _MOST = 7, 120
_MOST_WORDS = 160
# Dark words with a light edge: one of them stands out on any ground, and both let it through.
_DARK, _LIGHT = (60, 60, 60), (255, 255, 255)
_DARK_SHARE, _LIGHT_SHARE = 0.24, 0.35


def marked(picture: Image.Image, words: str) -> Image.Image:
    """Return the picture with the words burnt in, several times however it may be cut."""
    canvas = opaque(picture)
    mask = _mask(canvas.size, " ".join(words.split())[:_MOST_WORDS])
    edge = Image.new("L", mask.size)
    edge.paste(mask, (1, 1))
    for colour, shape, share in ((_LIGHT, edge, _LIGHT_SHARE), (_DARK, mask, _DARK_SHARE)):
        canvas.paste(colour, mask=shape.point([round(value * share) for value in range(256)]))
    return canvas


def _mask(size: tuple[int, int], words: str) -> Image.Image:
    """The words all over, in rows of which each second one is shifted."""
    width, height = size
    side = math.sqrt(width * height)
    line = _line(words, side)
    tile = line.rotate(_ANGLE, Image.Resampling.BICUBIC, expand=True)
    across, down = tile.width, max(1, round(tile.height * 0.6))
    mask = Image.new("L", size)
    for row, top in enumerate(range(-tile.height // 2, height, down)):
        for left in range(-across // 2 * (row % 2 + 1), width, across):
            mask.paste(255, (left, top), tile)
    return mask


def _line(words: str, side: float) -> Image.Image:
    """The words once, level, white on black."""
    face = cv2.FontFace(_FONT)
    letters = round(max(_LEAST, min(_MOST, side * _SHARE)))
    _, top, width, height = cv2.getTextSize((0, 0), words, (0, 0), face, letters)
    if width > side and letters > _LEAST:
        letters = max(_LEAST, int(letters * side / width))
        _, top, width, height = cv2.getTextSize((0, 0), words, (0, 0), face, letters)
    room = letters
    pixels = np.zeros((height + 2 * room, width + 2 * room, 1), np.uint8)
    cv2.putText(pixels, words, (room, room - top), (255,), face, letters)
    return Image.fromarray(pixels[:, :, 0])
