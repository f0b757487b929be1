"""The frame of every page: navigation, language, names, policy, colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from tests.databases import Databases
from tests.web.acting import ClientOf, Office, text_of
from tests.web.reading_pages import (
    forms_without_token,
    loose_references,
    name_of,
    refused_by_policy,
    repeated_ids,
    tree_of,
    unnamed,
)

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "portal" / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
EVERYONE = {"Home", "Handovers", "Search", "Maps"}
PLACES = {
    "leaver": EVERYONE,
    "receiver": EVERYONE,
    "outsider": EVERYONE,
    "head": EVERYONE | {"Checklists"},
    "hr": EVERYONE | {"Checklists", "Operations", "Assignments"},
    "administrator": EVERYONE | {"People", "Positions", "Departments", "Assignments", "Health"},
    "auditor": EVERYONE | {"Operations"},
    "departed": {"Home"},
}


@pytest.fixture
def databases(_sqlite: Databases) -> Databases:
    """The frame of a page does not depend on the kind of database."""
    return _sqlite


@pytest.fixture
def pages(office: Office, case: str) -> dict[str, tuple[str, str]]:
    """Pages by name: who looks, and where."""
    item = office.company.item(case, "clients")
    version = office.upload("leaver", f"/items/{item}/files")
    document = office.document(version)
    sales = office.company.positions["sales"].public_id
    return {
        "sign-in": ("visitor", "/sign-in"),
        "home of the leaver": ("leaver", "/"),
        "home of the receiver": ("receiver", "/"),
        "home of the head": ("head", "/"),
        "home of HR": ("hr", "/"),
        "home of the administrator": ("administrator", "/"),
        "home of the departed": ("departed", "/"),
        "home of an outsider": ("outsider", "/"),
        "account": ("leaver", "/account"),
        "handovers": ("hr", "/handovers"),
        "start": ("hr", "/handovers/new"),
        "case of the leaver": ("leaver", f"/handovers/{case}"),
        "case of the head": ("head", f"/handovers/{case}"),
        "case of HR": ("hr", f"/handovers/{case}"),
        "edit": ("hr", f"/handovers/{case}/edit"),
        "item": ("leaver", f"/items/{item}"),
        "item of the receiver": ("receiver", f"/items/{item}"),
        "complete": ("head", f"/handovers/{case}/complete"),
        "cancel": ("hr", f"/handovers/{case}/cancel"),
        "receipt": ("leaver", f"/handovers/{case}/receipt"),
        "document": ("leaver", f"/documents/{document}"),
        "reading view": ("leaver", f"/versions/{version}"),
        "checklists": ("hr", "/blueprints"),
        "checklist": ("hr", f"/positions/{sales}/blueprint"),
        "edit the checklist": ("hr", f"/positions/{sales}/blueprint/edit"),
        "maps": ("leaver", "/maps"),
        "map": ("leaver", f"/positions/{sales}/map"),
        "operations": ("hr", "/events"),
        "people": ("administrator", "/admin/people"),
        "new person": ("administrator", "/admin/people/new"),
        "import": ("administrator", "/admin/people/import"),
        "positions": ("administrator", "/admin/positions"),
        "new position": ("administrator", "/admin/positions/new"),
        "departments": ("administrator", "/admin/departments"),
        "new department": ("administrator", "/admin/departments/new"),
        "assignments": ("hr", "/admin/assignments"),
        "new assignment": ("hr", "/admin/assignments/new"),
        "health": ("administrator", "/admin/health"),
        "not found": ("leaver", "/handovers/nothing"),
    }


def test_every_control_has_a_name_and_nothing_is_refused_by_the_policy(
    office: Office, pages: dict[str, tuple[str, str]]
) -> None:
    found = {}
    for name, (who, url) in pages.items():
        answer = office.get(who, url)
        assert answer.status_code == (404 if name == "not found" else 200), name
        page = tree_of(answer)
        found[name] = {
            "unnamed": unnamed(page),
            "repeated": repeated_ids(page),
            "loose": loose_references(page),
            "refused": refused_by_policy(page),
            "forms": forms_without_token(page),
            "headings": [] if len(page.css("h1")) == 1 else [len(page.css("h1"))],
        }
    mistakes = {
        f"{name}: {kind}": lines
        for name, kinds in found.items()
        for kind, lines in kinds.items()
        if lines
    }
    assert mistakes == {}


def test_mistakes_would_be_found() -> None:
    page = HTMLParser(
        '<main id="main"><button><svg class="icon"></svg></button>'
        '<p style="color: red" onclick="go()" id="main"></p><label for="nobody">x</label>'
        '<form method="post" action="/a"></form><script>go()</script></main>'
    )
    assert len(unnamed(page)) == 1
    assert repeated_ids(page) == ["main"]
    assert loose_references(page) == ["for=nobody"]
    assert len(refused_by_policy(page)) == 3
    assert forms_without_token(page) == ["/a"]


@pytest.mark.parametrize("who", PLACES)
def test_places_are_those_the_person_may_go_to(office: Office, who: str) -> None:
    page = tree_of(office.get(who, "/"))
    links = {name_of(link, page): link.attributes["href"] for link in page.css(".sidebar a")}
    assert set(links) == PLACES[who]
    opened = {name: office.get(who, str(href)).status_code for name, href in links.items()}
    assert set(opened.values()) == {200}, opened


def test_the_current_place_is_marked(office: Office, case: str) -> None:
    for url, place in (("/", "Home"), ("/handovers", "Handovers"), (f"/handovers/{case}", None)):
        page = tree_of(office.get("hr", url))
        marked = {name_of(link, page) for link in page.css(".sidebar a[aria-current=page]")}
        assert marked == {place or "Handovers"}


def test_who_has_left_is_offered_no_search(office: Office) -> None:
    assert tree_of(office.get("departed", "/")).css_first(".topbar-search") is None
    assert tree_of(office.get("leaver", "/")).css_first(".topbar-search") is not None


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("zh-CN,zh;q=0.9", "zh"),
        ("zh-TW", "zh"),
        ("en-GB", "en"),
        ("de,en;q=0.5", "en"),
        ("fr", "zh"),
        ("", "zh"),
    ],
)
def test_language_is_what_the_browser_asks_for(
    client_of: ClientOf, asked: str, language: str
) -> None:
    answer = client_of(None).get("/sign-in", headers={"Accept-Language": asked})
    assert (tree_of(answer).css_first("html").attributes["lang"] or "").startswith(language)


def test_a_chosen_language_is_remembered(office: Office) -> None:
    def language(who: str) -> str:
        page = tree_of(office.get(who, "/account" if who != "visitor" else "/sign-in"))
        return (page.css_first("html").attributes["lang"] or "")[:2]

    for who in ("visitor", "leaver"):
        answer = office.post(who, "/language", {"language": "zh_CN", "next": "/sign-in"})
        assert (answer.status_code, answer.location) == (302, "/sign-in")
        assert language(who) == "zh"
    # With the person, not only with the browser.
    again = office.client_of(office.company.leaver).get("/account")
    assert (tree_of(again).css_first("html").attributes["lang"] or "").startswith("zh")
    assert office.post("leaver", "/language", {"language": "xx"}).status_code == 400


def test_pages_tell_the_browser_to_be_strict(office: Office) -> None:
    headers = office.get("leaver", "/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_what_pages_refer_to_exists(office: Office) -> None:
    page = tree_of(office.get("leaver", "/"))
    files = [node.attributes["href"] for node in page.css("link[href]")]
    files += [node.attributes["src"] for node in page.css("script[src]")]
    for module in STATIC.glob("js/*.js"):
        imports = re.findall(r'(?:from|import) "\./([\w.]+)"', module.read_text("utf-8"))
        files += [f"/static/js/{name}" for name in imports]
    for file in set(files):
        with office.get("leaver", str(file)) as answer:
            assert answer.status_code == 200, file


def test_scripts_find_their_words(office: Office) -> None:
    page = office.get("leaver", "/").get_data(as_text=True)
    given = set(re.findall(r'data-word="([\w.]+)"', page))
    named = re.compile(r'"((?:answer|upload|live|combobox|suggestions)\.[\w.]+)"')
    used: set[str] = set()
    for module in STATIC.glob("js/*.js"):
        used |= set(named.findall(module.read_text("utf-8")))
    assert used - {"live.js", "suggestions.js", "answer.js"} == given


def test_forms_in_templates_carry_a_token() -> None:
    forms = re.compile(r'<form[^>]*method="post".*?</form>', flags=re.S)
    without = [
        (path.name, form[:80])
        for path in TEMPLATES
        for form in forms.findall(path.read_text("utf-8"))
        if "csrf()" not in form
    ]
    assert without == []


def test_templates_hold_nothing_the_policy_refuses() -> None:
    found = [
        (path.name, line.strip())
        for path in TEMPLATES
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"""<[a-z][^>]*\s(style|on[a-z]+)\s*=|<style|javascript:""", line)
    ]
    assert found == []


def test_sign_in_speaks_without_account(office: Office) -> None:
    shown = text_of(office.get("visitor", "/sign-in"))
    assert "Sign in" in shown
    assert "Sign out" not in shown


def _blocks() -> dict[str, dict[str, str]]:
    """The colour roles of tokens.css: light, dark by the device, dark by choice."""
    sheet = (STATIC / "css" / "tokens.css").read_text("utf-8")
    found = {}
    for name, start in (
        ("light", ":root {"),
        ("device", ':root:not([data-theme="light"]) {'),
        ("chosen", ':root[data-theme="dark"] {'),
    ):
        block = sheet.split(start, 1)[1].split("}", 1)[0]
        found[name] = dict(re.findall(r"(--[\w-]+|color-scheme):\s*([^;]+);", block))
    return found


def test_both_dark_blocks_are_equal() -> None:
    blocks = _blocks()
    assert blocks["device"] == blocks["chosen"]
    assert set(blocks["chosen"]) <= set(blocks["light"])


GROUNDS = ("--paper", "--surface", "--raised")
# Foreground, background, least contrast: WCAG 2.2 AA, 1.4.3 for text and 1.4.11 for controls.
PAIRS = (
    *((text, ground, 4.5) for text in ("--ink", "--muted", "--accent") for ground in GROUNDS),
    *((f"--{kind}", ground, 4.5) for kind in ("ok", "warn", "bad") for ground in GROUNDS),
    *((f"--{kind}", f"--{kind}-soft", 4.5) for kind in ("accent", "ok", "warn", "bad")),
    *(("--ink", f"--{kind}-soft", 4.5) for kind in ("accent", "ok", "warn", "bad")),
    *((edge, ground, 3.0) for edge in ("--edge", "--focus") for ground in GROUNDS),
    ("--accent-ink", "--accent", 4.5),
    ("--ink", "--mark", 4.5),
)


@pytest.mark.parametrize("theme", ["light", "chosen"])
def test_colours_can_be_read(theme: str) -> None:
    roles = _blocks()[theme]
    weak = {
        f"{front} on {ground}": round(_contrast(roles[front], roles[ground]), 2)
        for front, ground, least in PAIRS
        if _contrast(roles[front], roles[ground]) < least
    }
    assert weak == {}


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
