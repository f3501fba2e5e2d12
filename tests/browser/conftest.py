"""A real JupyterLab and a headless Chromium, shared by all browser tests."""

import base64
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from gdviz.export import FRONT_END

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TOKEN = "gdviz-test"
LONG = 180_000
"""Milliseconds that a whole notebook may take to run, on a machine that has others to serve."""
HINT = "needs Chromium: apt-get install chromium, or set CHROMIUM to its path"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    path = chromium_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(HINT)
        pytest.skip(HINT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def fetch_by_npm(tmp_path_factory):
    """Return a function that fetches a file of a package: ``name@version/path``."""

    def fetch(place: str) -> Path:
        if shutil.which("npm") is None:
            hint = f"needs npm, to fetch {place}"
            if os.environ.get("CI"):
                pytest.fail(hint)
            pytest.skip(hint)
        folder = tmp_path_factory.mktemp("npm")
        slash = place.index("/", place.index("@", 1))  # after the version, before the file
        packed = subprocess.run(
            ["npm", "pack", "--silent", place[:slash]], cwd=folder, check=True, capture_output=True
        )
        archive = folder / packed.stdout.decode().split()[-1]
        subprocess.run(["tar", "-xzf", archive], cwd=folder, check=True)
        return folder / "package" / place[slash + 1 :]

    return fetch


@pytest.fixture(scope="session")
def front_end(tmp_path_factory, fetch_by_npm) -> Path:
    """Return a folder with the front end's files, as the CDN has them."""
    if given := os.environ.get("FRONT_END"):
        return Path(given)
    folder = tmp_path_factory.mktemp("front_end")
    for name, (place, _) in FRONT_END.items():
        shutil.copy(fetch_by_npm(place), folder / name)
    return folder


@pytest.fixture(scope="session")
def axe(fetch_by_npm):
    """Return a function that lists what axe finds in parts of a page: rule, impact, element."""
    code = fetch_by_npm("axe-core@4.14.1/axe.min.js").read_text(encoding="utf-8")

    def find(page, *parts: str) -> list[list[str]]:
        page.evaluate(code)
        return page.evaluate(
            """async (include) => {
              const { violations } = await axe.run({ include }, { resultTypes: ["violations"] });
              return violations.flatMap(({ id, impact, nodes }) =>
                nodes.map(({ html }) => [id, impact, html.slice(0, 200)]));
            }""",
            [[part] for part in parts],
        )

    return find


class Lab(str):
    """A JupyterLab's address, the folder that it serves, and the number of its process."""

    root: Path
    process: int

    def shut_down_kernels(self) -> None:
        """Shut down all kernels, behind the page's back."""
        with urllib.request.urlopen(f"{self}/api/kernels?token={TOKEN}") as reply:
            kernels = json.load(reply)
        for kernel in kernels:
            address = f"{self}/api/kernels/{kernel['id']}?token={TOKEN}"
            urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()


@contextmanager
def serve_lab(root: Path):
    """Run a JupyterLab over ``root / "notebooks"``, and yield its address."""
    # The question about news from jupyter.org would cover the page.
    disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (root / "config" / "labconfig").mkdir(parents=True)
    (root / "config" / "labconfig" / "page_config.json").write_text(json.dumps(disabled))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "IPYTHONDIR": str(root / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
    }
    with (root / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *(f"--port={port}", f"--IdentityProvider.token={TOKEN}"),
                f"--ServerApp.root_dir={root / 'notebooks'}",
                "--expose-app-in-browser",  # as jupyterapp, which opens and closes notebooks
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    address = Lab(f"http://127.0.0.1:{port}")
    address.root = root / "notebooks"
    address.process = server.pid
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=1).close()
                break
            except OSError:
                if server.poll() is not None:
                    pytest.fail((root / "lab.log").read_text())
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Return the address of a JupyterLab over a copy of the notebooks."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    with serve_lab(root) as address:
        yield address


class Page:
    """A page with LiveFigures on it, and what it complained about."""

    def __init__(self, page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", self.hear)
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{message.text} {message.location}")
                if message.type == "error"
                else None
            ),
        )

    def hear(self, error: Exception) -> None:
        """Note an error of the page, but for one that gdviz makes up for: hearThoughLate."""
        if str(error) != "[anywidget] Failed to initialize model.":
            self.complaints.append(str(error))

    def wait_until_idle(self) -> None:
        """Wait until all that the page wanted to load is there."""
        self.page.wait_for_load_state("networkidle")

    def figures(self) -> "list[LiveFigure]":
        """Return all LiveFigures that are there."""
        return [LiveFigure(self.page, figure) for figure in self.page.locator(".gdviz").all()]

    def figure(self, label: str, nth: int = 0) -> "LiveFigure":
        """Return the nth LiveFigure whose spoken label contains ``label``, once it is there."""
        locator = self.page.locator(f".gdviz:has(.gdviz-live[aria-label*='{label}']):visible")
        locator = locator.nth(nth)
        locator.wait_for(timeout=LONG)
        model = locator.evaluate(
            "e => e.id = e.id || 'figure-' + Math.random().toString(36).slice(2)"
        )
        locator = self.page.locator(f"#{model}")
        self.wait_until_idle()  # only then does JupyterLab scroll no more
        locator.click(position={"x": 3, "y": 3})  # the first click in a cell may scroll to it
        locator.evaluate("e => e.scrollIntoView({block: 'start'})")
        before = None
        while (box := locator.bounding_box()) != before:  # until nothing above it grows any more
            before = box
            self.page.wait_for_timeout(200)
        return LiveFigure(self.page, locator)


class Notebook(Page):
    """A notebook open in JupyterLab."""

    def __init__(self, page, lab: str, name: str) -> None:
        super().__init__(page)
        self.sockets: list = []
        page.on("websocket", lambda websocket: self.sockets.append(websocket))
        page.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
        # Locators: a handle, as page.wait_for_selector makes, would keep a cell and its pictures.
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=LONG)
        self.wait_until_idle()

    def exchange(self, name: str) -> None:
        """Close all notebooks, end their kernels, and open another in the same JupyterLab."""
        self.page.evaluate(
            """() => {
              for (const tab of [...jupyterapp.shell.widgets("main")]) tab.dispose();
              return jupyterapp.serviceManager.sessions.shutdownAll();
            }"""
        )
        self.complaints.clear()
        self.open(name)

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.locator("#jp-main-statusbar >> text=| Idle").wait_for(timeout=LONG)

    def listen(self, heard) -> None:
        """Call ``heard`` with every message that the page sends to a kernel from now on."""
        for websocket in self.sockets:
            websocket.on("framesent", lambda message: heard(message))

    def menu(self, name: str, item: str) -> None:
        """Choose an item of a menu."""
        self.page.click(f".lm-MenuBar-itemLabel:text-is('{name}')")
        self.page.click(f".lm-Menu-itemLabel:text-is('{item}')")

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells")

    def open(self, name: str) -> None:
        """Open a notebook in a tab, or go to its tab."""
        self.page.evaluate(
            "path => jupyterapp.commands.execute('docmanager:open', { path }).then(() => {})", name
        )
        self.page.locator(f".lm-DockPanel-tabBar .lm-mod-current[title*='{name}']").wait_for()
        self.page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for()
        self.wait_until_idle()

    def start_cell(self, nth: int) -> None:
        """Run a cell, without waiting for its end."""
        self.page.locator(".jp-Notebook:visible .jp-Cell .jp-InputPrompt").nth(nth).click()
        self.page.keyboard.press("Control+Enter")

    def run_cell(self, nth: int) -> str:
        """Run a cell and return what it prints."""
        self.page.wait_for_timeout(200)  # the kernel hears a little later where a slider rests
        cell = self.page.locator(".jp-Notebook:visible .jp-Cell").nth(nth)
        count = cell.locator(".jp-InputPrompt").inner_text()
        self.start_cell(nth)
        ended = expect(cell.locator(".jp-InputPrompt"))
        ended.not_to_have_text(re.compile(rf"\*|^{re.escape(count)}$"), timeout=LONG)
        self.wait_until_idle()
        return "".join(cell.locator(".jp-OutputArea-output pre").all_inner_texts())


class LiveFigure:
    """A LiveFigure on the page, as a student sees and moves it."""

    def __init__(self, page, locator) -> None:
        self.page = page
        self.locator = locator
        self.root = locator.locator(".gdviz-live")
        self.pad = locator.locator(".gdviz-pad")
        self.spoken = locator.locator(".gdviz-spoken")

    @property
    def label(self) -> str:
        return self.root.get_attribute("aria-label")

    def wait_for_label(self, pattern: str, timeout: float = 20) -> str:
        """Wait until the spoken label matches the regular expression, and return it."""
        expect(self.root).to_have_attribute(
            "aria-label", re.compile(pattern), timeout=timeout * 1000
        )
        return self.label

    def handle(self, nth: int):
        """Return the handle of the nth slider."""
        return self.locator.locator(".noUi-handle").nth(nth)

    def drag(self, nth: int, to: float, steps: int = 12) -> None:
        """Drag the nth slider's handle to a fraction of its track."""
        box = self.handle(nth).bounding_box()
        track = self.locator.locator(".noUi-base").nth(nth).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + to * track["width"], y, steps=steps)
        self.page.mouse.up()
        self.settle()

    def settle(self) -> None:
        """Wait for two frames, so that what was asked for is drawn."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def canvas(self) -> np.ndarray:
        """Return the canvas as an array of RGBA values: what moves, without the painting."""
        url = self.root.locator("canvas").evaluate("canvas => canvas.toDataURL()")
        return np.asarray(Image.open(BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA"))

    def picture(self, painting: bytes) -> np.ndarray:
        """Return the canvas over a painting, as an array of RGB values."""
        canvas = Image.fromarray(self.canvas())
        below = Image.open(BytesIO(painting)).convert("RGBA")
        below = below.resize(canvas.size, Image.Resampling.LANCZOS)
        return np.asarray(Image.alpha_composite(below, canvas).convert("RGB"))

    def click(self, x: float, y: float) -> None:
        """Click at fractions of the figure's width and height, from the upper left."""
        box = self.root.bounding_box()
        self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


@pytest.fixture(scope="session")
def open_notebook(browser, lab):
    """Return a context in which a notebook is open; complaints of its page fail the test.

    A JupyterLab takes as long to open as a notebook to run: it is used again for the next one.
    """
    free: dict[float, list[Notebook]] = {}

    @contextmanager
    def open_one(name: str, width: int = 1280, height: int = 720, scale: float = 1):
        size = {"width": width, "height": height}
        if free.get(scale):
            notebook = free[scale].pop()
            notebook.page.set_viewport_size(size)
            notebook.exchange(name)
        else:
            context = browser.new_context(viewport=size, device_scale_factor=scale)
            notebook = Notebook(context.new_page(), lab, name)
        try:
            yield notebook
            assert notebook.complaints == []
        except BaseException:
            notebook.page.context.close()
            raise
        free.setdefault(scale, []).append(notebook)

    return open_one


@pytest.fixture(scope="session")
def serve():
    """Return a context in which a folder's files are served; it gives their address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

    @contextmanager
    def serve_one(folder: Path):
        handler = partial(Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    return serve_one


@pytest.fixture
def new_page(browser):
    """Return a function that makes a Page, for addresses outside JupyterLab."""
    contexts = []

    def make(width: int = 1280, height: int = 900) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        return Page(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def difference():
    """Return a function: the share of pixels at which what is shown is far from a still.

    Without the top tenth, the readouts: letters are shaped differently, their words are compared
    through the spoken label.
    """

    def share(shown: np.ndarray, still: bytes) -> float:
        size = (shown.shape[1], shown.shape[0])
        image = Image.open(BytesIO(still)).convert("RGB").resize(size, Image.Resampling.LANCZOS)
        off = np.abs(shown.astype(int) - np.asarray(image)).max(axis=-1)
        return float(np.mean(off[size[1] // 10 :] > 64))

    return share


@pytest.fixture(scope="session")
def write_notebook(lab):
    """Return a function that puts a notebook with the given code cells beside the others."""

    def write(name: str, *cells: str) -> str:
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, lab.root / name)
        return name

    return write
