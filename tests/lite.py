"""Builds the course as a JupyterLite site: `make lite` runs it.

JupyterLite is JupyterLab with Python in the browser (Pyodide), served as plain files. The site has
gdviz's wheel, the wheels that gdviz stands on and Pyodide lacks, and the notebooks, each with one
more cell at its top: Python in the browser starts anew for each notebook, without gdviz.
"""

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.prefix) / "lite"
WITH_TOOLS = {**os.environ, "PYTHONPATH": str(TOOLS)}
# At the versions whose front end is installed, and so comes with the site.
WIDGETS = ("anywidget", "psygnal", "ipywidgets", "jupyterlab_widgets", "comm")
INSTALL = "# Only here, in the browser:\n%pip install -q gdviz"


def write_notebooks(folder: Path) -> None:
    """Write the notebooks, with a cell that installs gdviz, into a folder."""
    source = ROOT / "notebooks"
    for path in (*source.glob("*.ipynb"), *source.glob("solutions/*.ipynb")):
        notebook = nbformat.read(path, 4)
        notebook.cells.insert(0, new_code_cell(INSTALL, id="install"))
        to = folder / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, to)


def collect_wheels(folder: Path) -> None:
    """Put gdviz's wheel and those of the widgets into a folder."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=WITH_TOOLS)
    everywhere = ["--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"),
            *("--no-deps", *everywhere, "-d", folder),
            *(f"{name}=={version(name)}" for name in WIDGETS),
        ],
        check=True,
    )


def build(to: Path) -> None:
    """Build the site into a folder."""
    with tempfile.TemporaryDirectory() as parts:
        write_notebooks(Path(parts, "files"))
        collect_wheels(Path(parts, "pypi"))
        extensions = TOOLS / "share" / "jupyter" / "labextensions"
        subprocess.run(
            [
                *(sys.executable, "-m", "jupyterlite_core", "build", "--apps=lab"),
                *(f"--lite-dir={parts}", f"--output-dir={to.resolve()}"),
                *("--no-sourcemaps", "--no-unused-shared-packages"),
                f"--FederatedExtensionAddon.extra_labextensions_path={extensions}",
            ],
            cwd=parts,  # where it leaves a database
            check=True,
            stdout=subprocess.DEVNULL,
            env=WITH_TOOLS,
        )


if __name__ == "__main__":
    build(Path(sys.argv[1]))
