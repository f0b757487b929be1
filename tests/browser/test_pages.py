"""What holds on every page: names, headings, languages, widths, looks, and without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parents[2] / "portal" / "sample_company" / "documents" / "sales"
PAGES = (
    (None, "/sign-in"),
    ("leaver", "/"),
    ("hr", "/"),
    ("hr", "/handovers"),
    ("hr", "/handovers/new"),
    ("hr", "/blueprints"),
    ("hr", "/events"),
    ("receiver", "/search"),
    ("receiver", "/search?q=客户"),
    ("receiver", "/maps"),
    ("administrator", "/admin/people"),
    ("administrator", "/admin/people/new"),
    ("administrator", "/admin/people/import"),
    ("administrator", "/admin/departments"),
    ("administrator", "/admin/positions"),
    ("administrator", "/admin/assignments/new"),
    ("leaver", "/account"),
    ("leaver", "/nowhere"),
)
# What a person without sight, mouse or patience would stumble over.
FAULTS = """() => {
  const faults = [];
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  if (!document.documentElement.lang) faults.push('no language');
  const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length) faults.push('ids twice: ' + twice);
  const named = (each) => (each.getAttribute('aria-label') || each.textContent.trim()
    || each.title || each.getAttribute('aria-labelledby'));
  for (const each of document.querySelectorAll('a[href], button, summary')) {
    if (!named(each)) faults.push('no name: ' + each.outerHTML.slice(0, 120));
  }
  for (const each of document.querySelectorAll('input, select, textarea')) {
    if (each.type === 'hidden' || each.hidden) continue;
    if (!each.labels?.length && !each.getAttribute('aria-label')) {
      faults.push('no label: ' + each.outerHTML.slice(0, 120));
    }
  }
  for (const each of document.querySelectorAll('img')) {
    if (!each.hasAttribute('alt')) faults.push('no alt: ' + each.src);
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('scrolls sideways');
  return faults;
}"""
# Contrast of text on its background by WCAG 2.2 (relative luminance), 4.5 for ordinary text.
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faults = [];
  for (const each of document.querySelectorAll('main *')) {
    const own = [...each.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || each.closest('svg')) continue;
    if (!each.checkVisibility({ visibilityProperty: true })) continue;
    if (each.classList.contains('visually-hidden') || each.closest('[disabled]')) continue;
    const [a, b] = [light(parse(getComputedStyle(each).color)), light(behind(each))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(ratio.toFixed(2) + ' ' + each.textContent.trim().slice(0, 40));
  }
  return faults;
}"""


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_a_fault(visit: Any, width: int, look: str) -> None:
    found = {}
    people: dict[str | None, Any] = {}
    for name, path in PAGES:
        if name not in people:
            people[name] = visit(
                name, "zh-CN", viewport={"width": width, "height": 800}, color_scheme=look
            )
        person = people[name]
        person.go(path)
        faults = [*person.page.evaluate(FAULTS), *person.page.evaluate(CONTRAST)]
        if faults:
            found[f"{name} {path}"] = faults
    assert found == {}


def test_the_language_is_switched_and_remembered(visit: Any) -> None:
    person = visit("colleague", "zh-CN")
    assert "你好" in person.text()
    person.page.locator("details.account summary").click()
    person.page.get_by_role("button", name="English").click()
    assert "Hello" in person.text()
    again = visit("colleague", "zh-CN")
    assert "Hello" in again.text()


def test_everything_works_without_scripts(visit: Any) -> None:
    hr = visit("hr")
    hr.go("/handovers/new")
    hr.choose("Who leaves which position?", "Olga Outside")
    hr.press("Continue")
    assert "no checklist yet" in hr.text()

    person = visit("neighbour", java_script_enabled=False)
    person.go("/search?q=客户")
    assert person.page.locator("h1").count() == 1
    person.page.locator("details.account summary").click()
    person.page.get_by_role("button", name="Sign out").click()
    assert "Sign in" in person.text()


def test_a_session_that_ended_keeps_the_file(visit: Any, colleague_case: str) -> None:
    leaver = visit("colleague", "en")
    leaver.go(colleague_case)
    leaver.context.clear_cookies()
    zone = leaver.page.locator("details.item[open]").first
    zone.locator("input[type=file]").set_input_files(str(SAMPLE / "visit-plan.txt"))
    message = zone.locator(".file-message:not([hidden])")
    message.wait_for(timeout=60_000)
    assert "You have been signed out" in message.inner_text()
    assert message.get_by_role("link", name="Sign in again").count() == 1
    assert zone.locator(".file-name", has_text="visit-plan.txt").count() == 1
