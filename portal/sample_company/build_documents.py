"""Make the sample company's Word, PDF and GB18030 files from the sources; README.md says when.

    python -m portal.sample_company.build_documents [SOURCE...]

The name of a source says what becomes of it: `x.docx.md` becomes x.docx, `x.pdf.md` becomes x.pdf
and `x.gb18030.txt` becomes x.txt in that encoding. The results are committed, so that loading the
sample needs neither a browser nor fonts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from portal.sample_company.pdf_file import write_pdf
from portal.sample_company.word_file import write_word

FOLDER = Path(__file__).parent


def write_gb18030(source: Path, target: Path) -> None:
    """Write the text of `source` (UTF-8) as older Chinese Windows editors do. Raises OSError."""
    lines = source.read_text(encoding="utf-8").splitlines()
    target.write_bytes("".join(line + "\r\n" for line in lines).encode("gb18030"))


# Ending of the source, ending of the result, who makes it.
_WRITERS: tuple[tuple[str, str, Callable[[Path, Path], None]], ...] = (
    (".docx.md", ".docx", write_word),
    (".pdf.md", ".pdf", write_pdf),
    (".gb18030.txt", ".txt", write_gb18030),
)


def build(source: Path, folder: Path = FOLDER) -> Path:
    """Make one document below `folder`/documents and return its path.

    Raises ValueError if the name of `source` does not say what to make.
    """
    for ending, result, write in _WRITERS:
        if source.name.endswith(ending):
            name = source.name.removesuffix(ending) + result
            target = folder / "documents" / source.parent.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            write(source, target)
            return target
    raise ValueError(f"{source.name}: the name does not say what to make of it")


def main(arguments: list[str]) -> None:
    """Build the given sources, or all."""
    chosen = [Path(argument).resolve() for argument in arguments]
    for source in chosen or sorted(FOLDER.glob("sources/*/*.*")):
        target = build(source)
        sys.stdout.write(f"{target.stat().st_size:>8} {target.relative_to(FOLDER)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
