"""Pictures made ready for recognition: transparency filled, thin strips given an edge."""

from __future__ import annotations

from PIL import Image, ImageOps, ImageStat

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_HALF = 128
# A strip lower than this is one line cut out tightly: the detection wants some room around it.
_STRIP = 128


def opaque(picture: Image.Image) -> Image.Image:
    """Return a picture without transparency, on white or, for light letters, on black."""
    if picture.mode.startswith("I;16"):
        picture = _eight_bits(picture.convert("I"))
    if picture.mode not in ("RGBA", "LA", "PA") and "transparency" not in picture.info:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    alpha = layered.getchannel("A")
    # A picture that shows nothing at all has no mean.
    seen = ImageStat.Stat(layered.convert("L"), alpha.point(lambda value: 255 * (value > _HALF)))
    # Few letters on much nothing: what is not seen would tell nothing about their shade.
    light = 0 < seen.count[0] < picture.width * picture.height and seen.mean[0] > _HALF
    ground = Image.new("RGB", picture.size, _BLACK if light else _WHITE)
    ground.paste(layered, mask=alpha)
    return ground


def _eight_bits(grey: Image.Image) -> Image.Image:
    """Return grey of up to sixteen bits in eight; converting alone would make most of it white.

    Many scanners see 10, 12 or 14 bits and leave the upper ones empty: such a page would be black.
    """
    # Imported here: pages are drawn by processes that have no other use for it.
    import numpy as np

    lightest = int(np.asarray(grey).max(initial=0))
    bits = max(8, lightest.bit_length())
    return grey.point(lambda value: value * (1 / (1 << bits - 8))).convert("L")


def roomy(picture: Image.Image) -> Image.Image | None:
    """Return a thin strip enlarged and with an edge of its own ground; None for other pictures."""
    side = min(picture.size)
    if side > _STRIP:
        return None
    corner = picture.getpixel((0, 0))
    ground = corner if isinstance(corner, tuple) else _WHITE
    return ImageOps.expand(picture, border=side, fill=ground)
