"""A person at a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.company import PASSWORD

# What a person waits for at most, in milliseconds: reading and embedding on a busy machine.
PATIENCE = 60_000


class Person:
    """One browser window of one person; `complaints` are errors of scripts and of the policy."""

    def __init__(self, browser: Any, address: str, locale: str, options: dict[str, Any]) -> None:
        self.address = address
        self.context = browser.new_context(
            locale=locale,
            viewport=options.pop("viewport", {"width": 1280, "height": 900}),
            **options,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # A refusal the person is meant to see (409, 401) stands in the console, too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Sign in and arrive at home."""
        self.go("/sign-in")
        self.page.fill("main [name=email]", email)
        self.page.fill("main [name=password]", password)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url(re.compile(r"/(\?.*)?$"))

    def go(self, path: str) -> int:
        """Open an address of the portal; the status of the answer."""
        answer = self.page.goto(path if path.startswith("http") else self.address + path)
        return int(answer.status)

    def press(self, name: str, exact: bool = True) -> None:
        """Press the button with this name."""
        self.page.get_by_role("button", name=name, exact=exact).locator(
            "visible=true"
        ).first.click()

    def choose(self, label: str, name: str) -> None:
        """Choose in a field that completes what is typed."""
        field = self.page.get_by_role("combobox", name=label)
        field.click()
        field.fill(name)
        field.press("Enter")

    def upload(self, zone: str, *files: Path) -> None:
        """Choose files in the zone inside this element, and wait until they are stored."""
        place = self.page.locator(zone)
        place.locator("input[type=file]").set_input_files(list(map(str, files)))
        for file in files:
            place.locator("[data-upload-rows] .file", has_text=file.stem).first.wait_for()

    def text(self) -> str:
        """What the page says."""
        return str(self.page.locator("main").inner_text())

    def wait_for_text(self, text: str, patience: int = PATIENCE) -> None:
        """Wait until the page says it."""
        self.page.locator("main").get_by_text(text).first.wait_for(timeout=patience)
