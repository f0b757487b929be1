"""How well the guard finds what stands in pictures: planted values, drawn, read by the real OCR.

    .venv/bin/python benchmarks/sensitive_scans.py --font FOLDER/NotoSansCJK-Regular.ttc

Each page holds office sentences, half of them with a made-up value, half that only look like it; it
is drawn clean, and once more as a scanner would give it: turned a little, grey, with noise. Recall
is the share of the planted values found with their kind on their page and, as the second figure,
read without a wrong character; every other finding is counted as wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.sensitive import SENTENCES, VALUES, lookalike
from indexing.extraction import extract
from indexing.sensitive import Kind, find_in_blocks

# Tokens are long and hardly ever stand in a scan.
KINDS = [kind for kind in VALUES if kind is not Kind.ACCESS_TOKEN]
PAGE = (1240, 1754)  # A4 at 150 dots an inch
FILLER = (
    "客户每月第一个星期一拜访。",
    "本季度的报价单已经寄出，等待对方确认。",
    "The quarterly report is due on the fifth working day.",
    "Orders above ten units need the manager's consent.",
)


def page(
    choice: random.Random, font: ImageFont.FreeTypeFont
) -> tuple[Image.Image, list[tuple[Kind, str]]]:
    """Return a page and what is planted in it: one value of each kind."""
    planted = [(kind, VALUES[kind](choice)) for kind in KINDS]
    lines = [choice.choice(SENTENCES[kind]).format(value) for kind, value in planted]
    lines += [lookalike(choice) for _ in planted]
    lines += [choice.choice(FILLER) for _ in range(8)]
    choice.shuffle(lines)
    drawn = Image.new("L", PAGE, 255)
    pen = ImageDraw.Draw(drawn)
    for number, line in enumerate(lines):
        pen.text((110, 130 + number * 92), line, font=font, fill=20)
    return drawn, planted


def scanned(drawn: Image.Image, choice: random.Random) -> Image.Image:
    """Return the page as a scanner gives it: turned by up to two degrees, soft, grey and noisy."""
    turned = drawn.rotate(choice.uniform(-2, 2), fillcolor=255, resample=Image.Resampling.BICUBIC)
    soft = turned.filter(ImageFilter.GaussianBlur(0.8))
    noise = Image.effect_noise(PAGE, 40)
    return Image.blend(soft, noise, 0.18)


def main() -> None:
    """Print recall and precision of each kind, clean and scanned."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--font", type=Path, required=True, help="a font with Chinese and Latin")
    parser.add_argument("--pages", type=int, default=20)
    options = parser.parse_args()
    font = ImageFont.truetype(str(options.font), 30)
    print("| kind, look | planted | recall | read exactly | found wrongly | precision |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for look in ("clean", "scanned"):
        choice = random.Random(11)
        planted: Counter[Kind] = Counter()
        right: Counter[Kind] = Counter()
        exact: Counter[Kind] = Counter()
        wrong: Counter[Kind] = Counter()
        for _ in range(options.pages):
            drawn, wanted = page(choice, font)
            picture = drawn if look == "clean" else scanned(drawn, choice)
            found = seen(picture)
            for kind, value in wanted:
                planted[kind] += 1
                values = [text for other, text in found if other is kind]
                if values:
                    # One of each kind stands on a page: the nearest counts, the others are wrong.
                    best = value if value in values else values[0]
                    right[kind] += 1
                    exact[kind] += best == value
                    found.remove((kind, best))
            wrong.update(kind for kind, _ in found)
        for kind in KINDS:
            count, precision = planted[kind], right[kind] / max(1, right[kind] + wrong[kind])
            print(
                f"| {kind.value}, {look} | {count} | {right[kind] / count:.3f} |"
                f" {exact[kind] / count:.3f} | {wrong[kind]} | {precision:.3f} |",
                flush=True,
            )


def seen(picture: Image.Image) -> list[tuple[Kind, str]]:
    """Return what the guard finds in a picture, with the value as it was read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        picture.save(path)
        blocks = [block.text for block in extract(path, path.name).blocks]
    found = find_in_blocks(blocks)
    return [(one.kind, blocks[number][one.start : one.end]) for number, one in found]


if __name__ == "__main__":
    main()
