"""Words that ask or join and say nothing."""

from __future__ import annotations

from functools import lru_cache

from indexing.tokens import forms

# Marked everywhere, they would hide what was found, and neither is one a misspelled name. The index
# needs no such list, rarity weighs them down there.
_ENGLISH = """a an the of to in on at for from by with about and or not no as if is are was were be
    been am do does did how what when where which who whom whose why can could should would will may
    must shall this that these those there it its i you he she we they me us him her them my your
    his our their have has had get got any some please"""
_CHINESE = """什么 怎么 怎样 怎么样 如何 哪里 哪儿 哪些 哪个 为什么 为何 是否 可以 能否 多少 几个
    我们 你们 他们 她们 它们 这个 那个 这些 那些 一个 请问 有没有"""

CHINESE = tuple(_CHINESE.split())


@lru_cache(maxsize=1)
def silent() -> frozenset[str]:
    """Return those words, in the form they have as tokens."""
    return frozenset(CHINESE).union(*(forms(word) for word in _ENGLISH.split()))
