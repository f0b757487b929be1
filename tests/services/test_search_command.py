"""`handover search`: the same search on the command line, with somebody's rights."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from portal.cli.commands import handover
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, SERVERS, Library


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    return Library(desk, case)


def run(library: Library, *arguments: str) -> Result:
    settings = library.desk.resources.settings
    return CliRunner(catch_exceptions=False).invoke(
        handover,
        ["search", *arguments],
        env={
            "HANDOVER_DATA_FOLDER": str(settings.data_folder),
            "HANDOVER_DATABASE_URL": settings.database_url,
            "HANDOVER_MODEL_FOLDER": str(settings.model_folder),
        },
    )


def test_it_prints_what_the_page_shows(library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    library.add(SERVERS, "servers.md")
    done = run(library, "--as", "receiver@company.example", "什么时候寄对账单")
    assert done.exit_code == 0, done.output
    for part in ("1. 客户", "客户档案 › 对账", "version 1", "销售经理", "李 离职", "page 1 of 1"):
        assert part in done.output, part
    done = run(
        library,
        *("--as", "receiver@company.example", "--json", "--position", "销售经理"),
        *("--type", "text", "--person", "李 离职", "--after", "2026-03-01", "CRM-2041"),
    )
    found = json.loads(done.output)
    assert found["hits"][0]["version_id"] == version
    assert found["hits"][0]["marked"] == ["CRM-2041"]
    assert found["hits"][0]["place"] == {"heading_path": ["客户档案", "对账"]}
    assert not found["by_meaning"]


def test_it_finds_only_what_the_person_may_read(library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    done = run(library, "--as", "outsider@company.example", "对账单")
    assert (done.exit_code, done.output) == (1, "Nothing in the handed-over documents fits.\n")
    # Names of positions somebody may not know of are not confirmed either.
    done = run(library, "--as", "outsider@company.example", "--position", "销售经理", "对账单")
    assert done.exit_code == 2
    assert "nothing to choose from" in done.output


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["对账"], 2, "--as"),
        (["--as", "receiver@company.example"], 2, "QUESTION"),
        (["--as", "nobody@company.example", "对账"], 2, "nobody here has the address"),
        (["--as", "departed@company.example", "对账"], 1, "may not"),
        (["--as", "receiver@company.example", "--after", "soon", "对账"], 2, "--after"),
        (["--as", "receiver@company.example", "--type", "hologram", "对账"], 2, "hologram"),
    ],
)
def test_mistakes_are_sentences(
    library: Library, arguments: list[str], status: int, said: str
) -> None:
    done = run(library, *arguments)
    assert done.exit_code == status, done.output
    assert said in done.output
