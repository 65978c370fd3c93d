"""The built wheel, installed elsewhere, runs the first example of the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's packages and nothing of this checkout."""
    pytest.importorskip("build", reason="needs the package build (extra dev)")
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "cassette", "terminal", "scrub"):
        run("cp", "-r", str(ROOT / name), str(source), cwd=ROOT)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), cwd=source)
    (wheel,) = place.glob("*.whl")
    site = place / "site"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
        cwd=place,
    )
    return site


def first_example() -> str:
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- first example.*?-->\n```python\n(.*?)```", text, re.S)
    assert found, "the README has no first example"
    return found.group(1)


def test_the_first_example_of_the_readme_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(first_example(), "utf-8")
    shown = run(sys.executable, str(script), cwd=tmp_path, PYTHONPATH=str(installed))
    assert shown == "0 ['name? Ada', 'Hello, Ada']\n"
    assert (tmp_path / "greeting" / "seal.json").is_file()


def test_the_command_of_the_wheel_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    where = run(
        sys.executable,
        "-c",
        "import cassette; print(cassette.__file__)",
        cwd=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert Path(where.strip()).is_relative_to(installed)
    shown = run(sys.executable, "-m", "cassette", "--version", cwd=tmp_path, PYTHONPATH=str(installed))
    assert shown.startswith("pty-cassette 0.1.0")


def test_the_adapters_of_the_wheel_are_found(installed: Path, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "cassette", "discover")
    listed = run(*command, "--list", cwd=tmp_path, PYTHONPATH=str(installed))
    assert "(built-in codex.toml)" in listed
    run(
        *command,
        "generic",
        "--probe",
        "version",
        "--",
        sys.executable,
        cwd=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert len(list(tmp_path.glob("cassettes/*/version/discovery.json"))) == 1


def test_the_wheel_has_every_module_and_its_marks(installed: Path) -> None:
    (wheel,) = installed.parent.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("cassette", "terminal", "scrub"):
        sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}
        assert sources <= names
        assert f"{package}/py.typed" in names
    adapters = {path.relative_to(ROOT).as_posix() for path in (ROOT / "cassette").rglob("*.toml")}
    assert "cassette/harness/adapters/generic.toml" in adapters <= names
    (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
    text = zipfile.ZipFile(wheel).read(entry_points).decode()
    assert "cassette.pytest_plugin = cassette.pytest_plugin" in text
