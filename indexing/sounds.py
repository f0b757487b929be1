"""How Chinese is spelled in Latin letters: pinyin without tones, and the characters behind it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from indexing.tokens import normalise

_SHORT_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程"
    "魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾"
    "龚邵万覃武钱戴严欧莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟申耿关兰焦俞左柳甘"
    "祝包宁尚符舒阮纪柯梅童凌毕单季成霍苗涂谷曲盛冉骆蓝路游辛靳管柴蒙鲍华喻祁房滕屈饶解牟艾尤"
    "时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗翁瞿裴池傅阎萧佟桂全边应沙"
    "乐苑初明仇阳臧隋尧巩郎"
)
_LONG_SURNAMES = "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 令狐 司徒 东方 慕容 宇文 长孙 端木 公孙 独孤"
# Ordinary words that could be read as a name: li ke, ma ke, hu ge.
_ENGLISH = """aide aiming annexing anti antique anyone bingo bite bone bore buying cabin came cameo
    care
    case change channeling cine citing citizen cure cutie danger dangle die diesel dike
    dilute dioxide disease duke file fine future gene guidance guide heading healing here
    heritage hide hole hose house huge human humiliate june lake landing lane language
    lasagne late latitude laying league leakage legalize licence license lie like line
    lineage linen liner lining longer lure lute machine made magazine make male manage mango
    marine maritime mate mature maximize maze menu mice mile mine mini minimise minimize
    mining minute mitigate mixing mobile mode more mouse mutate nice niche nine nineteen
    pure quote range rename renegade ride routine sabotage sake sale salute same sate share
    side siege silica silver simulate sine siren site size sue sunshine sure tale tango time
    tube tubing tune tuning wide wine yuan zone"""
# Of nearly everybody; a name is told from other words by beginning with one.
SURNAMES = frozenset(_SHORT_SURNAMES) | frozenset(_LONG_SURNAMES.split())
ENGLISH = frozenset(_ENGLISH.split())
# The longest syllables: zhuang, chuang, shuang.
_LONGEST = 6
_VOWELS = frozenset("aeiouü")
_TONES = re.compile("[\u0300\u0301\u0304\u030c]")


def homophones(character: str) -> str:
    """Return the other characters that may be read like this one."""
    sounds = _sounds().get(character, ())
    return "".join(sorted({one for sound in sounds for one in _characters()[sound]} - {character}))


def written_as(syllable: str) -> str:
    """Return the characters a syllable may stand for; none for what is no syllable."""
    return _characters().get(syllable, "")


def surnames_of(syllables: tuple[str, ...]) -> Iterator[str]:
    """Yield the surnames these syllables begin with, longer ones first."""
    for length in (2, 1):
        yield from _surnames().get(syllables[:length], ())


def syllables_of(letters: str) -> list[tuple[str, ...]]:
    """Return every way to read small letters as syllables, at most four of them."""
    found: list[tuple[str, ...]] = []
    begun: list[tuple[tuple[str, ...], str]] = [((), letters)]
    while begun:
        read, rest = begun.pop()
        if not rest:
            found.append(read)
        elif len(read) < 4:
            begun += [
                ((*read, rest[:length]), rest[length:])
                for length in range(1, min(_LONGEST, len(rest)) + 1)
                if rest[:length] in _characters()
            ]
    return sorted(found)


@lru_cache(maxsize=1)
def _sounds() -> dict[str, tuple[str, ...]]:
    """Return the syllables of each character of the index, which is written in Simplified."""
    # Takes a moment and memory, and many a portal is never asked in pinyin.
    from pypinyin.pinyin_dict import pinyin_dict

    every = ((chr(code), readings) for code, readings in pinyin_dict.items())
    return {
        character: tuple(
            dict.fromkeys(each for reading in readings.split(",") for each in _plain(reading))
        )
        for character, readings in every
        if "\u4e00" <= character <= "\u9fff" and normalise(character) == character
    }


def _plain(reading: str) -> tuple[str, ...]:
    """Return how a reading with its tone is typed: lǚ as lv, lu or lyu."""
    bare = _TONES.sub("", unicodedata.normalize("NFD", reading))
    whole = unicodedata.normalize("NFC", bare)
    if not _VOWELS.intersection(whole):
        # 嗯 is read ng: no name is, and every word that ends so would be one.
        return ()
    return tuple(dict.fromkeys(whole.replace("ü", typed) for typed in ("v", "u", "yu")))


@lru_cache(maxsize=1)
def _characters() -> dict[str, str]:
    """Return the characters of each syllable."""
    found: dict[str, list[str]] = defaultdict(list)
    for character, sounds in _sounds().items():
        for sound in sounds:
            found[sound].append(character)
    return {sound: "".join(characters) for sound, characters in found.items()}


@lru_cache(maxsize=1)
def _surnames() -> dict[tuple[str, ...], list[str]]:
    """Return the surnames of each one or two syllables."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for surname in sorted(SURNAMES):
        readings: list[tuple[str, ...]] = [()]
        for character in surname:
            readings = [(*read, sound) for read in readings for sound in _sounds()[character]]
        for reading in readings:
            found[reading].append(surname)
    return dict(found)
