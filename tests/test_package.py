"""What is built: it holds what it needs and no more, and works away from the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import gdviz

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the wheel and the source distribution of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_has_all_of_the_package_and_nothing_else(built):
    names = zipfile.ZipFile(built[0]).namelist()
    package = {name for name in names if ".dist-info/" not in name}
    kinds = {".py", ".js", ".css", ".csv"}
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "gdviz").rglob("*")
        if path.suffix in kinds or path.name == "py.typed"
    }
    assert package == here
    assert f"gdviz-{gdviz.__version__}.dist-info/licenses/LICENSE" in names


def test_the_source_has_the_course_and_the_tests(built):
    with tarfile.open(built[1]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    for path in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "gdviz/live/canvas.js"):
        assert path in names
    assert any(name.startswith("notebooks/01") for name in names)
    assert "tests/test_package.py" in names
    assert not any(part.startswith(".venv") for name in names for part in name.split("/"))


def test_the_first_notebook_runs_on_the_wheel_alone(built, tmp_path):
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", built[0]], check=True)
    # What gdviz stands on is taken from here; a .pth file there does not bring the checkout along.
    own, here = (
        Path(
            subprocess.run(
                [which, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
        )
        for which in (python, sys.executable)
    )
    (own / "dependencies.pth").write_text(f"{here}\n")
    work = tmp_path / "elsewhere"
    work.mkdir()
    where = subprocess.run(
        [python, "-c", "import gdviz; print(gdviz.__file__)"],
        cwd=work,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(environment)
    notebook = shutil.copy(ROOT / "notebooks" / "01_gradient_descent_in_action.ipynb", work)
    result = subprocess.run(
        [python, "-m", "gdviz", "export", notebook, "--to", "site"],
        cwd=work,
        env={**os.environ, "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter"))},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert (work / "site" / "01_gradient_descent_in_action.html").stat().st_size > 1_000_000
