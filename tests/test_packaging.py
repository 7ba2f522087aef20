"""What is installed is what is in the tree."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import distribution
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
SETTINGS = ConfigParser()
SETTINGS.read(ROOT / "setup.cfg", encoding="utf-8")
VERSION = SETTINGS["metadata"]["version"]


def files(pattern: str) -> list[Path]:
    """Files of the library and the command that match, as paths in the checkout."""
    return [path.relative_to(ROOT) for folder in ("akis", "tools") for path in sorted((ROOT / folder).rglob(pattern))]


def installed(path: Path) -> Path:
    """Where a file of the checkout is after installation: tools/ is akis/tools/ then."""
    return Path("akis", path) if path.parts[0] == "tools" else path


def package_of(path: Path) -> str:
    return ".".join(installed(path).parent.parts)


DATA = ("*.toml", "*.json", "*.css", "*.js", "*.po", "*.mo", "py.typed")
"""What is in packages besides Python."""
OTHERS = ("*.pyc", "bootstrap")
"""What is not installed, but stands or comes to stand in the tree."""


def test_the_list_of_packages_is_the_tree() -> None:
    listed = SETTINGS["options"]["packages"].split()
    assert len(listed) == len(set(listed))
    assert set(listed) == {package_of(path) for path in files("*.py")}
    assert set(listed) == {package_of(path) for path in files("__init__.py")}


def test_every_data_file_is_packaged() -> None:
    patterns = {package: line.split() for package, line in SETTINGS["options.package_data"].items()}
    packages = SETTINGS["options"]["packages"].split()
    for path in [path for pattern in DATA for path in files(pattern)]:
        # A folder without Python is no package: what is in it belongs to the one above.
        package = next(name for parent in path.parents if (name := package_of(parent / "any")) in packages)
        place = installed(path).relative_to(*package.split("."))
        assert any(fnmatch(str(place), pattern) for pattern in patterns.get(package, ())), path


def test_there_are_no_other_files() -> None:
    known = {path for pattern in ("*.py", *DATA, *OTHERS) for path in files(pattern)}
    assert {path for path in files("*") if (ROOT / path).is_file()} == known


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from a copy so that neither leftovers of the checkout get in nor new ones out."""
    place = tmp_path_factory.mktemp("wheel")
    copytree(ROOT, place / "tree", ignore=ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__"))
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, place / "tree"])
    [wheel] = place.glob("*.whl")
    return wheel


def run(command: list[str | Path], cwd: Path | None = None) -> str:
    """Run a command that must succeed; returns what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_holds_every_file(wheel: Path) -> None:
    expected = {installed(path).as_posix() for pattern in ("*.py", *DATA) for path in files(pattern)}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("akis/")}
    assert held == expected


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it says it needs, and nothing that an extra brings."""
    place = tmp_path_factory.mktemp("installed")
    fresh, dependencies = place / "fresh", place / "dependencies"
    venv.create(fresh, symlinks=True)
    run([sys.executable, "-m", "pip", "--python", fresh, "install", "--quiet", "--no-deps", "--no-index", wheel])
    # The dependencies come from here, one by one.
    dependencies.mkdir()
    here = Path(sysconfig.get_path("purelib"))
    for name in {file.parts[0] for package in needed("akis") - {"akis"} for file in distribution(package).files or ()}:
        if (here / name).exists() and name not in ("..", "__pycache__"):
            (dependencies / name).symlink_to(here / name)
    [site_packages] = fresh.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(str(dependencies), encoding="utf-8")
    return fresh


def needed(name: str) -> set[str]:
    """A package and those it needs, without any extra."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            requirements = map(Requirement, distribution(name).requires or ())
            waiting += [wanted.name for wanted in requirements if not wanted.marker or wanted.marker.evaluate()]
    return found


@pytest.mark.slow
def test_the_wheel_brings_the_command(fresh: Path, tmp_path: Path) -> None:
    [site_packages] = fresh.glob("lib/python*/site-packages")
    assert run([fresh / "bin/akis", "--version"], cwd=tmp_path) == f"akis {VERSION}\n"
    show = "import akis.tools, construct; print(akis.__file__, akis.tools.__file__, akis.__version__, sep='\\n')"
    library, tools, version = run([fresh / "bin/python", "-c", show], cwd=tmp_path).splitlines()
    assert Path(library) == site_packages / "akis/__init__.py"
    assert Path(tools) == site_packages / "akis/tools/__init__.py"
    assert version == VERSION


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("authority serve", "authority"),
        ("authority audit verify", "authority"),
        ("completion bash", "completion"),
        ("unlock --emulator --non-interactive", "authority"),
        (
            "unlock --authority https://pin.example --non-interactive --code env:X --new-pin env:X --answer env:X",
            "unlock",
        ),
    ],
)
def test_a_command_whose_extra_is_missing_names_it(fresh: Path, tmp_path: Path, words: str, extra: str) -> None:
    environment = {**os.environ, "X": "123456789012345", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [fresh / "bin/akis", *words.split()], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("akis: ")
    assert done.stderr.count("\n") == 1
    assert f"akis[{extra}]" in done.stderr


@pytest.mark.slow
def test_without_extras_everything_else_works(fresh: Path, tmp_path: Path) -> None:
    shown = run([fresh / "bin/akis", "demo"], cwd=tmp_path)
    assert "pip install 'akis[authority]' brings what it needs." in " ".join(shown.split())
    assert "The new PIN is in force." in shown
    assert "authority" in run([fresh / "bin/akis", "authority", "--help"], cwd=tmp_path)
