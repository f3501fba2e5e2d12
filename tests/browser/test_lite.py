"""The course as a JupyterLite site: what is in it, and that it opens with no network but itself.

Pyodide, the browser's Python, comes from a CDN and is not run here.
"""

import json
import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

import gdviz

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
HINT = "needs JupyterLite: make .venv/lite"
KERNEL = "@jupyterlite/pyodide-kernel-extension"
# What gdviz and the widgets stand on and Pyodide's own distribution has.
PYODIDE = {"numpy", "matplotlib", "ipython", "traitlets", "typing-extensions"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if not Path(sys.prefix, "lite").exists():
        if os.environ.get("CI"):
            pytest.fail(HINT)
        pytest.skip(HINT)
    folder = tmp_path_factory.mktemp("lite")
    subprocess.run([sys.executable, ROOT / "tests" / "lite.py", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def settings(site) -> dict:
    """Return what the site tells the browser about itself."""
    return json.loads((site / "jupyter-lite.json").read_text())["jupyter-config-data"]


@pytest.fixture(scope="module")
def indices(site, settings) -> list[dict]:
    """Return the lists of wheels in which the browser's Python looks: the site's, the kernel's."""
    found = []
    for url in settings["litePluginSettings"][f"{KERNEL}:kernel"]["pipliteUrls"]:
        name, digest = url.split("?sha256=")
        content = (site / name).read_bytes()
        assert sha256(content).hexdigest() == digest
        found.append(json.loads(content))
    return found


def test_all_that_gdviz_needs_is_in_the_site_or_in_pyodide(site, indices):
    has = {name for index in indices for name in index} | PYODIDE
    for name, entry in indices[0].items():
        [[release]] = entry["releases"].values()
        wheel = site / "pypi" / release["filename"]
        assert sha256(wheel.read_bytes()).hexdigest() == release["digests"]["sha256"]
        assert parse_wheel_filename(wheel.name)[0] == name
        with zipfile.ZipFile(wheel) as archive:
            [metadata] = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
            needs = message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert canonicalize_name(need.name) in has
    assert [*indices[0]["gdviz"]["releases"]] == [gdviz.__version__]


@pytest.mark.parametrize(
    ("extension", "wheel"),
    [("anywidget", "anywidget"), ("@jupyter-widgets/jupyterlab-manager", "jupyterlab_widgets")],
)
def test_the_widgets_front_end_is_their_wheels(site, settings, extension, wheel):
    assert {extension, KERNEL} <= {one["name"] for one in settings["federated_extensions"]}
    [path] = (site / "pypi").glob(f"{wheel}-*.whl")
    place = f"{path.name.split('-py3')[0]}.data/data/share/jupyter/labextensions/{extension}"
    with zipfile.ZipFile(path) as archive:
        package = archive.read(f"{place}/package.json")
    assert json.loads(package) == json.loads(
        (site / "extensions" / extension / "package.json").read_text()
    )


def test_every_notebook_is_there_and_installs_gdviz_first(site):
    source = ROOT / "notebooks"
    originals = [*source.glob("*.ipynb"), *source.glob("solutions/*.ipynb")]
    assert originals
    for path in originals:
        copy = nbformat.read(site / "files" / path.relative_to(source), 4)
        assert copy.cells[0].source.endswith("\n%pip install -q gdviz")
        assert copy.cells[1:] == nbformat.read(path, 4).cells


def test_the_lab_opens_and_shows_the_stored_pictures(site, serve, new_page):
    page = new_page()
    refused = []

    def answer(route) -> None:
        if route.request.url.startswith(address):
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    with serve(site) as address:
        page.page.context.route("**", answer)
        page.page.goto(f"{address}/lab/index.html?path=01_gradient_descent_in_action.ipynb")
        notebook = page.page.locator(".jp-Notebook")
        notebook.get_by_role("heading", name="Gradient descent in action").wait_for(timeout=60_000)
        still = notebook.locator(".jp-RenderedImage img").first
        still.wait_for(state="attached")
        assert still.evaluate("image => image.decode().then(() => image.naturalWidth)") > 1000
        while not refused:
            page.page.wait_for_timeout(100)
        page.page.context.close()
    assert {url.rsplit("/", 1)[1] for url in refused} == {"pyodide.mjs"}
    assert all("pyodide.mjs" in complaint for complaint in page.complaints)
