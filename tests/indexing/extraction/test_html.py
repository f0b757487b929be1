"""Reading web pages and Markdown."""

from __future__ import annotations

import pytest

from indexing.extraction.html_depth import bounded
from tests.indexing.extraction.makers import kinds, read, reason, texts, warnings


def html(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        ("<h1>A</h1><p>b <b>c</b>\n d</p>", [("heading1", "A"), ("paragraph", "b c d")]),
        ("a<div>b<p>c</div>d", [("paragraph", letter) for letter in "abcd"]),
        ("<p>a<br>b", [("paragraph", "a\nb")]),
        ("<ul><li>a<li>b<ol><li>c<li>d</ol></ul>", [("list", "- a\n- b\n  1. c\n  2. d")]),
        ("<ol start=3><li>a<li><p>b</p><p>c</p></ol>", [("list", "3. a\n4. b\n   c")]),
        ("<pre>x\n  y</pre>", [("code", "x\n  y")]),
        ("<figure><img alt='A pump'><figcaption>Fig 1</figcaption></figure>",
         [("paragraph", "A pump"), ("caption", "Fig 1")]),
        ("<p hidden>a<p style='display: none'>b<p>c", [("paragraph", "c")]),
        ("<script>a()</script><style>b</style><noscript>c</noscript><p>d", [("paragraph", "d")]),
        ("<p>5 &lt; 6 &amp; &#x4ea4;接", [("paragraph", "5 < 6 & 交接")]),
        ("<table><tr><th>A<th>B<tr><td>1<td>2</table>", [("table", "A | B\n1 | 2")]),
        ("<table><tr><th>A<th>B<tr><td rowspan=2>1<td>2<tr><td>3</table>",
         [("table", "A | B\n1 | 2\n1 | 3")]),
        ("<table><tr><td colspan=2>A<td>B<tr><td>1<td>2<td>3</table>",
         [("table", "A |  | B\n1 | 2 | 3")]),
        ("<table><tr><td><h2>A</h2><p>b</table>", [("heading2", "A"), ("paragraph", "b")]),
        ("<table><tr><td>a</table>", [("paragraph", "a")]),
        ("<table><tr><td>a|b<td>c</table>", [("table", "a¦b | c")]),
    ],
)  # fmt: skip
def test_blocks(tmp_path, body, blocks):
    assert kinds(read(tmp_path, "a.html", html(body))) == blocks


def test_title_stands_above_all(tmp_path):
    found = read(tmp_path, "a.html", html("<h1>Pumps</h1><p>x", "<title>Manual</title>"))
    assert found.blocks[2].place.heading_path == ("Manual", "Pumps")
    same = read(tmp_path, "a.html", html("<h1>Manual</h1>", "<title> Manual</title>"))
    assert texts(same) == ["Manual"]


@pytest.mark.parametrize(
    ("encoding", "meta"),
    [("gb18030", "gb2312"), ("big5", "big5"), ("cp1252", "iso-8859-1"), ("utf-8", "gbk"),
     ("iso2022_jp", "iso-2022-jp"), ("utf-16", None), ("cp1251", "windows-1251")],
)  # fmt: skip
def test_encodings(tmp_path, encoding, meta):
    text = {"cp1252": "déjà vu", "cp1251": "Привет, мир", "iso2022_jp": "引き継ぎ"}.get(
        encoding, "工作交接"
    )
    head = f"<meta charset={meta}>" if meta else ""
    data = f"<html><head>{head}</head><body><p>{text}</p></body></html>".encode(encoding)
    assert texts(read(tmp_path, "a.html", data)) == [text]


def test_guessed_encoding_is_said(tmp_path):
    data = "<html><body><p>离职交接清单,客户资料与合同的去向</p>".encode("gb18030")
    found = read(tmp_path, "a.html", data)
    assert texts(found) == ["离职交接清单,客户资料与合同的去向"]
    assert warnings(found) == ["encoding_guessed"]


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td", "blockquote", "font"])
def test_deep_nesting_is_read_in_time(tmp_path, tag):
    found = read(tmp_path, "a.html", html(f"<{tag}>" * 50_000 + "deep"))
    assert "deep" in "".join(texts(found))


def test_depth_is_bounded_only_where_it_is_deep():
    flat = "<p>a" * 5000 + "<td>" * 5000
    assert bounded(flat) == flat
    pairs = "<div>a</div>" * 5000
    assert bounded(pairs) == pairs
    assert bounded("<div>" * 1000 + "x" + "</div>" * 1000).count("<div>") == 400


MARKDOWN = """---
owner: sales
---
# 交接 *清单*

Text with `code` and
a second line.

- one
- two
  1. inner

| A | B |
|---|---|
| 1 | x \\| y |

```python
print("x")
```

<script>alert(1)</script>

> quoted
"""


def test_markdown(tmp_path):
    assert kinds(read(tmp_path, "a.md", MARKDOWN.encode())) == [
        ("code", "owner: sales"),
        ("heading1", "交接 清单"),
        ("paragraph", "Text with code and a second line."),
        ("list", "- one\n- two\n  1. inner"),
        ("table", "A | B\n1 | x ¦ y"),
        ("code", 'print("x")'),
        ("paragraph", "quoted"),
    ]


@pytest.mark.parametrize("text", ["> " * 20_000 + "x", "[" * 20_000, "*a_ " * 20_000, "- " * 5000])
def test_hostile_markdown_ends(tmp_path, text):
    found = read(tmp_path, "a.md", text.encode(), seconds=20)
    assert reason(found) in (None, "no_text")
