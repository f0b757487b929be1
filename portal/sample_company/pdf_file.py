"""Markdown to PDF by a headless Chromium, with a text layer that says what was written."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import unicodedata
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, StreamObject

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 120
_STYLE = """
@page { size: A4; margin: 22mm 20mm 20mm;
  @top-left { content: "示例公司 · Sample Company — 演示用虚构资料 · fictitious sample";
    font: 8pt "Noto Sans CJK SC"; font-variant-ligatures: none; color: #666 }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt "Noto Sans CJK SC" } }
body { font: 10.5pt/1.65 "Noto Sans CJK SC"; color: #222; font-variant-ligatures: none }
h1 { font-size: 19pt; color: #1f3a5f; margin: 0 0 4mm; line-height: 1.3 }
h2 { font-size: 14pt; color: #1f3a5f; margin: 7mm 0 2mm; border-bottom: .3mm solid #cfd8e3 }
h3 { font-size: 12pt; margin: 4mm 0 1mm }
h1, h2, h3, tr { break-after: avoid; break-inside: avoid } tr { break-after: auto }
p, ul, ol { margin: 0 0 2.5mm } li { margin: .5mm 0; orphans: 2 }
table { border-collapse: collapse; width: 100%; margin: 2mm 0 4mm; font-size: 9pt;
  line-height: 1.45 } td:first-child { white-space: nowrap }
th, td { border: .2mm solid #b9c4d0; padding: 1mm 2mm; text-align: left; vertical-align: top }
th { background: #eef2f7 } code { font: 9pt "DejaVu Sans Mono", "Noto Sans Mono CJK SC" }
pre { background: #f5f6f8; padding: 2mm 3mm; line-height: 1.4; white-space: pre-wrap }
"""
# Radicals that share a glyph with a common character and have no compatibility mapping in Unicode;
# the pairs are those of the Unicode character database's EquivalentUnifiedIdeograph.txt.
_RADICALS = dict(
    zip(
        "⺠⺟⻁⻄⻅⻆⻉⻋⻐⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳",
        "民母虎西见角贝车钅長长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
        strict=True,
    )
)
_TARGET = re.compile(rb"<([0-9A-Fa-f]{4})>(?=\s*(?:\n|$))")


def write_pdf(source: Path, target: Path) -> None:
    """Write the Markdown file `source` as a PDF. Raises OSError if no browser can do it."""
    text = source.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    body = MarkdownIt().enable("table").render(text)
    language = "zh-CN" if re.search("[\u4e00-\u9fff]", title) else "en"
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    with tempfile.TemporaryDirectory() as folder:
        page, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(f'<!doctype html><html lang="{language}">{head}{body}', encoding="utf-8")
        _print(page, printed)
        _finish(printed, target, title)


def _print(page: Path, printed: Path) -> None:
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError("no Chromium on this machine")
    # Without a sandbox: the only page it opens is ours, and containers often cannot have one.
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command = [browser, *options, f"--print-to-pdf={printed}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)


def _finish(printed: Path, target: Path, title: str) -> None:
    writer = PdfWriter(clone_from=PdfReader(printed))
    for number in range(1, len(writer._objects) + 1):
        font = writer.get_object(number)
        if isinstance(font, DictionaryObject) and "/ToUnicode" in font:
            _mend(font)
    # No dates and no producer: they would change with every rebuild.
    writer.metadata = {"/Title": title, "/Author": "示例公司 · Sample Company"}
    writer.compress_identical_objects()
    writer.write(target)


def _mend(font: DictionaryObject) -> None:
    """Let the font's text layer give ordinary characters.

    Chromium names a glyph after the first code point that has it, which for 工 or 青 is a radical
    (U+2F2F, U+2ED8): a reader would see the word and its search would not find it.
    """
    table = font["/ToUnicode"].get_object()
    if not isinstance(table, StreamObject):
        return
    # Changed in place: a stream has to stay an object of its own, and some readers skip others.
    table.set_data(_TARGET.sub(_ordinary, table.get_data()))


def _ordinary(match: re.Match[bytes]) -> bytes:
    character = chr(int(match[1], 16))
    if not "\u2e80" <= character <= "\u2fdf":
        return match[0]
    ordinary = _RADICALS.get(character) or unicodedata.normalize("NFKC", character)
    if ordinary == character:
        raise ValueError(f"no ordinary character is known for U+{ord(character):04X}")
    return f"<{ord(ordinary):04X}>".encode()
