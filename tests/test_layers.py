"""The architecture as a test: who may import whom, and the one home of each outside library."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("cassette", "terminal", "scrub")
MAY_IMPORT = {"cassette": {"cassette", "terminal", "scrub"}, "terminal": {"terminal"}, "scrub": {"scrub"}}
HOMES = {
    "ptyprocess": {"terminal/session.py"},
    "pyte": {"terminal/pyte_screen.py"},
    "pyghostty": {"terminal/ghostty_library.py"},
    "pydantic": {"cassette/format/documents.py"},
    "orjson": {"cassette/format/json_library.py"},
    "msgspec": {"cassette/format/lines.py", "cassette/format/frames.py"},
    "yaml": {"cassette/yaml_file.py"},
    "ahocorasick_rs": {"scrub/keywords.py"},
    "re2": {"scrub/userrules.py"},
    "pytest": {"cassette/pytest_plugin.py"},
}
"""Each outside library, and the files that may import it."""
FOUNDATIONS = {
    "format": {"model"},
    "store": {"clock", "errors", "format", "model"},
    "scrubbing": {"emulators", "errors", "format", "given_file", "machine", "model", "project_file", "store"},
}
"""What all the rest of `cassette` stands on, and what each of them may know of it."""
FILE_LINES = 450
FUNCTION_LINES = 60


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_what_its_layer_may(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    own = MAY_IMPORT[name.partition("/")[0]]
    for module in imported(path):
        if module in PACKAGES:
            assert module in own, f"{name} imports {module}"
        elif module not in sys.stdlib_module_names:
            assert name in HOMES.get(module, set()), (
                f"{name} imports {module}, whose home is {HOMES.get(module)}"
            )


@pytest.mark.parametrize("name", FOUNDATIONS)
def test_a_foundation_knows_only_what_it_stands_on(name: str) -> None:
    for path in sorted((ROOT / "cassette" / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("cassette."):
                known = module.split(".")[1]
                assert known in {name, *FOUNDATIONS[name]}, f"{path.relative_to(ROOT)} imports {module}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_its_rule(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path} does not say what it is for"
    if "generated" not in text[:400].lower():
        assert text.count("\n") <= FILE_LINES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{path}:{node.lineno} {node.name} is long"


def test_every_package_is_listed_and_nothing_else() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    found = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in sources()}
    assert set(listed) == found


def test_the_tree_has_no_path_of_a_machine() -> None:
    for path in sources():
        assert str(Path.home()) not in path.read_text("utf-8") or str(Path.home()) == "/"
