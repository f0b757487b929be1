"""The shape of the house: which way imports point, how large things may be, what must be listed."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.permissions import POLICY, VISIBLE_BY, Action
from portal.settings import Settings, environment_key

ROOT = Path(__file__).parent.parent
LEAVES = ("storage", "indexing", "knowledge_map")
PACKAGES = (*LEAVES, "portal")
# Layers from the outside in; each may import itself and what stands after it.
LAYERS = (
    ("portal.app", "portal.cli", "portal.tasks", "portal.web_server", "portal.supervisor"),
    ("portal.blueprints", "portal.sessions", "portal.error_pages", "portal.navigation"),
    ("portal.services",),
    ("portal.resources", "portal.jobs"),
    ("portal.unit_of_work",),
    ("portal.permissions", "portal.seals"),
    ("portal.actor",),
    ("portal.models",),
)
LONGEST_FILE = 350
LONGEST_BODY = 50
MOST_PARAMETERS = 6  # five and `self`


def sources(*folders: str) -> Iterator[Path]:
    """Python files below the folders, migrations apart: they are history."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Modules a file imports when it runs; what stands under TYPE_CHECKING does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(module: str) -> int | None:
    for number, names in enumerate(LAYERS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    return None


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_import_neither_the_portal_nor_each_other(leaf: str) -> None:
    forbidden = {"flask", "sqlalchemy", "celery", "portal", *LEAVES} - {leaf}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(leaf)
        for name in imports_of(path)
        if name.split(".")[0].partition("_")[0] in forbidden or name.split(".")[0] in forbidden
    ]
    assert wrong == []


def test_arrows_point_inwards() -> None:
    wrong = []
    for path in sources("portal"):
        own = layer_of(module_of(path))
        if own is None:
            continue
        for name in imports_of(path):
            other = layer_of(name)
            if other is not None and other < own:
                wrong.append(f"{module_of(path)} imports {name}")
    assert wrong == []


def test_only_services_know_both_tables_and_leaves() -> None:
    wrong = [
        f"{module_of(path)} imports {name}"
        for path in sources("portal/blueprints")
        for name in imports_of(path)
        if name.split(".")[0] in LEAVES or name.startswith("sqlalchemy")
    ]
    assert wrong == []


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources(*PACKAGES, "benchmarks")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_benchmark_hides_a_package() -> None:
    """A script's folder is looked through first: `benchmarks/indexing.py` would be `indexing`."""
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")}.isdisjoint(PACKAGES)


def test_functions_stay_short() -> None:
    long = []
    for path in sources(*PACKAGES, "benchmarks"):
        for node in functions(path):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            size = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if size > LONGEST_BODY:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {size} lines")
    assert long == []


def test_functions_take_few_parameters() -> None:
    many = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources(*LEAVES, "portal/services")
        for node in functions(path)
        if len(node.args.args) > MOST_PARAMETERS
    ]
    assert many == []


def test_every_public_name_is_explained() -> None:
    silent = []
    for path in sources(*PACKAGES):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert silent == []


def test_every_action_has_a_rule() -> None:
    assert set(POLICY) == set(Action)


def test_hidden_rows_are_not_found() -> None:
    tables = {model for model, _ in POLICY.values() if model is not None}
    assert tables == set(VISIBLE_BY)


def test_every_action_is_used() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sources("portal")
        if path.name != "permissions.py"
    )
    text += "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "templates").rglob("*.html"))
    unused = [action.name for action in Action if f"Action.{action.name}" not in text]
    assert unused == []


def test_every_job_sent_is_a_task() -> None:
    import portal.tasks

    sent = set()
    for path in sources("portal"):
        text = path.read_text(encoding="utf-8")
        sent |= set(re.findall(r"\benqueue\(\s*\"(\w+)\"", text))
        sent |= set(re.findall(r"\bJob\(\s*\"(\w+)\"", text))
    tasks = {name for name, value in inspect.getmembers(portal.tasks) if hasattr(value, "delay")}
    assert sent
    assert sent <= tasks


def test_every_setting_is_on_its_page() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    keys = [environment_key(name) for name in Settings.__dataclass_fields__]
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_nothing_reaches_out_at_run_time() -> None:
    outside = re.compile(r"""(?:src|href)=["']https?://|@import|url\(["']?https?://""")
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "portal" / "static").rglob("*.*")]
    wrong = [
        str(page.relative_to(ROOT))
        for page in pages
        if page.suffix in (".html", ".css", ".js") and outside.search(page.read_text("utf-8"))
    ]
    assert wrong == []


def test_pages_hold_no_inline_code() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\sstyle=|\son[a-z]+=")
    wrong = [
        str(page.relative_to(ROOT))
        for page in (ROOT / "templates").rglob("*.html")
        if inline.search(page.read_text(encoding="utf-8"))
    ]
    assert wrong == []
