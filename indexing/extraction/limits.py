"""What one reading may cost."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading; everything inside a file (members, attachments) shares them.

    seconds, seconds_per_page: wall time for the file, and more for each page it has; a dense page
    takes the optical reader about 4 s on two free cores.
    memory_bytes: address space of the reading process; ocr_bytes: and more once it reads images,
    of which the models and a page take some 500 MB.
    pages: pages or images read of one file; the rest is left out.
    characters: text kept; ten million are some thirty thick books.
    unpacked_bytes: what may come out of compression, all members together.
    xml_bytes: one XML part that is held in memory as a tree, about eight times its size.
    members, depth: members and attachments in all, and how deep they may lie in each other.
    pixels: of one image. cells: of all sheets.
    """

    seconds: float = 120.0
    seconds_per_page: float = 12.0
    memory_bytes: int = 1536 * MEBIBYTE
    ocr_bytes: int = 1024 * MEBIBYTE
    pages: int = 2000
    characters: int = 10_000_000
    unpacked_bytes: int = 512 * MEBIBYTE
    xml_bytes: int = 96 * MEBIBYTE
    members: int = 2000
    depth: int = 4
    pixels: int = 100_000_000
    cells: int = 2_000_000
    ocr: bool = True
