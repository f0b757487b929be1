"""Pictures of the portal's pages, for looking at them and for the README.

    handover up --demo                                      # in another window
    python docs/screenshots.py                              # the README's pictures
    python docs/screenshots.py --every --folder /tmp/looks  # every width, language and look

It signs in as the people of the sample company, as anybody who tries the portal would.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from portal.sample_company import PASSWORD

ROOT = Path(__file__).parent
DOMAIN = "sample-company.example"
LEAVER, RECEIVER, HEAD, HR = "zhang.san", "li.si", "sun.ba", "zhao.liu"
ADMINISTRATOR, NEW_HIRE, DEPARTED, STRANGER = "qian.qi", "kim", "alex", "wang.wu"
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
LANGUAGES = {"zh": "zh_CN", "en": "en"}
LOOKS = ("light", "dark")
CASE = "main .entry-title[href*='/handovers/'], main .table a[href*='/handovers/']"


@dataclass(frozen=True)
class Shot:
    """A page to take: who looks (None is a visitor), where, and what to click on the way.

    follow: selectors of links and buttons, clicked one after the other. menu: a selector clicked at
    the end that opens something on the page. readme: the name of the picture in the README; None
    for pages that are only looked at.
    """

    name: str
    who: str | None
    path: str = "/"
    follow: tuple[str, ...] = ()
    menu: str | None = None
    readme: str | None = None


# Answered by a row of a table on a page of a PDF.
ASKED = "/search?q=电子签的合同到期前多少天可以提出终止？"

SHOTS = (
    Shot("sign-in", None, "/sign-in"),
    Shot("home-leaver", LEAVER),
    Shot("home-receiver", RECEIVER),
    Shot("home-head", HEAD),
    Shot("home-hr", HR),
    Shot("home-administrator", ADMINISTRATOR),
    Shot("home-new-hire", NEW_HIRE),
    Shot("home-departed", DEPARTED),
    Shot("home-stranger", STRANGER),
    Shot("menu-account", LEAVER, menu=".account > summary"),
    Shot("shortcuts", LEAVER, menu="keyboard:?"),
    Shot("account", LEAVER, "/account"),
    Shot("not-found", LEAVER, "/handovers/nothing"),
    Shot("handovers", HR, "/handovers"),
    Shot("handover-new", HR, "/handovers/new"),
    Shot("case-leaver", LEAVER, "/handovers", (CASE,), readme="leaver"),
    Shot("case-head", HEAD, "/handovers", (CASE,)),
    Shot("case-complete", HEAD, "/handovers", (CASE,), "[data-dialog-open=complete]"),
    Shot("receipt", DEPARTED, "/", (CASE,)),
    Shot("search", RECEIVER, ASKED, readme="search"),
    Shot("search-english", RECEIVER, "/search?q=Who+tests+returned+labels?"),
    Shot("search-empty", RECEIVER, "/search"),
    Shot("searches", RECEIVER, "/search/history"),
    Shot("searches-clear", RECEIVER, "/search/history/clear"),
    Shot("feedback", HEAD, "/feedback"),
    Shot("asked", HEAD, "/maps", ("main a[href$='/map']", "main a[href$='/asked']")),
    Shot("reading", RECEIVER, ASKED, (".hit h3 a",), readme="reading"),
    Shot("maps", NEW_HIRE, "/maps"),
    Shot("map", NEW_HIRE, "/maps", ("main a[href$='/map']",), readme="map"),
    Shot("checklist", HR, "/blueprints", ("main a[href$='/blueprint']",)),
    Shot("events", HR, "/events"),
    Shot("people", ADMINISTRATOR, "/admin/people"),
    Shot("health", ADMINISTRATOR, "/admin/health"),
)


@dataclass(frozen=True)
class Look:
    """How a page is looked at: width by name, language by name, colours."""

    width: str
    language: str
    colours: str

    @property
    def ending(self) -> str:
        """What a picture's name ends with."""
        return f"{self.language}-{self.width}-{self.colours}"


README_LOOK = Look("wide", "en", "light")
EVERY_LOOK = tuple(Look(*each) for each in itertools.product(WIDTHS, LANGUAGES, LOOKS))


def main() -> int:
    """Take what the arguments name; the number of pages that could not be taken."""
    parser = argparse.ArgumentParser(description="Take pictures of a portal with the sample.")
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="of the running portal")
    parser.add_argument("--folder", type=Path, default=ROOT / "pictures")
    parser.add_argument("--every", action="store_true", help="every page in every look")
    parser.add_argument("--only", default="", help="with --every: pages of such a name")
    parser.add_argument("--look", default="", help="with --every: en-wide-dark, or a part of it")
    chosen = parser.parse_args()
    looks = [look for look in EVERY_LOOK if chosen.look in look.ending]
    shots = [shot for shot in SHOTS if chosen.only in shot.name]
    if not chosen.every:
        looks, shots = [README_LOOK], [shot for shot in SHOTS if shot.readme]
    if not answers(chosen.address):
        tell(f"{chosen.address} does not answer. Start it first: handover up --demo")
        return 1
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        return sum(
            take(browser, chosen, who, list(of_person), look)
            for look in looks
            for who, of_person in itertools.groupby(
                sorted(shots, key=lambda shot: shot.who or ""), key=lambda shot: shot.who
            )
        )


def take(
    browser: Browser,
    chosen: argparse.Namespace,
    who: str | None,
    shots: list[Shot],
    look: Look,
) -> int:
    """Take the pages of one person in one look; the number of those that could not be taken."""
    failed = 0
    with signed_in(browser, chosen.address, who, look) as page:
        for shot in shots:
            name = f"{shot.name}-{look.ending}" if chosen.every else shot.readme
            try:
                reach(page, chosen.address, shot)
                # A page scrolled to a passage is shown as it stands, the bar at its top.
                whole = chosen.every and shot.menu is None and not page.evaluate("scrollY")
                page.screenshot(path=chosen.folder / f"{name}.png", full_page=whole)
            except PlaywrightError as error:
                failed += 1
                tell(f"{name}: {str(error).splitlines()[0]}")
    return failed


@contextmanager
def signed_in(browser: Browser, address: str, who: str | None, look: Look) -> Iterator[Page]:
    """A window of this person in this look; the person's own language is put back afterwards."""
    width, height = WIDTHS[look.width]
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        locale={"zh": "zh-CN", "en": "en-GB"}[look.language],
        color_scheme="dark" if look.colours == "dark" else "light",
        has_touch=look.width == "phone",
    )
    page = context.new_page()
    # The first question waits until the model is loaded.
    page.set_default_timeout(30_000)
    page.on("console", complain)
    page.on("pageerror", lambda error: tell(f"{page.url}: {error}"))
    before = None
    if who is not None:
        page.goto("/sign-in")
        page.fill("#email", f"{who}@{DOMAIN}")
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_selector(".account-name", state="attached")
        before = page.get_attribute("html", "lang") or ""
        speak(page, LANGUAGES[look.language])
    yield page
    if before is not None:
        speak(page, "zh_CN" if before.startswith("zh") else "en")
    context.close()


def speak(page: Page, language: str) -> None:
    """Choose the language as a person does."""
    page.goto("/account")
    page.click(".account > summary")
    page.click(f".account button[value={language}]")
    page.wait_for_load_state()


def reach(page: Page, address: str, shot: Shot) -> None:
    """Go where the picture is taken."""
    page.goto(f"{address}{shot.path}")
    for selector in shot.follow:
        page.locator(selector).first.click()
        page.wait_for_load_state()
    if shot.menu is not None and shot.menu.startswith("keyboard:"):
        page.keyboard.press(shot.menu.removeprefix("keyboard:"))
    elif shot.menu is not None:
        page.locator(shot.menu).first.click()
    page.wait_for_load_state("networkidle")


def complain(message: object) -> None:
    """A warning or an error of the browser: a page that has one is not ready to be shown."""
    kind, text = getattr(message, "type", ""), getattr(message, "text", "")
    if kind in {"error", "warning"} and "404" not in text:
        tell(f"browser {kind}: {text}")


def answers(address: str) -> bool:
    """Whether a portal is there."""
    try:
        with urlopen(f"{address}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def tell(line: str) -> None:
    """Say what is wrong with a page."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
