"""One real portal for the run (broker, worker, web server) and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.database import upgrade
from portal.resources import Resources
from portal.settings import Settings
from tests.browser.person import Person
from tests.company import found_company
from tests.platform.processes import clean_environment, free_port, running, wait_for

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# The browser must not look for the internet, and as root it needs to run without its sandbox.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
UP = [sys.executable, "-P", "-m", "portal.cli", "up"]


# First, because the groups of a parallel run are formed from the marks of this step.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # The first one also builds the model, starts the portal and has its files read.
            item.add_marker(pytest.mark.timeout(420))
            # One portal and one browser: all of them in one process of a parallel run.
            item.add_marker(pytest.mark.xdist_group("browser"))
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip("NO BROWSER: install Debian's package chromium for this test")
                )


@dataclass
class Portal:
    """A running portal."""

    address: str
    folder: Path


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Portal]:
    """`handover up` on a small company of its own."""
    folder = tmp_path_factory.mktemp("portal")
    data = folder / "data"
    data.mkdir()
    settings = Settings(data_folder=data, model_folder=model_folder)
    upgrade(settings.database_url)
    resources = Resources(settings, lambda job: None)
    found_company(resources)
    resources.close()
    port = free_port()
    environment = clean_environment(
        {
            "HANDOVER_DATA_FOLDER": data,
            "HANDOVER_MODEL_FOLDER": model_folder,
            "HANDOVER_LISTEN_PORT": port,
            "HANDOVER_WEB_PROCESSES": 1,
            "HANDOVER_RECONCILE_SECONDS": 2,
        }
    )
    output = folder / "up.log"
    with running(UP, output, env=environment, cwd=folder):
        wait_for(lambda: "is ready" in output.read_text(errors="replace"), seconds=240)
        yield Portal(f"http://127.0.0.1:{port}", folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, started once."""
    from playwright.sync_api import sync_playwright

    # Playwright's own driver warns when it is told about certificates of a proxy.
    os.environ.pop("NODE_OPTIONS", None)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def colleague_case(portal: Portal, browser: Any) -> str:
    """The address of a running handover of `colleague`, for tests that only need one."""
    hr = Person(browser, portal.address, "en", {})
    hr.sign_in("hr@company.example")
    hr.go("/handovers/new")
    hr.choose("Who leaves which position?", "赵 同岗")
    hr.press("Continue")
    hr.choose("Receivers", "王 接收")
    hr.choose("Head", "陈 主管")
    hr.page.fill("[name=last_day]", "2027-05-31")
    hr.press("Start the handover")
    hr.wait_for_text("The handover is started.")
    case = str(hr.page.url)
    hr.context.close()
    assert hr.complaints == []
    return case


@pytest.fixture
def visit(portal: Portal, browser: Any) -> Iterator[Any]:
    """Make a person at a browser of their own; what the browser complained about fails the test."""
    people: list[Person] = []

    def make(name: str | None, locale: str = "en", **options: Any) -> Person:
        person = Person(browser, portal.address, locale, options)
        people.append(person)
        if name is not None:
            person.sign_in(f"{name}@company.example")
        return person

    yield make
    complaints = [line for person in people for line in person.complaints]
    for person in people:
        person.context.close()
    assert complaints == []
