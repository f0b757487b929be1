"""Every text on screen has both languages, and the translations fit their originals.

The originals are English; so English is complete by itself, and Chinese is what can be missing.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
TRANSLATIONS = ROOT / "portal" / "translations"
CATALOGUE = TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po"
METHODS = [("portal/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "_n": (1, 2),
    "_ln": (1, 2),
    "pgettext": ((1, "c"), 2),
}
FACT = re.compile(r"%\((\w+)\)")
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Names and signs that are the same in both languages.
SAME = re.compile(r"[\W\d_]*|.*(?:%\(\w+\)s).*|English|中文|CSV|XLSX|HR|SHA-256|ID|PDF", re.S)


@cache
def wanted() -> dict[object, set[str]]:
    """Every message of code and templates, with the files it stands in."""
    found: dict[object, set[str]] = {}
    for filename, _line, message, _comments, _context in extract_from_dir(
        str(ROOT), METHODS, keywords=KEYWORDS, comment_tags=()
    ):
        if filename.startswith((".venv", "build")):
            continue
        found.setdefault(message, set()).add(filename)
    return found


@cache
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def forms(value: object) -> tuple[str, ...]:
    """Singular and plural, or the one form there is."""
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value),)


def test_there_are_messages() -> None:
    assert len(wanted()) > 300


def test_no_message_is_missing() -> None:
    missing = []
    for message, files in wanted().items():
        entry = catalogue().get(forms(message)[0])
        if entry is None or entry.fuzzy or not all(forms(entry.string)):
            missing.append(f"{message!r} ({', '.join(sorted(files))})")
    assert missing == []


def test_nothing_is_translated_that_is_not_used() -> None:
    keys = {forms(message)[0] for message in wanted()}
    entries = [entry for entry in catalogue() if entry.id]
    assert [forms(entry.id)[0] for entry in entries if forms(entry.id)[0] not in keys] == []


def test_facts_survive_translation() -> None:
    wrong = []
    for entry in catalogue():
        originals = {fact for text in forms(entry.id) for fact in FACT.findall(text)}
        translated = {fact for text in forms(entry.string) for fact in FACT.findall(text)}
        # The count itself may be said in words where the form already says it.
        if entry.id and translated != originals and translated | {"num"} != originals | {"num"}:
            wrong.append(forms(entry.id)[0])
    assert wrong == []


def test_chinese_is_chinese() -> None:
    untouched = [
        forms(entry.id)[0]
        for entry in catalogue()
        if entry.id
        and not SAME.fullmatch(forms(entry.id)[0])
        and not CHINESE.search(forms(entry.string)[0])
    ]
    assert untouched == []


def test_the_compiled_catalogue_can_be_made() -> None:
    from io import BytesIO

    from babel.messages.mofile import write_mo

    made = BytesIO()
    write_mo(made, catalogue())
    assert len(made.getvalue()) > 10_000
