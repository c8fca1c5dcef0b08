"""What `pip install` gives: one package that works without the checkout, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import __version__

pytestmark = pytest.mark.slow  # two environments are made
REPOSITORY = Path(__file__).resolve().parent.parent
DISTRIBUTION = f"tollbook-{__version__}"


@dataclass(frozen=True, slots=True)
class Built:
    """A source distribution, the wheel built from it, and that built from the checkout."""

    sdist: Path
    wheel: Path
    wheel_of_sdist: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel in it, and nothing of the checkout."""

    python: Path
    tollbook: Path
    site_packages: Path


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    _run("-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder))
    sdist, wheel = folder / f"{DISTRIBUTION}.tar.gz", folder / f"{DISTRIBUTION}-py3-none-any.whl"
    again = folder / "again"
    _run(
        *("-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"),
        *("--no-index", "--no-build-isolation", "--wheel-dir", str(again), str(sdist)),
    )
    return Built(sdist, wheel, again / wheel.name)


@pytest.fixture(name="installed", scope="module")
def _installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The libraries are those of this environment, lent by a path file: no network is needed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    _run(
        *("-m", "pip", "--python", str(python), "--disable-pip-version-check"),
        *("install", "--quiet", "--no-deps", "--no-index", str(built.wheel)),
    )
    (site_packages,) = (folder / "lib").glob("python*/site-packages")
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "lent.pth").write_text("".join(f"{path}\n" for path in sorted(lent)))
    return Installed(python, folder / "bin" / "tollbook", site_packages)


def test_the_wheel_holds_one_package_and_all_that_it_reads(built: Built) -> None:
    """SQL, templates, prices and the sample lie inside it, each file as in the checkout."""
    held = set(_names(built.wheel))
    tops = {name.split("/")[0] for name in held}
    assert tops == {"pipeline", f"{DISTRIBUTION}.dist-info"}
    for folder in ("queries", "reports", "data"):
        wanted = {
            f"pipeline/{path.relative_to(REPOSITORY)}"
            for path in (REPOSITORY / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert wanted
        assert wanted == {name for name in held if name.startswith(f"pipeline/{folder}/")}


def test_the_source_distribution_gives_the_same_wheel(built: Built) -> None:
    """Who builds from the archive gets what we get."""
    assert _names(built.wheel_of_sdist) == _names(built.wheel)


def test_the_wheel_names_its_licence_and_what_it_needs(built: Built) -> None:
    """Licence, description and extras are in the metadata."""
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = wheel.read(f"{DISTRIBUTION}.dist-info/METADATA").decode()
        assert f"{DISTRIBUTION}.dist-info/licenses/LICENSE" in wheel.namelist()
    assert "Requires-Python: >=3.11" in metadata
    assert "Requires-Dist: polars" in metadata
    for extra in ("http", "s3", "gcs", "test"):
        assert f"Provides-Extra: {extra}\n" in metadata
    assert "# tollbook" in metadata  # the README


def test_nothing_but_the_package_is_installed(installed: Installed) -> None:
    """No top-level `tests`, `data` or `queries` that could hide another package's."""
    there = {path.name for path in installed.site_packages.iterdir()}
    assert there == {"pipeline", f"{DISTRIBUTION}.dist-info", "lent.pth"}


def test_the_command_says_what_it_can(installed: Installed, tmp_path: Path) -> None:
    """`tollbook` is on the path of the environment."""
    done = _tollbook(installed, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: tollbook ")


@pytest.mark.slow
def test_the_demo_runs_from_another_folder(installed: Installed, tmp_path: Path) -> None:
    """From the wheel alone: the sample, the prices, the SQL and the report's templates."""
    where = subprocess.run(
        [installed.python, "-c", "import pipeline; print(pipeline.__file__)"],
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.site_packages)
    done = _tollbook(installed, "demo", "--now", "2026-12-05T08:00:00Z", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = tmp_path / "tollbook-demo" / "var" / "reports" / "2026-11.html"
    assert str(report) in done.stdout
    assert "<html" in report.read_text(encoding="utf-8")
    asked = _tollbook(
        installed,
        *("sql", "SELECT count(*) AS lines FROM charges", "--json"),
        *("--config", "tollbook-demo/tollbook.toml"),
        cwd=tmp_path,
    )
    assert json.loads(asked.stdout)[0]["lines"] > 1000


def _tollbook(installed: Installed, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed.tollbook, *words],
        cwd=cwd,
        env=_environment(cwd),
        capture_output=True,
        text=True,
        check=False,
    )


def _environment(home: Path) -> dict[str, str]:
    """A user's who has nothing of ours: no PYTHONPATH, an empty home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return kept | {"HOME": str(home)}


def _run(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())
