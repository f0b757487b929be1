"""How Chinese is spelled in Latin letters: pinyin without tones, and the characters behind it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

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
# Read differently as a surname than otherwise.
_AS_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "缪": "miao", "翟": "zhai", "覃": "qin",
    "卜": "bu", "乐": "yue", "尉": "yu", "牟": "mu",
}  # fmt: skip
# The longest syllables: zhuang, chuang, shuang.
_LONGEST = 6
_USUAL = 2
_VOWELS = frozenset("aeiouü")
_TONES = re.compile("[\u0300\u0301\u0304\u030c]")


def homophones(character: str) -> str:
    """Return the other characters that may be read like this one."""
    typed = [_typed(sound)[0] for sound in _sounds().get(character, ())]
    return "".join(sorted({one for each in typed for one in _characters()[each]} - {character}))


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
    """Return how each character of the index is read, the index being written in Simplified.

    The first two readings, the usual one first: further ones hardly anybody has met in a name.
    """
    # Takes a moment and memory, and many a portal is never asked in pinyin.
    from pypinyin.pinyin_dict import pinyin_dict

    every = ((chr(code), readings.split(",")) for code, readings in pinyin_dict.items())
    return {
        character: tuple(dict.fromkeys(filter(None, map(_toneless, readings[:_USUAL]))))
        for character, readings in every
        if "\u4e00" <= character <= "\u9fff" and normalise(character) == character
    }


def _toneless(reading: str) -> str:
    bare = unicodedata.normalize("NFC", _TONES.sub("", unicodedata.normalize("NFD", reading)))
    # 嗯 is read ng: no name is, and every word that ends so would be one.
    return bare if _VOWELS.intersection(bare) else ""


def _typed(sound: str) -> list[str]:
    """Return how a syllable is typed: lü as lv, lu or lyu."""
    return list(dict.fromkeys(sound.replace("ü", typed) for typed in ("v", "u", "yu")))


@lru_cache(maxsize=1)
def _characters() -> dict[str, str]:
    """Return the characters of each syllable as it is typed."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for character, sounds in _sounds().items():
        for sound in sounds:
            for typed in _typed(sound):
                found[typed][character] = None
    return {typed: "".join(characters) for typed, characters in found.items()}


@lru_cache(maxsize=1)
def _surnames() -> dict[tuple[str, ...], list[str]]:
    """Return the surnames of each one or two syllables as they are typed."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for surname in sorted(SURNAMES):
        read = [(*_sounds()[one][:1], *_AS_SURNAMES.get(one, "").split()) for one in surname]
        for way in product(*read):
            for typed in product(*map(_typed, way)):
                found[typed].append(surname)
    return dict(found)
