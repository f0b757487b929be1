"""Pinyin: how names are typed in Latin letters, and which characters sound alike."""

from __future__ import annotations

import pytest

from indexing.sounds import homophones, surnames_of, syllables_of, written_as


@pytest.mark.parametrize(
    ("letters", "ways"),
    [
        ("zhangsan", [("zhang", "san")]),
        ("xian", [("xi", "an"), ("xian",)]),
        ("ouyangfeng", [("ou", "yang", "feng")]),
        ("lvbu", [("lv", "bu")]),
        ("kubernetes", []),
        ("ng", []),
        ("", [()]),
        # Five syllables are no name.
        ("wowowowowo", []),
    ],
)
def test_letters_are_read_as_syllables(letters: str, ways: list[tuple[str, ...]]) -> None:
    assert syllables_of(letters) == ways


@pytest.mark.parametrize(
    ("syllables", "surname"),
    [
        (("zhang", "san"), "张"),
        (("ou", "yang", "feng"), "欧阳"),
        (("lv", "bu"), "吕"),
        (("lu", "bu"), "吕"),
        # As a surname, not as otherwise.
        (("shan", "xiong"), "单"),
        (("zeng", "li"), "曾"),
        (("yu", "chi", "gong"), "尉迟"),
    ],
)
def test_surnames_are_known_by_their_sound(syllables: tuple[str, ...], surname: str) -> None:
    assert surname in surnames_of(syllables)


def test_rare_readings_make_no_names() -> None:
    assert "方" not in surnames_of(("wang", "li"))
    assert "贾" not in surnames_of(("gu", "li"))
    assert list(surnames_of(("wo", "men"))) == []


def test_characters_that_sound_alike() -> None:
    assert {"小", "笑", "肖"} <= set(homophones("晓"))
    assert "晓" not in homophones("晓")
    assert {"绿", "律"} <= set(written_as("lv"))
    assert (homophones("A"), homophones("한"), written_as("xyz")) == ("", "", "")
    for character in map(chr, range(0x4E00, 0x9FFF, 37)):
        assert character not in homophones(character)
