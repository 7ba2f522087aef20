"""What is installed is what is in the tree."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

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


DATA = ("*.toml", "*.json", "*.css", "*.js", "py.typed")
"""What is in packages besides Python."""


def test_the_list_of_packages_is_the_tree() -> None:
    listed = SETTINGS["options"]["packages"].split()
    assert len(listed) == len(set(listed))
    assert set(listed) == {package_of(path) for path in files("*.py")}
    assert set(listed) == {package_of(path) for path in files("__init__.py")}


def test_every_data_file_is_packaged() -> None:
    patterns = {package: line.split() for package, line in SETTINGS["options.package_data"].items()}
    for path in [path for pattern in DATA for path in files(pattern)]:
        assert any(fnmatch(path.name, pattern) for pattern in patterns.get(package_of(path), ())), path


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


@pytest.mark.slow
def test_the_wheel_brings_the_command(wheel: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    venv.create(fresh, symlinks=True)
    run([sys.executable, "-m", "pip", "--python", fresh, "install", "--quiet", "--no-deps", "--no-index", wheel])
    # The dependencies come from here. A path file read this way does not bring in the path files in that directory, so
    # an editable akis in it stays out.
    [site_packages] = fresh.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

    assert run([fresh / "bin/akis", "--version"], cwd=tmp_path) == f"akis {VERSION}\n"
    show = "import akis.tools, construct; print(akis.__file__, akis.tools.__file__, akis.__version__, sep='\\n')"
    library, tools, version = run([fresh / "bin/python", "-c", show], cwd=tmp_path).splitlines()
    assert Path(library) == site_packages / "akis/__init__.py"
    assert Path(tools) == site_packages / "akis/tools/__init__.py"
    assert version == VERSION
