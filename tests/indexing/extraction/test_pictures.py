"""Pictures of the pages of picture files, and the watermark over any page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from indexing.extraction import Limits, media
from indexing.extraction.canvas import opaque
from indexing.extraction.picture import Drawing, draw_page, ending, page_sizes, picture_scale
from indexing.extraction.process import ReaderEnded
from indexing.extraction.watermark import marked

FILES = Path(__file__).parents[2] / "files"
SAMPLES = Path(__file__).parents[3] / "portal/sample_company/documents"
LIMITS = Limits(seconds=60)
NAMED = "王小明 · wang@company.example · 2026-11-24"


def saved(path: Path, picture: Image.Image, kind: str, **options: object) -> Path:
    picture.save(path, kind, **options)
    return path


def shown(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def halves(width: int = 40, height: int = 20) -> Image.Image:
    """A picture red at its left and blue at its right."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    return picture


def test_pages_of_a_scan(tmp_path: Path) -> None:
    first = Image.new("1", (600, 300), 1)
    second = Image.new("1", (300, 600), 0)
    path = saved(tmp_path / "a", first, "TIFF", save_all=True, append_images=[second])
    assert page_sizes(path, LIMITS, media_type=media.TIFF) == [(600, 300), (300, 600)]
    picture = shown(draw_page(path, Drawing(2, media.TIFF), LIMITS))
    assert (picture.format, picture.size, picture.getpixel((5, 5))) == ("PNG", (300, 600), 0)
    assert page_sizes(path, Limits(pages=1), media_type=media.TIFF) == [(600, 300)]


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a", halves(400, 200), "JPEG", exif=exif)
    assert page_sizes(path, LIMITS, media_type=media.JPEG) == [(200, 400)]
    for drawing in (Drawing(1, media.JPEG), Drawing(1, media.JPEG, side=40)):
        picture = shown(draw_page(path, drawing, LIMITS))
        assert picture.format == "JPEG"
        assert picture.size == ((20, 40) if drawing.side else (200, 400))
        red, _, blue = picture.getpixel((picture.width // 2, 5))
        assert red > 200 > 50 > blue


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "PNG"])
def test_every_kind_of_picture(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "a", halves(), kind, **({"lossless": True} if kind == "WEBP" else {}))
    picture = shown(draw_page(path, Drawing(1, f"image/{kind.lower()}"), LIMITS)).convert("RGB")
    assert (picture.size, picture.getpixel((2, 2)), picture.getpixel((38, 18))) == (
        (40, 20), (255, 0, 0), (0, 0, 255)
    )  # fmt: skip


def test_pictures_are_never_enlarged_and_bounded() -> None:
    assert picture_scale((100, 50), Drawing(1, scale=6)) == 1
    assert picture_scale((100, 50), Drawing(1, side=500)) == 1
    assert picture_scale((1000, 500), Drawing(1, side=100)) == 0.1
    share = picture_scale((20_000, 5_000), Drawing(1))
    assert 20_000 * 5_000 * share**2 <= 6_000_001


@pytest.mark.parametrize(
    ("content", "limits", "page", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(200), LIMITS, 1, "corrupt"),
        (None, LIMITS, 2, "page_unreadable"),
        (None, LIMITS, 0, "page_unreadable"),
        (None, Limits(pixels=100), 1, "image_too_large"),
    ],
)
def test_pictures_that_cannot_be_drawn(
    tmp_path: Path, content: bytes | None, limits: Limits, page: int, code: str
) -> None:
    path = tmp_path / "a"
    if content is None:
        saved(path, halves(), "PNG")
    else:
        path.write_bytes(content)
    with pytest.raises(ReaderEnded) as refused:
        draw_page(path, Drawing(page, media.PNG), limits)
    assert refused.value.notice.code == code


@pytest.mark.parametrize("paper", [0xFFFF, 0x3FFF, 0x0FFF, 0x03FF, 0xFF])
def test_grey_of_more_than_eight_bits(paper: int) -> None:
    """A scanner that sees twelve bits leaves four of sixteen empty; paper is white all the same."""
    picture = Image.new("I;16", (10, 10), paper)
    picture.putpixel((5, 5), (paper + 1) // 2)
    shown = opaque(picture)
    assert shown.getpixel((0, 0)) == (255, 255, 255)
    assert shown.getpixel((5, 5)) == (128, 128, 128)


def test_photographs_are_sent_as_such() -> None:
    assert [ending(kind) for kind in (media.JPEG, media.HEIF, media.PNG, media.PDF, None)] == [
        "jpg", "jpg", "png", "png", "png"
    ]  # fmt: skip


def test_a_page_with_a_watermark(tmp_path: Path) -> None:
    path = SAMPLES / "engineering/backup-restore.pdf"
    plain = shown(draw_page(path, Drawing(1), LIMITS))
    named = shown(draw_page(path, Drawing(1, mark=NAMED), LIMITS))
    assert named.size == plain.size
    changed = ImageChops.difference(plain.convert("L"), named.convert("L"))
    # All over the page, and light enough to read through.
    across, down = plain.width // 3, plain.height // 3
    for left in range(0, across * 3, across):
        for top in range(0, down * 3, down):
            part = changed.crop((left, top, left + across, top + down))
            assert part.getbbox() is not None, (left, top)
    assert ImageStat.Stat(changed).mean[0] < 10
    assert changed.getextrema()[1] < 120


@pytest.mark.parametrize("ground", ["white", "black", (128, 128, 128)])
@pytest.mark.parametrize("size", [(300, 400), (30, 20), (1, 1), (2000, 40)])
def test_it_is_seen_on_every_ground(ground: str, size: tuple[int, int]) -> None:
    before = Image.new("RGB", size, ground)
    after = marked(before, NAMED)
    assert after.size == size
    if min(size) > 1:
        assert ImageStat.Stat(after).stddev[0] > 1


def test_each_name_has_its_own_letters() -> None:
    """Chinese ones are drawn, and none is the sign of a letter the font does not have."""
    ground = Image.new("RGB", (400, 300), "white")
    names = ("王小明", "李晓红", "歐陽娜", "？？？", "\U0010ffff" * 3, "王小明 \n\t")
    drawn = {name: marked(ground, name).tobytes() for name in names}
    assert len({drawn[name] for name in names[:4]}) == 4
    assert drawn["王小明"] == drawn["王小明 \n\t"]
    assert drawn["王小明"] != drawn["\U0010ffff" * 3]
