"""Words and headings that name nothing, in Chinese and English."""

from __future__ import annotations

import re

_ENGLISH = """
a about above after again all also am an and any are as at be because been before being below
between both but by can could did do does done down during each etc few for from further get gets
had has have having he her here him his how i if in into is it its just like made make makes many
may me might more most must my need needs new no nor not now of off on once one only or other our
out over own per please same see set she should so some such than that the their them then there
these they this those three through to too two under until up use used uses using very via was we
were what when where which while who whom why will with within without would yes you your
"""
_CHINESE = """
的 了 和 是 在 有 我 我们 你 你们 他 他们 它 它们 这 那 这个 那个 这些 那些 这里 那里 如果 因为
所以 但是 不过 而且 以及 或者 或 与 及 等 等等 对 对于 关于 进行 可以 可 能够 能 需要 需 应 应当
应该 必须 不能 不要 不可 没有 不 无 非 已 已经 还 也 都 就 才 再 又 很 更 最 比较 非常 一个 一些
一种 一次 一下 两个 三个 每 每个 每次 各 各个 其 其中 其他 其它 另外 此 此外 该 本 上 下 中 内 外
前 后 里 时 时候 之后 之前 以后 以前 以上 以下 之间 同时 然后 首先 其次 最后 目前 现在 当前 今天
明天 使用 通过 根据 按照 按 由 从 到 向 把 被 将 给 让 请 为 为了 作为 成为 用 用于 如 如何 怎么
怎样 什么 哪些 哪个 多少 例如 比如 包括 具体 相关 有关 主要 一般 通常 一定 可能 情况 问题 方面
方式 方法 内容 部分 注意 说明 如下 所有 任何 全部 以免 便于 否则 并 并且 即 即可
"""
# Headings of any document, which tell nothing about this one.
_HEADINGS = """
introduction overview summary contents index preface foreword appendix appendices background
purpose scope general notes note misc miscellaneous other others more details references reference
links conclusion example examples readme untitled document goals goal about faq history changelog
prerequisites requirements usage description steps 概述 简介 介绍 前言 引言 目录 附录 总则 附则
背景 目的 范围 适用范围 说明 备注 其他 其它 其他事项 注意事项 总结 小结 结语 参考资料 参考 示例
例子 更新记录 修订记录 变更记录 版本记录 名词解释 术语 文档 未命名 前提 步骤 要求 定义 使用说明
"""

STOP_WORDS = frozenset((_ENGLISH + _CHINESE).split())
EMPTY_HEADINGS = frozenset(_HEADINGS.split())

_HAN_NUMBER = "[一二三四五六七八九十百零〇\\d]+"
# 1. · 1.2.3 · 1) · (1) · 一、 · （三） · 第三章 · Chapter 4: · IV.
_NUMBERING = re.compile(
    rf"""^\s*(?:
        第{_HAN_NUMBER}[章节节条部分篇]+[\s:：、.]*
      | [(（]{_HAN_NUMBER}[)）][\s、.]*
      | [一二三四五六七八九十]+[、.．]\s*
      | (?:chapter|section|part|appendix)\s+(?:\d+|[a-z]|[ivx]+)\b[\s:.—–-]*
      | \d+(?:[.．]\d+)+[)）.．、:：]?\s+
      | \d+[)）.．、:：](?!\d)\s*
      | \d{{1,2}}\s+(?=\D)
      | [ivx]+[.)]\s+
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_DATE = re.compile(r"^[\d\s年月日./:-]+$")
_EDGES = " \t\u3000:：,，.。、;；—–-_*#|"
_SPACES = re.compile(r"\s+")


def is_stop_word(word: str) -> bool:
    """Whether a word can name nothing: too short, a number, or one that stands everywhere."""
    return len(word) < 2 or word.casefold() in STOP_WORDS or bool(_DATE.match(word))


def clean_heading(heading: str) -> str:
    """Return the heading without numbering and marks at its edges; empty when it names nothing."""
    bare = _SPACES.sub(" ", heading).strip()
    shorter = _NUMBERING.sub("", bare, count=1)
    bare = (shorter or bare).strip(_EDGES)
    if bare.casefold() in EMPTY_HEADINGS or is_stop_word(bare):
        return ""
    return bare
